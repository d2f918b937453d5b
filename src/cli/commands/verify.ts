/** `backstep verify`: every path and every point of failure, in every configuration. Entry ring; nothing is executed. */
import { shipped } from '../../app/catalog';
import { verifyRunbook, type RunbookVerification } from '../../app/verify-runbook';
import { Complaint, usage } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { configOf, runbookOf, valueOf } from '../refuse';
import { table } from '../table';
import type { Terminal } from '../terminal';

interface VerifyOptions extends CommonOptions {
  readonly all?: true;
  readonly failures: number;
}

/** Problems shown of one runbook. */
const SHOWN = 10;

export async function verify(
  context: CommandContext,
  [name]: readonly [name?: string],
  options: VerifyOptions,
): CommandResult {
  const { terminal } = context;
  if (name !== undefined && options.all === true)
    throw usage(`both \`${name}\` and \`--all\` are given`, 'name a runbook, or give `--all`');
  if (name === undefined && options.all === undefined) {
    throw usage('name a runbook, or give `--all`', 'see `backstep catalog runbooks`');
  }
  const runbooks = name === undefined ? shipped().runbooks : [runbookOf(name)];
  const config = await configOf(context, options.tenant);
  const done: RunbookVerification[] = [];
  for (const runbook of runbooks) {
    const verified = await terminal.during(`verifying ${runbook.id}`, (say) =>
      verifyRunbook({
        config,
        runbook,
        failures: options.failures,
        onPlan: (n, of) => say(`verifying ${runbook.id}: plan ${n} of ${of}`),
      }),
    );
    done.push(valueOf(verified, { message: `${runbook.id} does not compile`, code: 'COMPILE_REFUSED' }));
  }
  const bad = done.filter(({ problems, truncated }) => problems.length > 0 || truncated);
  if (options.json) terminal.json({ ok: bad.length === 0, runbooks: done });
  else show(terminal, done);
  if (bad.length === 0) return 0;
  if (options.json) return 1;
  throw new Complaint(`not proven: ${bad.map(({ id }) => `\`${id}\``).join(', ')}`, {
    code: 'VERIFY_FAILED',
  });
}

function show(terminal: Terminal, done: readonly RunbookVerification[]): void {
  const { green, red, dim } = terminal.colours;
  const rows = done.map((one) => [
    one.problems.length === 0 && !one.truncated ? '✓' : '✗',
    one.id,
    `${one.configurations} configurations`,
    `${one.plans} plans`,
    `${one.paths} paths`,
    `${one.failurePoints} points of failure`,
    `${one.runs} runs`,
  ]);
  for (const line of table(rows, (cell, column) =>
    column > 0 ? cell : cell === '✓' ? green(cell) : red(cell),
  )) {
    terminal.line(line);
  }
  for (const { id, problems, truncated } of done) {
    for (const problem of problems.slice(0, SHOWN)) {
      terminal.line(`${red(id)} ${problem.message}`);
      for (const step of problem.path) terminal.line(`    ${dim(step)}`);
    }
    if (problems.length > SHOWN) terminal.line(`${id}: and ${problems.length - SHOWN} more`);
    if (truncated) terminal.line(`${red(id)} has more runs than are walked: the rest is not proven`);
  }
  const sum = (of: 'runs' | 'completed' | 'backstepped' | 'undoneAfterwards'): number =>
    done.reduce((total, one) => total + one[of], 0);
  terminal.line();
  terminal.line(
    `${sum('runs')} runs: ${sum('completed')} completed and were then taken back, ${sum('backstepped')} backstepped; after each the world was as before`,
  );
}
