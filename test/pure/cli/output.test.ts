import { Complaint, diagnosticLines, showComplaint, usage } from '../../../src/cli/complaint';
import { table } from '../../../src/cli/table';
import { Terminal } from '../../../src/cli/terminal';
import { complaintOf } from '../../../src/cli/thrown';

interface Written {
  out: string;
  err: string;
}

function terminalWith(how: { readonly tty?: boolean; readonly env?: Record<string, string> } = {}): {
  readonly terminal: Terminal;
  readonly written: Written;
} {
  const written: Written = { out: '', err: '' };
  const sink = (to: keyof Written) => ({
    write: (text: string) => (written[to] += text),
    isTTY: how.tty ?? false,
  });
  return { terminal: new Terminal({ out: sink('out'), err: sink('err'), env: how.env ?? {} }), written };
}

const cyclic = {
  code: 'PLAN_CYCLE',
  at: 'runbook a.b › node one',
  message: '`one` waits for itself',
  help: 'take `one` out of its own `after`',
} as const;

describe('what went wrong', () => {
  it('is said on standard error: code, address, message, help', () => {
    const { terminal, written } = terminalWith();
    const complaint = new Complaint('`EMP-R-001` does not compile: 1 problem', {
      code: 'CLI_REFUSED',
      diagnostics: [cyclic],
      help: 'mend it',
    });
    showComplaint(terminal, complaint, { json: false, stack: false });
    expect(written).toEqual({
      out: '',
      err:
        'PLAN_CYCLE runbook a.b › node one\n' +
        '  `one` waits for itself\n' +
        '  help: take `one` out of its own `after`\n' +
        'error: `EMP-R-001` does not compile: 1 problem [CLI_REFUSED]\n' +
        'help: mend it\n',
    });
  });

  it('is said to programs on standard output as well', () => {
    const { terminal, written } = terminalWith();
    const complaint = new Complaint('no', { code: 'CLI_REFUSED', diagnostics: [cyclic] });
    showComplaint(terminal, complaint, { json: true, stack: false });
    expect(JSON.parse(written.out)).toEqual({
      error: { code: 'CLI_REFUSED', message: 'no', diagnostics: [cyclic] },
    });
  });

  it('keeps code and help of an error that has them', () => {
    const error = Object.assign(new Error('the disk is full'), {
      code: 'STAND_DISK_FULL',
      help: 'free some',
    });
    expect(complaintOf(error)).toMatchObject({
      message: 'the disk is full',
      code: 'STAND_DISK_FULL',
      help: 'free some',
      exit: 1,
    });
  });

  it('never has a code of the system, which no page explains', () => {
    const error = (code: string, more: object): Error =>
      Object.assign(new Error(`${code}: it says, mkdir '/x'`), { code, ...more });
    const shownOf = (code: string, more: object): readonly unknown[] => {
      const { message, help, ...rest } = complaintOf(error(code, more), '/stands');
      expect(help).toBeDefined();
      return [rest.code, rest.exit, message];
    };
    expect([
      shownOf('ENOENT', { path: '/nowhere/x.html' }),
      shownOf('EACCES', { path: '/stands/issuer.json' }),
      shownOf('EACCES', { path: '/standsby/issuer.json' }),
      shownOf('ENOTDIR', { path: '/stands' }),
      shownOf('ENOSPC', { path: '/anywhere' }),
      shownOf('ENOTFOUND', { hostname: 'nosuch.host.invalid' }),
      shownOf('ECONNREFUSED', { address: '127.0.0.1', port: 5432 }),
    ]).toEqual([
      ['CLI_USAGE', 2, "`/nowhere/x.html` can't be used: there is no such file or folder"],
      ['STAND_DISK_READ_ONLY', 1, "`/stands/issuer.json` can't be written: this user may not"],
      ['CLI_USAGE', 2, "`/standsby/issuer.json` can't be used: this user may not"],
      ['STAND_DISK_READ_ONLY', 1, "`/stands` can't be written: a part of the path is no folder"],
      ['STAND_DISK_FULL', 1, "`/anywhere` can't be written: the disk is full"],
      ['DEPENDENCY_DOWN', 1, '`nosuch.host.invalid`: there is no such host'],
      ['DEPENDENCY_DOWN', 1, '`127.0.0.1:5432`: nobody listens there'],
    ]);
    expect(complaintOf(error('ERR_OF_NODE', {}))).toMatchObject({ code: 'CLI_UNEXPECTED', exit: 1 });
  });

  it('stands in the result where there is one: a program reads one object', () => {
    const { terminal, written } = terminalWith();
    const complaint = new Complaint('1 flaw', { code: 'LOG_NOT_PROVEN', result: { flaws: [1] } });
    showComplaint(terminal, complaint, { json: true, stack: false });
    expect(JSON.parse(written.out)).toEqual({
      flaws: [1],
      error: { code: 'LOG_NOT_PROVEN', message: '1 flaw' },
    });
  });

  it('is exit code 2 for wrong usage, and 1 for everything else', () => {
    expect(usage('no').exit).toBe(2);
    expect(complaintOf('thrown text').exit).toBe(1);
  });
});

describe('colours', () => {
  it('are there on a terminal only', () => {
    expect(diagnosticLines(cyclic, terminalWith({ tty: true }).terminal.colours)[0]).toContain('\u001b[');
    expect(diagnosticLines(cyclic, terminalWith().terminal.colours)[0]).not.toContain('\u001b[');
  });

  it('are never there with NO_COLOR, and always with FORCE_COLOR', () => {
    const none = terminalWith({ tty: true, env: { NO_COLOR: '1' } }).terminal;
    const forced = terminalWith({ env: { FORCE_COLOR: '1' } }).terminal;
    expect(none.colours.red('x')).toBe('x');
    expect(forced.colours.red('x')).not.toBe('x');
  });
});

describe('progress', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('says nothing of a step that is done within a second', async () => {
    const { terminal, written } = terminalWith();
    const step = terminal.during('starting', () => new Promise((resolve) => setTimeout(resolve, 900)));
    await jest.advanceTimersByTimeAsync(900);
    await step;
    expect(written.err).toBe('');
  });

  it('is one plain line where there is no terminal', async () => {
    const { terminal, written } = terminalWith();
    const step = terminal.during('starting', () => new Promise((resolve) => setTimeout(resolve, 5_000)));
    await jest.advanceTimersByTimeAsync(5_000);
    await step;
    expect(written.err).toBe('starting\n');
  });

  it('leaves no spinner behind on a terminal', async () => {
    const { terminal, written } = terminalWith({ tty: true });
    const step = terminal.during('starting', () => new Promise((resolve) => setTimeout(resolve, 3_000)));
    await jest.advanceTimersByTimeAsync(3_000);
    await step;
    expect(written.err).toContain('starting');
    expect(written.err.endsWith('\r\u001b[K')).toBe(true);
  });
});

describe('a table', () => {
  it('has columns as wide as their widest cell and nothing behind the last', () => {
    expect(
      table([
        ['a', 'long', 'x'],
        ['bbb', 'b'],
        ['c', '', ''],
      ]),
    ).toEqual(['a    long  x', 'bbb  b', 'c']);
  });
});
