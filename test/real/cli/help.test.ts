/** What the command line says before it does anything: help, wrong usage, completion. */
import { backstep, build } from '../../kit/cli';
import { expectGolden } from '../../kit/golden';

/** Every command with its subcommands, as the help itself lists them: a new one can't be left out. */
async function commandsBelow(path: readonly string[]): Promise<readonly (readonly string[])[]> {
  const { out } = await backstep([...path, '--help'], ENV);
  const names = [...out.matchAll(/^ {2}([a-z]+)(?: \[| <| {2})/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help' && out.includes('[command]'));
  const below = await Promise.all(names.map((name) => commandsBelow([...path, name])));
  return [path, ...below.flat()];
}

/** Defaults that come from the machine stand in the help too. */
const ENV = { env: { BACKSTEP_USER: 'person:ada' } };

beforeAll(build, 200_000);

describe('help', () => {
  it('is as in the golden (UPDATE_GOLDENS=1 writes it anew)', async () => {
    const helps: string[] = [];
    for (const command of await commandsBelow([])) {
      const { out, code } = await backstep([...command, '--help'], ENV);
      expect(code).toBe(0);
      helps.push(`$ backstep ${[...command, '--help'].join(' ')}\n${out}`);
    }
    const text = helps.join('\n');
    expectGolden('cli/help.txt', text);
  }, 60_000);

  it('answers in less than 0.4 s', async () => {
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const begun = Date.now();
      await backstep(['--help']);
      times.push(Date.now() - begun);
    }
    expect(Math.min(...times)).toBeLessThan(400);
  });
});

describe('wrong usage is exit code 2 and a message on standard error', () => {
  it.each([
    [['comple'], 'error: unknown command `comple`\nhelp: did you mean `compile`?\n'],
    [
      ['compile'],
      'error: required option `--entity <id>` not specified\nhelp: see `backstep compile --help`\n',
    ],
    [
      ['compile', 'EMP-R-001'],
      'error: required option `--entity <id>` not specified\nhelp: see `backstep compile --help`\n',
    ],
    [
      ['compile', 'EMP-R-001', '--entity', 'person:x', '--jsn'],
      'error: unknown option `--jsn`\nhelp: did you mean `--json`?\n',
    ],
    [
      ['completion', 'powershell'],
      /command-argument value `powershell` is invalid.*Allowed choices are bash, zsh, fish/,
    ],
    [
      ['run', 'EMP-R-001', '--param', 'device'],
      'error: option `--param <key=value>` argument `device` is invalid. It has to be `key=value`.\nhelp: see `backstep run --help`\n',
    ],
    [['trace', 'EMP-R-001'], /`EMP-R-001` is no id of an outcome/],
    [['approve', 'acme/EMP-R-001/1'], /is no address of a gate/],
    [
      ['config', 'explain'],
      'error: missing required argument `key`\nhelp: see `backstep config explain --help`\n',
    ],
    [['help', 'compil'], 'error: unknown command `compil`\nhelp: did you mean `compile`?\n'],
    [['doctor', 'more'], /too many arguments for `doctor`/],
    [
      ['worker', '--robots', 'nobody'],
      'error: `nobody` is no robot\nhelp: there are `service`, `collaboration`, `devices`, `identity`, `people`\n',
    ],
    [
      ['catalog', 'awfs', '--system', 'oktaa'],
      'error: no AWF is on a system `oktaa`\nhelp: did you mean `okta`?\n',
    ],
    [['catalog', 'nothing'], /value `nothing` is invalid.*Allowed choices are awfs, runbooks/],
    [['verify'], /name a runbook, or give `--all`/],
    [['verify', 'nosuch'], /no runbook gives the outcome `nosuch`, and none has that id/],
    [['verify', 'onboard.contractor', '--all'], /both `onboard.contractor` and `--all` are given/],
    [
      ['simulate', 'EMP-R-001', '--entity', 'person:sarah.chen', '--fail', 'channels=user_notfound'],
      /`slack.invite_channels` gives no code `user_notfound`\nhelp: did you mean `user_not_found`\?/,
    ],
    [['verify', '--all', '--failures', '9'], /a whole number from 0 to 5/],
    [
      ['simulate', 'EMP-R-001', '--entity', 'person:sarah.chen', '--fail', 'identiti=x'],
      /did you mean `identity`\?/,
    ],
    [
      ['simulate', 'EMP-R-001', '--entity', 'person:sarah.chen', '--reject', 'manager'],
      /this plan has no gate/,
    ],
    [
      ['compile', 'EMP-R-001', '--entity', 'person:sarah.chen', '--param', 'devise=mac'],
      /did you mean `device`\?/,
    ],
    [
      ['compile', 'EMP-R-001', '--entity', 'person:sarah.chen', '--out', '/nowhere/at/all'],
      /`--out` can't be written/,
    ],
    [['run'], 'error: name an outcome, or give `--plan`\nhelp: see `backstep catalog runbooks`\n'],
    [
      ['run', 'EMP-R-001'],
      'error: required option `--entity <id>` not specified\nhelp: such as `--entity person:sarah.chen`\n',
    ],
    [['run', '--plan', '/nowhere'], /`\/nowhere` can't be read/],
    [['emit', '/nowhere'], /`\/nowhere` can't be read/],
    [['pause'], 'error: missing required argument `what`\nhelp: see `backstep pause --help`\n'],
    [
      ['resolve', 'acme/EMP-R-001/1#x', 'supply'],
      'error: `supply` needs `--evidence <text>`\nhelp: see `backstep resolve --help`\n',
    ],
    [['resolve', 'acme/EMP-R-001/1#x', 'dance'], /Allowed choices are retry, supply, accept, backstep/],
    [['entity', 'upsert', 'person:x', '{'], /the fields are no JSON/],
    [
      ['kill', 'onboard-contractor', '--reason', '   '],
      'error: option `--reason <text>` argument `   ` is invalid. It cannot be blank.\nhelp: see `backstep kill --help`\n',
    ],
    [
      ['calendar', '', 'tenant:acme', '--freeze', '2026-12-20/2027-01-02', '--reason', 'books close'],
      'error: command-argument value `` is invalid for argument `id`. It cannot be blank.\nhelp: see `backstep calendar --help`\n',
    ],
    [
      ['delegate', ' ', '--until', '2026-12-01', '--reason', 'leave'],
      'error: command-argument value ` ` is invalid for argument `person`. It cannot be blank.\nhelp: see `backstep delegate --help`\n',
    ],
    [
      ['calendar', 'year end ', 'tenant:acme', '--lift', '--reason', 'books close'],
      /`year end ` is invalid for argument `id`\. It has a blank at its begin or end\./,
    ],
    [
      ['guardrails', '--set', 'actions_per_day=', '--reason', 'x'],
      'error: `actions_per_day=` sets no limit\nhelp: it takes a whole number of the guardrail’s unit, in digits, or `none` for what the tier says\n',
    ],
    [
      ['log', 'export', '--out', '/nowhere/evidence', '--reason', 'audit'],
      'error: there is no folder `/nowhere`\nhelp: name a path in a folder that exists\n',
    ],
    [['log', 'prove', '--record', ''], /argument `` is invalid\. It has to be a whole number from 0 to/],
    [['compile', 'EMP-R-009', '--entity', 'person:sarah.chen'], /did you mean `EMP-R-00\d`\?/],
  ] as const)('%j', async (args, message) => {
    const { code, out, err } = await backstep(args);
    if (typeof message === 'string') expect(err).toBe(message);
    else expect(err).toMatch(message);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  it('also where a variable cannot be meant', async () => {
    const { code, err } = await backstep(['catalog'], { env: { BACKSTEP_LOG: 'loud' } });
    expect({ code, err: err.split('\n')[0] }).toEqual({
      code: 2,
      err: 'error: `BACKSTEP_LOG` is `loud`: it takes `debug`, `info`, `warn`, `error`',
    });
  });

  it('also where an id is none', async () => {
    const { code, out, err } = await backstep(['compile', 'EMP-R-001', '--entity', 'sarah']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.split('\n')).toContain('ENTITY_ID_MALFORMED entity sarah');
    const run = await backstep(['run', 'EMP-R-001', '--entity', 'sarah']);
    expect([run.code, run.err.split('\n')[0]]).toEqual([2, 'error: `sarah` is no id of an entity']);
  });

  it('and a mistake about the world is exit code 1, with its code', async () => {
    for (const [args, line] of [
      [['compile', 'EMP-R-001', '--entity', 'person:sara.chen'], '  help: did you mean `person:sarah.chen`?'],
      [['config', 'check', '--tenant', 'acmee'], 'CONFIG_FILE_MISSING config/acmee/tenant.yaml'],
      [['config', 'explain', 'undoWindwo'], '  help: did you mean `undoWindow`?'],
    ] as const) {
      const { code, out, err } = await backstep(args);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err.split('\n')).toContain(line);
    }
  });

  it('and with --json an object on standard output', async () => {
    const { code, out } = await backstep(['compile', 'EMP-R-001', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'CLI_USAGE' } });
    const two = await backstep(['report', 'actions', '--json', '--format', 'csv']);
    const message = '`--json` and `--format csv` ask for two forms';
    expect([two.code, JSON.parse(two.out)]).toMatchObject([2, { error: { code: 'CLI_USAGE', message } }]);
  });
});

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('for %s names every command', async (shell) => {
    const { code, out } = await backstep(['completion', shell]);
    expect(code).toBe(0);
    for (const name of ['compile', 'explain', 'upsert', '--entity']) {
      expect(out).toContain(name.replace(/^--/, shell === 'fish' ? '-l ' : '--'));
    }
  });

  it('completes in a real bash', async () => {
    const { out } = await backstep(['completion', 'bash']);
    const { execFileSync } = await import('node:child_process');
    const script = `${out}
COMP_WORDS=(backstep config ex); COMP_CWORD=2; _backstep; echo "\${COMPREPLY[@]}"
COMP_WORDS=(backstep compile --ent); COMP_CWORD=2; _backstep; echo "\${COMPREPLY[@]}"`;
    expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe('explain\n--entity --entities\n');
  });
});
