/** `backstep replay verify`: histories through Temporal's replayer, with the workflow code of today. Entry ring. */
import { verifyHistories } from '../../app/replay/verify-histories';
import { silenceReplayer, type Replayed } from '../../replay/verify';
import { Complaint, usage, type ExitCode } from '../complaint';
import type { CommandContext, CommandResult } from '../context';
import { withSource, type SourceOptions } from '../histories';
import { acceptedOf, outcomeIdFrom } from '../refuse';

export async function verify(
  context: CommandContext,
  [ids]: readonly [outcomes: readonly string[]],
  options: SourceOptions,
): CommandResult {
  if (ids.length === 0 && options.file === undefined)
    throw usage('name an outcome, or give `--file`', 'see `backstep replay verify --help`');
  const { terminal, settings } = context;
  silenceReplayer();
  return withSource<ExitCode>(context, options, async (_source, { histories, shelf }) => {
    const wanted = ids.length > 0 ? ids.map(outcomeIdFrom) : (shelf?.ids ?? []);
    let diverged = 0;
    let count = 0;
    for await (const replayed of acceptedOf(await verifyHistories(settings, histories, wanted))) {
      count += 1;
      if (replayed.divergence !== undefined) diverged += 1;
      if (options.json) terminal.json({ ok: replayed.divergence === undefined, ...replayed });
      else for (const line of verifyLines(replayed)) terminal.line(line);
    }
    if (diverged === 0) {
      if (!options.json) terminal.line(`${count} of ${count} histories take the same way with today’s code`);
      return 0;
    }
    throw new Complaint(`${diverged} of ${count} histories take another way with today’s code`, {
      code: 'REPLAY_DIVERGED',
    });
  });
}

function verifyLines({ id, run, events, divergence }: Replayed): readonly string[] {
  const name = `${id}${run === 1 ? '' : ` run ${run}`}`;
  if (divergence === undefined) return [`same     ${name}  ${events} events`];
  const { message, task, from, to, recorded = [] } = divergence;
  const span =
    from === undefined ? '' : from === to ? `, event ${from}` : `, events ${from} to ${to ?? from}`;
  return [
    `diverged ${name}  ${task === undefined ? 'nowhere in particular' : `in workflow task ${task}${span}`}`,
    `  ${message}`,
    ...recorded.map((one) => `  on record: ${one}`),
  ];
}
