/** `backstep trace`: the story of one outcome, from its history alone. Entry ring. */
import { refusing } from '../../app/refusal';
import type { Services } from '../../app/services';
import type { Told } from '../../engine/fold';
import type { ExitCode } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
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
      const told = acceptedOf(await refusing(() => services.outcomes.tell(id)));
      new TracePrinter(terminal, { json, width: widthOf(told.trace) }).printAll(told.trace);
      if (!json) await hintAtNext(context, services, { id, ...told });
      return 0;
    }
    const runs = acceptedOf(await refusing(() => services.outcomes.runs(id)));
    const printer = new TracePrinter(terminal, { json, width: widthOfPlan(runs[0]!.start.plan) });
    const signal = context.signal();
    await tellStory({ services, id, terminal, printer, leavesAtGates: false, signal });
    return 0;
  });
}

/** Where the story ends before its end, and where it leads to from here. */
async function hintAtNext(
  { terminal }: CommandContext,
  { outcomes }: Pick<Services, 'outcomes'>,
  { id, state, trace }: Told & { readonly id: string },
): Promise<void> {
  const { dim, yellow } = terminal.errColours;
  const isOver = state.phase === 'completed' || state.phase === 'backstepped';
  if (!isOver && !(await outcomes.describe(id)).isRunning)
    terminal.note(
      yellow(`it was ended by force, and nothing was undone: backstep backstep ${id} --reason …`),
    );
  const action = trace.findLast(({ kind }) => kind === 'awf.failed' || kind === 'awf.ok');
  if (action !== undefined && 'node' in action)
    terminal.note(dim(`why an action fired or did not: backstep explain ${id}#${action.node}`));
  terminal.note(dim(`what is on record of it: backstep log list --outcome ${id}`));
}
