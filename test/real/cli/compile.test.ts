/** What `compile --json` prints is the plan's canonical bytes: the same in every process, on every machine. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { backstep, build } from '../../kit/cli';
import { expectGolden } from '../../kit/golden';

const COMPILE = ['compile', 'EMP-R-001', '--entity', 'person:sarah.chen'] as const;

let elsewhere: string;

beforeAll(() => {
  build();
  elsewhere = mkdtempSync(path.join(tmpdir(), 'backstep-elsewhere-'));
}, 200_000);
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

describe('compile --json', () => {
  it('prints the same bytes whatever the time zone, language, home and folder are, and those of the golden', async () => {
    const here = await backstep([...COMPILE, '--json'], { env: { TZ: 'UTC', LANG: 'C' } });
    const there = await backstep([...COMPILE, '--json'], {
      cwd: elsewhere,
      env: {
        TZ: 'Pacific/Kiritimati',
        LANG: 'tr_TR.UTF-8',
        LC_ALL: 'tr_TR.UTF-8',
        HOME: elsewhere,
        USER: 'nobody',
      },
    });
    expect(here).toMatchObject({ code: 0, err: 'entity person:sarah.chen from config/acme/seed.yaml\n' });
    expect(there).toEqual(here);
    expectGolden('cli/emp-r-001.plan.json', here.out);
  });

  it('prints bytes whose SHA-256 is the id of the plan', async () => {
    const [json, text] = await Promise.all([backstep([...COMPILE, '--json']), backstep(COMPILE)]);
    const digest = createHash('sha256').update(json.out).digest('hex');
    expect(text.out.trimEnd().split('\n').at(-1)).toBe(`planId ${digest}`);
  });

  it('prints the same bytes from a configuration that lies in another folder', async () => {
    const config = path.join(elsewhere, 'config');
    const { cpSync } = await import('node:fs');
    cpSync(path.join(__dirname, '../../../config'), config, { recursive: true });
    const [here, there] = await Promise.all([
      backstep([...COMPILE, '--json']),
      backstep([...COMPILE, '--json'], { env: { BACKSTEP_CONFIG: config } }),
    ]);
    expect(there.out).toBe(here.out);
  });

  it('prints other bytes for another entity, parameter or tenant', async () => {
    const ran = await Promise.all([
      backstep([...COMPILE, '--json']),
      backstep([...COMPILE, '--json', '--param', 'device=none']),
      backstep(['compile', 'EMP-R-001', '--entity', 'person:noah.kim', '--json']),
    ]);
    expect(new Set(ran.map(({ out }) => out)).size).toBe(3);
  });
});

it('compile prints a tree for people, with the place each value came from', async () => {
  const { out } = await backstep(COMPILE);
  expectGolden('cli/emp-r-001.txt', out);
  expect(out).toContain('(config/acme/layers/teams/engineering.yaml:');
});

it('a plan that is written to a file holds the very bytes', async () => {
  const file = path.join(elsewhere, 'plan.json');
  const [{ out }, json] = await Promise.all([
    backstep([...COMPILE, '--out', file, '--json']),
    backstep([...COMPILE, '--json']),
  ]);
  expect(JSON.parse(out)).toEqual({
    planId: createHash('sha256').update(json.out).digest('hex'),
    file,
  });
  expect(readFileSync(file, 'utf8')).toBe(`${json.out}\n`);
});

it('no command writes an escape code where no terminal is', async () => {
  for (const args of [
    COMPILE,
    ['catalog'],
    ['config', 'check'],
    ['config', 'explain', 'undoWindow'],
    ['compile'],
  ]) {
    const { out, err } = await backstep(args);
    expect(`${out}${err}`).not.toContain('\u001b');
  }
  const forced = await backstep(['catalog'], { env: { FORCE_COLOR: '1' } });
  expect(forced.out).toContain('\u001b');
  const both = await backstep(['catalog'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } });
  expect(both.out).not.toContain('\u001b');
});
