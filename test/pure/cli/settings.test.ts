import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder, readSettings, VARIABLES } from '../../../src/app/settings';

describe('settings', () => {
  it('have a default for everything', () => {
    const settings = readSettings({});
    expect(settings).toMatchObject({ tenant: 'acme', standName: 'default', logLevel: 'warn' });
    expect(settings.configDir).toBe(join(packageFolder(), 'config'));
    expect(settings.actor).toMatch(/^person:./);
  });

  it('count a variable that is empty as not set', () => {
    const settings = readSettings({ BACKSTEP_TENANT: ' ', TEMPORAL_ADDRESS: '' });
    expect(settings.tenant).toBe('acme');
    expect(settings).not.toHaveProperty('temporalAddress');
  });

  it('refuse a log level that does not exist, and say which do', () => {
    expect(() => readSettings({ BACKSTEP_LOG: 'loud' })).toThrow(
      '`BACKSTEP_LOG` is `loud`: it takes `debug`, `info`, `warn`, `error`',
    );
  });

  it('are all listed in the documentation, and nothing else is', () => {
    const text = readFileSync(join(packageFolder(), 'docs', 'cli.md'), 'utf8');
    const section = text.split('## Environment')[1]?.split('\n## ')[0] ?? '';
    const listed = [...section.matchAll(/^\| `([A-Z_]+)`/gm)].map((match) => match[1]);
    expect(listed.sort()).toEqual(Object.keys(VARIABLES).sort());
  });
});
