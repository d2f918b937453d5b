/** `backstep trace`: the story of one outcome, from its history alone. Entry ring. */
import { refusing } from '../../app/refusal';
import { storyFrom } from '../../app/replay/replay';
import { liveSource } from '../../app/replay/sources';
import type { ExitCode } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { afterTrace, noteAll } from '../next-steps';
import { acceptedOf, outcomeIdFrom } from '../refuse';
import { withServices } from '../services';
import { tellStory } from '../story';
import { TracePrinter, widthOf, widthOfPlan } from '../trace-lines';

interface TraceOptions extends CommonOptions {
  readonly follow?: true;
}

export async function trace(
  context: CommandContext,
  [text]: readonly [id: string],
  options: TraceOptions,
): CommandResult {
  const { terminal } = context;
  const id = outcomeIdFrom(text);
  const json = options.json === true;
  return withServices<ExitCode>(context, options, { starts: false }, async (services) => {
    if (!options.follow) {
      // Temporal forgets what has ended; the archive does not.
      const { told, runs } = acceptedOf(await storyFrom(liveSource(services), id));
      new TracePrinter(terminal, { json, width: widthOf(told.trace) }).printAll(told.trace);
      const isOver = runs.at(-1)?.end !== undefined;
      if (!json) noteAll(terminal, afterTrace({ id, isOver, ...told }));
      return 0;
    }
    const runs = acceptedOf(await refusing(() => services.outcomes.runs(id)));
    const printer = new TracePrinter(terminal, { json, width: widthOfPlan(runs[0]!.start.plan) });
    const signal = context.signal();
    await tellStory({ services, id, terminal, printer, leavesAtGates: false, signal });
    return 0;
  });
}
