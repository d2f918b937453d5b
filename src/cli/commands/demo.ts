/** `backstep demo`: the story in about a minute, every sentence asserted. Entry ring. */
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { killSwitchBites, observesOnly, trustOpensCopilot } from '../demo/authority-scenes';
import { backsteps, completes, survivesItsWorker, waitsForPeople } from '../demo/scenes';
import { allIsProven, riskIsHeld, trustOpensAutopilot } from '../demo/trust-scenes';
import { Narrator } from '../demo/narrator';
import { setStage, DEMO_STAND, type Stage } from '../demo/stage';
import { configOf } from '../refuse';

interface DemoOptions extends CommonOptions {
  readonly keep?: true;
}

export async function demo(
  context: CommandContext,
  _given: readonly [],
  options: DemoOptions,
): CommandResult {
  const { terminal } = context;
  const narrator = new Narrator(terminal, options.json === true);
  const begun = Date.now();
  const config = await configOf(context, options.tenant);
  narrator.line(
    'Backstep: real Temporal, real Postgres, robots as processes of their own, vendors as a sandbox.',
  );
  const stage = await terminal.during('setting the stage', (say) => setStage(context, config, say));
  const ready = (Date.now() - begun) / 1_000;
  narrator.line(terminal.colours.dim(`everything is up after ${ready.toFixed(1)} s`));
  try {
    await play(stage, narrator);
    const seconds = Math.round((Date.now() - begun) / 100) / 10;
    if (options.json) terminal.json({ ok: true, parts: narrator.parts, seconds });
    else end(context, narrator, seconds);
    if (options.keep) await keepUp(context, stage);
  } finally {
    await terminal.during('stopping', () => stage.close());
  }
  return 0;
}

async function play(stage: Stage, narrator: Narrator): Promise<void> {
  await narrator.part('An outcome completes', () => completes(stage, narrator));
  await narrator.part('A refusal: the saga backsteps', () => backsteps(stage, narrator));
  // It starts while the third part waits for people, and is needed in the fourth.
  const second = stage.up.addWorker();
  second.catch(() => undefined);
  await narrator.part('A gate: people decide', () => waitsForPeople(stage, narrator));
  await narrator.part('A robot dies in the middle of an action', () =>
    survivesItsWorker(stage, narrator, second),
  );
  await narrator.part('A new automation observes, and a person runs its proposal', () =>
    observesOnly(stage, narrator),
  );
  await narrator.part('Trust opens copilot, and people confirm', () => trustOpensCopilot(stage, narrator));
  await narrator.part('Trust opens autopilot, for what is low', () => trustOpensAutopilot(stage, narrator));
  await narrator.part('What is risky waits, and a person decides by its card', () =>
    riskIsHeld(stage, narrator),
  );
  await narrator.part('The kill switch', () => killSwitchBites(stage, narrator));
  await narrator.part('The evidence', () => allIsProven(stage, narrator));
}

function end({ terminal }: CommandContext, narrator: Narrator, seconds: number): void {
  const { bold, green } = terminal.colours;
  const asserted = narrator.parts.reduce((sum, part) => sum + part.asserted.length, 0);
  terminal.line();
  terminal.line(green(`All of it was so: ${asserted} statements asserted in ${seconds.toFixed(1)} s.`));
  terminal.line();
  terminal.line(bold('Next:'));
  for (const line of [
    'backstep compile EMP-R-001 --entity person:sarah.chen     # the plan that ran, and where its values come from',
    'backstep verify --all                                     # every path and every failure of every runbook',
    'backstep up                                               # a stand of your own, then in another terminal:',
    'backstep run EMP-R-001 --entity person:ravi.shah --param approval=manager',
  ]) {
    terminal.line(`  $ ${line}`);
  }
}

async function keepUp(context: CommandContext, stage: Stage): Promise<void> {
  const signal = context.signal();
  context.terminal.note(`the stand stays up until Ctrl-C: BACKSTEP_STAND=${DEMO_STAND} backstep trace …`);
  context.terminal.note(
    `Temporal ${stage.up.stand.temporal.address}, sandbox ${stage.up.wiring.sandboxUrl ?? ''}`,
  );
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
