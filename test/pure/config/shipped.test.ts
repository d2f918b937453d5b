/** What ships under config/ and docs/schemas: it publishes, it fits the runbooks, and editors are told the truth. */
import { readdirSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { parse } from 'yaml';
import { contracts } from '../../../activities';
import { runbooks } from '../../../runbooks';
import { compileBundle, type Compiled } from '../../../src/config/compile-bundle';
import { factsOf } from '../../../src/config/facts';
import { jsonSchemas } from '../../../src/config/json-schemas';
import { tenantsOf } from '../../../src/config/layout';
import { resolveParams } from '../../../src/config/params';
import { select } from '../../../src/config/select';
import type { ConfigFile } from '../../../src/config/yaml-file';
import { DIAGNOSTICS } from '../../../src/kernel/catalogue';
import { printDiagnostic } from '../../../src/kernel/diagnostic';
import { CAST, personIds } from '../../../src/sandbox/seed/people';
import { digest, event } from './fixtures';

const root = join(__dirname, '../../..');
const files: readonly ConfigFile[] = (readdirSync(join(root, 'config'), { recursive: true }) as string[])
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({ path: `config/${name}`, text: readFileSync(join(root, 'config', name), 'utf8') }));
const catalog = { runbooks, awfs: contracts };

function published(tenant: string): Compiled {
  const result = compileBundle({ tenant, files, catalog, digest });
  if (!result.ok) throw new Error(result.error.map(printDiagnostic).join('\n'));
  return result.value;
}

describe('shipped configuration', () => {
  test('there are two tenants', () => {
    expect(tenantsOf(files.map(({ path }) => path))).toEqual(['acme', 'globex']);
  });

  test.each(['acme', 'globex'])('%s publishes without an error or a warning', (tenant) => {
    expect(published(tenant).warnings).toEqual([]);
  });

  test('nothing of one tenant is in the bundle of the other', () => {
    expect(JSON.stringify(published('globex'))).not.toMatch(/acme/i);
    expect(JSON.stringify(published('acme'))).not.toMatch(/globex/i);
  });

  test("EMP-R-001 takes groups, channels and device from the layer of the person's team", () => {
    const { bundle, seed } = published('acme');
    const runbook = runbooks.find(({ outcome }) => outcome === 'EMP-R-001')!;
    const of = (id: string) => {
      const entity = seed.find((one) => one.id === id)!;
      const facts = factsOf(bundle, { entity, runbook });
      const params = facts.ok ? resolveParams(bundle, runbook, { facts: facts.value }) : facts;
      if (!params.ok) throw new Error(JSON.stringify(params.error));
      return params.value;
    };
    expect(of('person:sarah.chen')).toMatchObject({
      groups: { value: ['contractors', 'engineering', 'github', 'vpn'], from: 'team' },
      channels: { value: ['contractors', 'engineering'], from: 'team' },
      device: {
        value: 'mac',
        from: 'team',
        at: expect.stringMatching(/^config\/acme\/layers\/teams\/engineering.yaml:\d+$/) as string,
      },
      approval: { value: 'none', from: 'tenant' },
    });
    expect(of('person:ines.moreau')).toMatchObject({
      groups: { value: ['contractors', 'design', 'figma'], from: 'team' },
    });
    expect(of('person:ravi.shah')).toMatchObject({ device: { value: 'pc', from: 'team' } });
  });

  test('every parameter of every runbook has a value for everybody in the seed', () => {
    for (const tenant of ['acme', 'globex']) {
      const { bundle, seed } = published(tenant);
      for (const { outcome } of bundle.content.automations) {
        const runbook = runbooks.find((one) => one.outcome === outcome)!;
        for (const entity of seed.filter(
          ({ fields }) => fields['team'] !== 'executive' || tenant === 'acme',
        )) {
          const facts = factsOf(bundle, { entity, runbook });
          const params = facts.ok ? resolveParams(bundle, runbook, { facts: facts.value }) : facts;
          const given = Object.fromEntries(
            Object.entries(params.ok ? params.value : {}).map(([name, { value }]) => [name, value]),
          );
          expect([entity.id, outcome, runbook.params.safeParse(given).error?.issues]).toEqual([
            entity.id,
            outcome,
            undefined,
          ]);
        }
      }
    }
  });

  test('the people are those of the sandbox, with the ids they have there', () => {
    const people = published('acme').seed;
    expect(people.map(({ id }) => id)).toEqual(CAST.map(({ name }) => `person:${name}`).sort());
    for (const person of CAST) {
      const ids = personIds('acme', person.name, person.isContractor);
      expect(people.find(({ id }) => id === `person:${person.name}`)?.fields).toMatchObject({
        name: ids.fullName,
        email: ids.email,
        workdayId: ids.workdayReference,
        team: person.department.toLowerCase(),
        ...(person.isContractor ? { deviceGroup: ids.deviceGroupId } : {}),
      });
    }
  });

  test.each([
    ['com.acme.hr.contractor.hired', 'EMP-R-001'],
    ['com.acme.hr.contract.ending', 'EMP-R-002'],
    ['com.acme.hr.person.leaving', 'EMP-R-002'],
    ['com.acme.hr.person.moved', 'EMP-R-003'],
  ])('%s selects %s for its person', (type, outcome) => {
    const data = { email: 'sarah.chen@acme.example', to: 'design' };
    expect(select(published('acme').bundle, event({ type, data }))).toMatchObject({
      ok: true,
      value: { outcome, entity: 'person:sarah.chen' },
    });
  });
});

describe('published JSON Schemas', () => {
  const folder = join(root, 'docs/schemas');
  const schemas = jsonSchemas();
  const ajv = new Ajv2020({ strict: false });

  test.each(Object.entries(schemas))(
    'docs/schemas/%s is current (UPDATE_SCHEMAS=1 writes it)',
    (name, schema) => {
      const text = `${JSON.stringify(schema, null, 2)}\n`;
      if (process.env['UPDATE_SCHEMAS'] === '1') {
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, name), text);
      }
      expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
    },
  );

  test.each(files.map(({ path }) => path))('%s names its schema and fits it', (path) => {
    const { text } = files.find((one) => one.path === path)!;
    const [, named = ''] = /^# yaml-language-server: \$schema=(\S+)/.exec(text) ?? [];
    const schema = schemas[named.split('/').at(-1) as keyof typeof schemas] as object | undefined;
    expect(join(path, '..', named)).toMatch(/^docs\/schemas\//);
    expect(schema).toBeDefined();
    expect(ajv.validate(schema!, parse(text)) ? null : ajv.errors).toBeNull();
  });

  test('a schema refuses what publishing refuses: unknown keys, wrong words, clear secrets, two scopes', () => {
    const refuses = (name: keyof typeof schemas, value: unknown) => !ajv.validate(schemas[name], value);
    expect(refuses('layer.json', { scope: { team: 'design' }, values: { laen: 'auto' } })).toBe(true);
    expect(refuses('layer.json', { scope: { team: 'design' }, values: { lane: 'lokal' } })).toBe(true);
    expect(refuses('layer.json', { scope: { team: 'design', region: 'emea' } })).toBe(true);
    expect(
      refuses('layer.json', {
        scope: { team: 'design' },
        values: { 'awf.okta.assign_groups.lane': 'remote' },
      }),
    ).toBe(false);
    expect(
      refuses('connections.json', { systems: { okta: { baseUrl: 'env:X', secrets: { token: 'abc' } } } }),
    ).toBe(true);
    expect(refuses('automation.json', { id: 'a' })).toBe(true);
  });
});

test('docs/configuration.md names every code of configuration, selection, events and entities', () => {
  const text = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
  const mine = Object.keys(DIAGNOSTICS).filter((code) =>
    /^(CONFIG_|SELECT_|EVENT_(?!FIELD)|ENTITY_(?!TYPE_MISMATCH))/.test(code),
  );
  expect(mine.filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
});
