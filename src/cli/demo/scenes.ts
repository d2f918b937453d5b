/**
 * The four scenes of the demonstration. Each runs real outcomes and asserts what it says through the sandbox's own record.
 * Entry ring.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { decideGate } from '../../app/act-on-outcome';
import { runOutcome, type RunStarted } from '../../app/run-outcome';
import type { WorkerProcess } from '../../app/worker-process';
import type { JsonObject } from '../../kernel/json';
import { acceptedOf, runbookOf } from '../refuse';
import { tellStory, type Ending } from '../story';
import { deedsOf, phaseOf, snapshotOf } from './evidence';
import { TracePrinter, widthOfPlan } from '../trace-lines';
import type { Narrator } from './narrator';
import type { Stage } from './stage';

const OUTCOME = 'EMP-R-001';
const SARAH = 'person:sarah.chen';
const NOAH = 'person:noah.kim';
const ANALYST = 'person:priya.nair';
const MANAGER = 'person:maya.lindqvist';

/** A worker that is killed after so long was not in the middle of anything, in milliseconds. */
const KILL_WITHIN_MS = 30_000;
/** How long the vendor holds its answer back, so that the kill is sure to come in between, in milliseconds. */
const HELD_ANSWER_MS = 8_000;

export async function completes(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.say('A contractor was hired: identity, groups, channels, a device, and the day it all ends.');
  const before = await snapshotOf(stage);
  const { id, ending } = await runAndFollow(stage, narrator, { entity: SARAH, params: {} });
  const deeds = await deedsOf(stage, id);
  narrator.assert(phaseOf(ending) === 'completed', 'the outcome completed', phaseOf(ending));
  narrator.assert(
    deeds.actions.length === 6,
    `its 6 actions changed something in 5 systems (${deeds.writes} writes)`,
    deeds.actions.join(', '),
  );
  narrator.assert(deeds.doubled.length === 0, 'none of them twice', deeds.doubled.join(', '));
  const after = await snapshotOf(stage);
  narrator.assert(after.digest !== before.digest, 'the world is another one now');
}

export async function backsteps(stage: Stage, narrator: Narrator): Promise<void> {
  const { sandbox, tenant } = stage;
  narrator.say(
    'The same again, from the same beginning. This time Slack refuses, and will not change its mind.',
  );
  await sandbox.reset(tenant);
  const before = await snapshotOf(stage);
  const fault = await sandbox.addFault({
    match: { tenant, op: 'slack.conversations.invite' },
    effect: { kind: 'refuse', code: 'restricted_action' },
  });
  const { id, ending } = await runAndFollow(stage, narrator, { entity: SARAH, params: {} });
  await sandbox.clearFaults(fault.id);
  const deeds = await deedsOf(stage, id);
  narrator.assert(phaseOf(ending) === 'backstepped', 'the saga went all the way back', phaseOf(ending));
  const undone = deeds.actions.filter((key) => key.includes('compensate'));
  narrator.assert(
    undone.length === deeds.actions.length - undone.length && undone.length > 0,
    `each of the ${undone.length} actions that had changed something was undone, by its own compensation`,
    deeds.actions.join(', '),
  );
  narrator.assert(deeds.doubled.length === 0, 'nothing was done or undone twice', deeds.doubled.join(', '));
  const after = await snapshotOf(stage);
  narrator.assert(
    after.digest === before.digest,
    `the world is the one of before (${before.digest.slice(0, 12)})`,
    `it is ${after.digest.slice(0, 12)}`,
  );
}

export async function waitsForPeople(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.say('Once more, and her manager is asked first.');
  const { services } = stage;
  const run = await runAndFollow(stage, narrator, { entity: SARAH, params: { approval: 'manager' } });
  const { ending, id } = run;
  narrator.assert(
    ending.how === 'waiting' && ending.nodes.includes('manager'),
    'the outcome waits at the gate `manager`',
    phaseOf(ending),
  );
  const meanwhile = await deedsOf(stage, id);
  narrator.assert(meanwhile.writes === 0, 'nothing has been changed anywhere', `${meanwhile.writes} writes`);
  const decision = {
    verdict: 'approve',
    by: MANAGER,
    roles: ['approver'],
    reason: 'welcome on board',
  } as const;
  const decided = acceptedOf(await decideGate(services, { outcome: id, node: 'manager' }, decision));
  narrator.say(`approved by ${MANAGER}`);
  const rest = await follow(stage, narrator, { ...run, told: run.told });
  narrator.assert(decided.answer === 'done', 'the gate took the decision', decided.answer);
  narrator.assert(
    phaseOf(rest.ending) === 'completed',
    'the outcome went on and completed',
    phaseOf(rest.ending),
  );
}

export async function survivesItsWorker(
  stage: Stage,
  narrator: Narrator,
  second: Promise<WorkerProcess>,
): Promise<void> {
  const { sandbox, tenant } = stage;
  narrator.say(
    'Another contractor. Okta creates the identity and is slow to answer; in between, the robot is killed.',
  );
  await second;
  const fault = await sandbox.addFault({
    match: { tenant, op: 'okta.users.create' },
    effect: { kind: 'slow_body', ms: HELD_ANSWER_MS },
    times: 1,
  });
  const started = await start(stage, { entity: NOAH, params: {} });
  await untilCreated(stage, started.id);
  const victim = await robotAt(stage, started.id);
  const begun = Date.now();
  await victim.kill();
  const answered = await answeredTo(stage, started.id);
  narrator.assert(!answered, `robot ${victim.pid} got SIGKILL after the effect and before the answer`);
  const { ending } = await follow(stage, narrator, { ...started, told: 0 });
  await sandbox.clearFaults(fault.id);
  const deeds = await deedsOf(stage, started.id);
  const heir = await robotAt(stage, started.id);
  const seconds = ((Date.now() - begun) / 1_000).toFixed(1);
  narrator.assert(
    phaseOf(ending) === 'completed' && heir.pid !== victim.pid,
    `robot ${heir.pid} took over and completed the outcome, ${seconds} s after the kill`,
    phaseOf(ending),
  );
  narrator.assert(deeds.doubled.length === 0, 'no effect was doubled', deeds.doubled.join(', '));
  const created = await createdFor(stage, started.id);
  narrator.assert(
    created === 1,
    'the identity whose answer was lost was created exactly once',
    `${created} times`,
  );
}

interface What {
  readonly entity: string;
  readonly params: JsonObject;
}

async function start({ services, config }: Stage, { entity, params }: What): Promise<RunStarted> {
  const what = { runbook: runbookOf(OUTCOME), entity, params };
  const eventId = `demo-${randomBytes(4).toString('hex')}`;
  return acceptedOf(await runOutcome(services, { config, eventId, by: ANALYST, what }));
}

interface Followed extends RunStarted {
  readonly ending: Ending;
  /** Events told so far. */
  readonly told: number;
}

async function runAndFollow(stage: Stage, narrator: Narrator, what: What): Promise<Followed> {
  return follow(stage, narrator, { ...(await start(stage, what)), told: 0 });
}

/** Prints the trace as it happens, from behind what was told before. */
async function follow(
  { services, signal }: Stage,
  { terminal, json }: Narrator,
  run: RunStarted & { readonly told: number },
): Promise<Followed> {
  const printer = new TracePrinter(terminal, {
    json: false,
    width: widthOfPlan(run.plan),
    indent: '   ',
    skip: run.told,
    silent: json,
  });
  const ending = await tellStory({ services, id: run.id, terminal, printer, leavesAtGates: true, signal });
  // What was not waited for is neither so nor not so.
  signal.throwIfAborted();
  return { ...run, ending, told: printer.seen };
}

/** Identities that the vendor made for an outcome, by the vendor's own log. */
async function createdFor({ sandbox, tenant }: Stage, id: string): Promise<number> {
  const { requests } = await sandbox.requests({ tenant, key: id, op: 'okta.users.create', changed: true });
  return requests.length;
}

/** Waits until the vendor has the identity and holds its answer back: then a robot is in the middle of the action. */
async function untilCreated(stage: Stage, id: string): Promise<void> {
  const deadline = Date.now() + KILL_WITHIN_MS;
  while ((await createdFor(stage, id)) === 0) {
    if (Date.now() > deadline) throw new Error('no robot came to create the identity');
    await sleep(20, undefined, { signal: stage.signal });
  }
}

/** Whether the history knows that the identity was created. */
async function answeredTo({ services }: Stage, id: string): Promise<boolean> {
  const { trace } = await services.outcomes.tell(id);
  return trace.some((event) => event.kind === 'awf.ok' && event.awf === 'okta.create_identity');
}

/** The robot that works on an outcome, or worked on it last, as the history names it. */
async function robotAt({ services, up }: Stage, id: string): Promise<WorkerProcess> {
  const histories = await services.outcomes.histories(id);
  const events = histories.flatMap(({ events: all }) => all ?? []);
  const identities = events.flatMap((event) => {
    const started = event.workflowTaskStartedEventAttributes ?? event.activityTaskStartedEventAttributes;
    return started?.identity ? [started.identity] : [];
  });
  const robot = up.workers.find(({ pid }) => identities.at(-1) === `backstep-${pid}`);
  if (robot === undefined) throw new Error(`none of our robots worked on ${id}`);
  return robot;
}
