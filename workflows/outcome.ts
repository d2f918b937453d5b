/**
 * One outcome as a Temporal workflow: the engine over the plan, people's acts by signal or update, and a new run when this one
 * has grown long.
 * Loaded inside the Temporal sandbox. An error that is no Temporal failure stalls the workflow task, by intention: it is our
 * bug, and the outcome goes on once it is mended.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineUpdate,
  log,
  setDefaultSignalHandler,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { ApplicationFailure, defineSearchAttributeKey } from '@temporalio/common';
import type { Happening } from '../src/engine/effects';
import { interpret } from '../src/engine/interpret';
import type { Advance, Machine } from '../src/engine/machine';
import { TURNS_PER_RUN } from '../src/engine/state';
import { invariant } from '../src/kernel/invariant';
import { unpackPlan } from '../src/plan/wire';
import { ACTS, malformed, readAct, readSignal, type ActName } from './acts';
import { PhaseWatch } from './phase-watch';
import { ATTRIBUTES, type ActAnswer, type OutcomeResult, type StoredStart } from './protocol';
import { tellProjector } from './tell-projector';
import { TEMPORAL_CANCEL } from './temporal-cancel';
import { TemporalEffects } from './temporal-effects';

/** Runs until the outcome is over; started under its own code as workflow type. */
export async function runOutcome(start: StoredStart): Promise<OutcomeResult> {
  const plan = unpackPlan(start.plan);
  const effects = new TemporalEffects(plan, start.of === undefined ? {} : { outcome: start.of }, start);
  const answers: Answers = { heard: new Map(), checking: new Map() };
  listen(effects, answers);
  const watch = new PhaseWatch(start.from, readPhase());

  const observe = (advance: Advance, machine: Machine, happening?: Happening): void => {
    if (happening !== undefined) answer(answers, happening, advance);
    const phase = watch.after(advance, machine.state);
    if (phase !== undefined) upsertSearchAttributes([{ key: PHASE, value: phase }]);
  };
  // What is under way must end and must be undone whatever happens to the workflow: its cancellation is an act like others.
  const state = await CancellationScope.nonCancellable(() =>
    interpret(plan, effects, {
      at:
        start.from === undefined ? workflowInfo().startTime.getTime() : workflowInfo().runStartTime.getTime(),
      turnsPerRun: start.turnsPerRun ?? TURNS_PER_RUN,
      observe,
      follow: (machine) => effects.follow(machine),
      ...(start.from === undefined ? {} : { from: start.from }),
      ...(start.first === undefined ? {} : { first: start.first }),
      ...(start.overrides === undefined ? {} : { overrides: start.overrides }),
      ...(start.terms === undefined ? {} : { terms: start.terms }),
    }),
  );
  tellProjector();
  // It ended before they were checked: there is nothing left to decide.
  for (const resolve of answers.checking.values()) resolve('late');
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  if (state.phase === 'completed' || state.phase === 'backstepped') {
    const { phase, residue } = state;
    return residue.length === 0 ? { phase } : { phase, residue };
  }
  const { first: _, ...rest } = start;
  return continueAsNew<(start: StoredStart) => Promise<OutcomeResult>>({
    ...rest,
    from: state,
    asked: effects.asked,
  });
}

/** Who waits for the answer to a happening, and to a check. */
interface Answers {
  readonly heard: Map<Happening, (answer: ActAnswer) => void>;
  readonly checking: Map<string, (answer: ActAnswer) => void>;
}

function answer({ heard, checking }: Answers, happening: Happening, advance: Advance): void {
  const { event } = happening;
  const resolve = event.kind === 'checked' ? checking.get(event.check) : heard.get(happening);
  heard.delete(happening);
  if (event.kind === 'checked') checking.delete(event.check);
  if (resolve === undefined) return;
  if (advance.answer === 'checking') checking.set(advance.check ?? '', resolve);
  else if (advance.answer !== 'refused') resolve(advance.answer);
  else {
    invariant(advance.refusal !== undefined, 'what is refused is refused for a reason');
    resolve({ answer: 'refused', ...advance.refusal });
  }
}

/** Takes people's acts: by update with an answer, by signal without one, and Temporal's own cancellation. */
function listen(effects: TemporalEffects, answers: Answers): void {
  for (const name of ACTS) {
    setHandler(
      defineUpdate<ActAnswer, [unknown], ActName>(name),
      (data) => {
        const event = readAct(name, data);
        if (!event.ok) throw ApplicationFailure.nonRetryable(event.error, 'ACT_MALFORMED');
        const happening = effects.tell(event.value);
        return new Promise((resolve) => answers.heard.set(happening, resolve));
      },
      {
        // Refuses what has no form, before it is on record. It must not be async: then it would refuse nothing.
        validator: (data) => {
          const event = readAct(name, data);
          if (!event.ok) throw ApplicationFailure.nonRetryable(event.error, 'ACT_MALFORMED');
        },
      },
    );
  }
  // One handler for all signals: with one for each name, those that came before the start would lose their order.
  setDefaultSignalHandler((name, data) => {
    const event = readSignal(name, data);
    if (event.ok) effects.tell(event.value);
    else {
      log.warn('malformed signal ignored', { problem: event.error });
      effects.tell(malformed(name, event.error));
    }
  });
  void CancellationScope.current().cancelRequested.catch(() =>
    effects.tell({ kind: 'cancel', ...TEMPORAL_CANCEL }),
  );
}

const PHASE = defineSearchAttributeKey(ATTRIBUTES.phase, 'KEYWORD');

const readPhase = (): string | undefined => workflowInfo().typedSearchAttributes.get(PHASE);
