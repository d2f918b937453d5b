import { Complaint, complaintOf, diagnosticLines, showComplaint, usage } from '../../../src/cli/complaint';
import { table } from '../../../src/cli/table';
import { Terminal } from '../../../src/cli/terminal';

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
