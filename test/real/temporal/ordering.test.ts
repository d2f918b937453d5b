/**
 * The order in which a history is told is the order in which the workflow was told: on generated plans in mixed lanes, with
 * failures, delays and people's acts thrown in, the machine asks for the same things again, and Temporal's replayer agrees.
 */
import { Worker } from '@temporalio/worker';
import type { temporal } from '@temporalio/proto';
import fc from 'fast-check';
import type { Command } from '../../../src/engine/effects';
import { Machine } from '../../../src/engine/machine';
import { TURNS_PER_RUN } from '../../../src/engine/state';
import type { Block, Course, Plan, PlanNode } from '../../../src/plan/plan';
import { tellRuns, type ReadRun } from '../../../src/temporal/history';
import { labelOf, TIMER_PREFIX } from '../../../workflows/protocol';
import { arbitraryPlan } from '../../kit/plans';
import { codec, openRobots, type Robots } from '../../kit/robots';
import { refusal, type Fault } from '../../kit/shelf';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import { projectorSinks } from '../../../src/temporal/sinks';

let robots: Robots;
beforeAll(async () => {
  robots = await openRobots();
}, STAND_TIMEOUT_MS);
afterAll(() => robots.close(), 30_000);

const RUNS = Number(process.env['ORDERING_RUNS'] ?? 12);

/** The plan with lanes by the toss of a coin and boxes of its own, and every action it has. */
function prepare(plan: Plan, pick: (below: number) => number, mark: string): { plan: Plan; boxes: string[] } {
  const boxes: string[] = [];
  const block = ({ nodes }: Block): Block => ({ nodes: nodes.map(node) });
  const course = (one: Course): Course => {
    if (one.do === 'retry') return { ...one, afterMs: 50, then: course(one.then) };
    if ((one.do === 'branch' || one.do === 'backstep') && one.body !== undefined) {
      return { ...one, body: block(one.body) };
    }
    return one;
  };
  const node = (one: PlanNode): PlanNode => {
    switch (one.kind) {
      case 'action': {
        const box = `${mark}${one.id}`;
        boxes.push(box);
        const exits = one.exits?.map((exit) => ({ ...exit, course: course(exit.course) }));
        return {
          ...one,
          input: { obj: { box: { lit: box } } },
          lane: pick(2) === 0 ? 'local' : 'remote',
          ...(exits === undefined ? {} : { exits }),
        };
      }
      case 'gate':
        return { ...one, onRejected: course(one.onRejected), onExpired: course(one.onExpired) };
      case 'wait':
        return { ...one, for: { time: 100 } };
      case 'choice':
        return {
          ...one,
          cases: Object.fromEntries(Object.entries(one.cases).map(([key, inner]) => [key, block(inner)])),
        };
      case 'each':
        return { ...one, body: block(one.body) };
      default:
        return one;
    }
  };
  return { plan: { ...plan, body: block(plan.body) }, boxes };
}

function faultOf(n: number): Fault[] {
  switch (n) {
    case 0:
      return [{ refuse: refusal('full') }];
    case 1:
      return [{ refuse: refusal('broken') }];
    case 2:
      return [{ delayMs: 40 }];
    case 3:
      return [{ delayMs: 120 }];
    default:
      return [];
  }
}

/** What the machine asks for when it is told the run again, in the words of the history. */
function askedAgain({ start, at, happenings }: ReadRun): readonly string[] {
  const asked: string[] = [];
  const lanes = new Map<string, string>();
  const take = (commands: readonly Command[]): void => {
    for (const command of commands) {
      if (command.do === 'startTimer') asked.push(`start ${TIMER_PREFIX}${command.timer}`);
      else if (command.do === 'stopTimer') asked.push(`stop ${TIMER_PREFIX}${command.timer}`);
      else if (command.do !== 'sweep' && command.do !== 'check') {
        lanes.set(command.node, command.lane);
        if (command.lane === 'remote')
          asked.push(labelOf(command.do === 'fire' ? 'execute' : 'compensate', command.node));
      }
    }
  };
  const { machine, first } = Machine.begin(start.plan, at, start.turnsPerRun ?? TURNS_PER_RUN);
  take(first.commands);
  for (const happening of happenings) take(machine.advance(happening).commands);
  return asked;
}

/**
 * Without the timers that were started and stopped within one workflow task: of those Temporal never hears. One of that name
 * may well have run before, where a gate opened twice.
 */
function withoutPassing(asked: readonly string[], written: readonly string[]): readonly string[] {
  const left = [...asked];
  const heard = written.filter((one) => !one.startsWith('stop '));
  for (let at = 0; at < left.length; at++) {
    const one = left[at]!;
    if (one.startsWith('stop ')) continue;
    if (one === heard[0]) {
      heard.shift();
      continue;
    }
    const stop = left.indexOf(one.replace('start', 'stop'), at + 1);
    if (!one.startsWith('start ') || stop < 0 || countOf(left, one) <= countOf(written, one)) continue;
    left.splice(stop, 1);
    left.splice(at--, 1);
  }
  return left;
}

/** Without the stops that came as the timer had fired already, in one workflow task: there was nothing to cancel any more. */
function withoutLate(
  asked: readonly string[],
  written: readonly string[],
  { events }: temporal.api.history.v1.IHistory,
): readonly string[] {
  const left = [...asked];
  for (const event of events ?? []) {
    const started = event.timerFiredEventAttributes?.startedEventId;
    if (started == null) continue;
    const stop = `stop ${summaryOf(events?.find(({ eventId }) => String(eventId) === String(started)))}`;
    if (countOf(left, stop) > countOf(written, stop)) left.splice(left.indexOf(stop), 1);
  }
  return left;
}

const countOf = (all: readonly string[], one: string): number => all.filter((other) => other === one).length;

const summaryOf = (event: temporal.api.history.v1.IHistoryEvent | undefined): string =>
  JSON.parse(Buffer.from(event?.userMetadata?.summary?.data ?? '""').toString()) as string;

/** What the workflow asked for, as the server wrote it down. Local activities are asked for without an event. */
function askedFor(history: temporal.api.history.v1.IHistory): readonly string[] {
  const events = history.events ?? [];
  const timers = new Map<string, string>();
  return events.flatMap((event) => {
    if (event.activityTaskScheduledEventAttributes != null) {
      return [event.activityTaskScheduledEventAttributes.activityId ?? ''];
    }
    if (event.timerStartedEventAttributes != null) {
      const summary = summaryOf(event);
      timers.set(String(event.eventId), summary);
      return [`start ${summary}`];
    }
    const canceled = event.timerCanceledEventAttributes;
    return canceled == null ? [] : [`stop ${timers.get(String(canceled.startedEventId))}`];
  });
}

/** Answers gates, incidents and escalations, and throws in pauses, until the outcome is over. */
async function accompany(id: string, pick: (below: number) => number): Promise<void> {
  const { outcomes } = robots;
  for (let i = 0; i < 300; i++) {
    const { isRunning } = await outcomes.describe(id);
    if (!isRunning) return;
    const { state } = tellRuns(await outcomes.runs(id));
    const handle = outcomes.client.workflow.getHandle(id);
    const acts: Promise<unknown>[] = [];
    for (const [node, { status }] of Object.entries(state.nodes)) {
      if (status === 'asking') {
        const decision = { gate: node, verdict: pick(4) === 0 ? 'reject' : 'approve', by: 'person:a' };
        acts.push(
          pick(2) === 0
            ? handle.signal('decide', decision)
            : handle.executeUpdate('decide', { args: [decision] }),
        );
      }
      if (status === 'incident') {
        const as = pick(2) === 0 ? { as: 'retry' } : { as: 'accept', reason: 'so be it' };
        acts.push(handle.signal('resolve', { node, resolution: as, by: 'person:a' }));
      }
    }
    if (state.paused || pick(3) === 0) {
      acts.push(handle.executeUpdate(state.paused ? 'resume' : 'pause', { args: [{ by: 'person:b' }] }));
    }
    if (pick(12) === 0) acts.push(handle.signal('backstep', { by: 'person:c' }));
    // It may end while we speak.
    await Promise.allSettled(acts);
    await new Promise((done) => setTimeout(done, 10 + pick(40)));
  }
  throw new Error(`${id} never ended`);
}

test('the machine, told a history again, asks for what the workflow asked for; and the history replays', async () => {
  let n = 0;
  await fc.assert(
    fc.asyncProperty(
      arbitraryPlan(2),
      fc.array(fc.nat(), { minLength: 10, maxLength: 40 }),
      async (raw, dice) => {
        let at = 0;
        const pick = (below: number): number => (dice[at++ % dice.length]! + at) % below;
        const { plan, boxes } = prepare(raw, pick, `o${Date.now()}-${n++}-`);
        for (const box of boxes) robots.shelf.fail('toy.put', box, ...faultOf(pick(9)));
        for (const box of boxes) if (pick(9) === 0) robots.shelf.fail('toy.take', box, ...faultOf(pick(4)));
        const id = await robots.run(plan);
        await accompany(id, pick);
        const result = await robots.outcomes.result(id);
        const runs = await robots.outcomes.runs(id);
        const [history] = await robots.outcomes.histories(id);
        const written = askedFor(history!);
        const asked = withoutLate(withoutPassing(askedAgain(runs[0]!), written), written, history!);
        // A timer's cancellation takes a turn longer than what is asked for beside it.
        for (const isStop of [false, true]) {
          const those = (one: string): boolean => one.startsWith('stop ') === isStop;
          expect(asked.filter(those)).toEqual(written.filter(those));
        }
        expect(tellRuns(runs).state.phase).toBe(result.phase);
        await Worker.runReplayHistory(
          {
            workflowBundle: robots.bundle,
            dataConverter: { payloadCodecs: [codec] },
            sinks: projectorSinks(),
          },
          history,
          id,
        );
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
}, 240_000);
