/**
 * `npm run bench:authority`: what authority costs. Decisions alone, admissions under fifty at once, and governed against
 * ungoverned outcomes in both lanes and against the saga written by hand, in turns. `--latency MS` lets the vendors' systems answer
 * so much later. docs/authority.md tells the figures.
 */
import { randomUUID } from 'node:crypto';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { contracts, effectOf, warm } from '../activities';
import { awfs } from '../activities/contracts';
import { sha256 } from '../src/app/digest';
import { compile } from '../src/compiler';
import { catalogOf } from '../src/dsl/catalog';
import { decide } from '../src/governance/decide';
import { parseFacts } from '../src/governance/facts-parse';
import { overrideFigures } from '../src/governance/figures';
import { createAuthority, type Ask, type AttemptEnd } from '../src/store/authority';
import { createBarrier, type ExecuteRequest } from '../src/store/barrier';
import { openDatabase, type Database } from '../src/store/database';
import { createExclusive } from '../src/store/exclusive';
import { createActivities } from '../src/temporal/activities';
import { createAuthorityRobot } from '../src/temporal/authority-robot';
import { connectOutcomes, type Outcomes } from '../src/temporal/client';
import { createCodec } from '../src/temporal/codec';
import { createDispatcher, type Dispatcher } from '../src/temporal/dispatcher';
import type { Rules } from '../src/temporal/rules';
import { quietRuntime, startWorker, type Robot } from '../src/temporal/worker';
import { STANDARD_RETRY } from '../workflows/protocol';
import { meetContestants } from './contestants';
import { freshPeople, type Candidate } from './people';
import { crowd } from './races';
import { sixSteps } from './six-steps';
import { openStage, TENANT, type Stage } from './stage';
import { median, quantile } from './statistics';
import { startBenchWorker } from './worker-process';

const SIZES = {
  decisions: 20_000,
  admissions: 2_000,
  atOnce: 50,
  rounds: 100,
  warmUp: 5,
} as const;
const LANES = ['local', 'remote'] as const;
const SIDES = ['ungoverned', 'governed'] as const;
type Side = (typeof SIDES)[number];

const codec = createCodec();
const log = { info: () => undefined, warn: (...said: unknown[]) => console.error('backstep:', ...said) };

const MANY = [
  ['one tenant', 1],
  ['twenty tenants', 20],
] as const;

const { positionals, values: given } = parseArgs({
  allowPositionals: true,
  options: { latency: { type: 'string', default: '0' } },
});

/** One part alone can be named on the command line. */
const wants = (part: 'admissions' | 'outcomes'): boolean => (positionals[0] ?? part) === part;

/** What each request to a system takes longer than in the sandbox, in milliseconds: it answers within one, and nobody else does. */
const LATENCY_MS = Number(given.latency);
if (!Number.isInteger(LATENCY_MS) || LATENCY_MS < 0)
  throw new Error(`--latency is whole milliseconds, not \`${given.latency}\``);

async function main(): Promise<void> {
  const figures: Record<string, number> = decisions();
  quietRuntime();
  warm();
  const stage = await openStage(new AbortController().signal, () => undefined);
  const database = openDatabase({ url: stage.databaseUrl, applicationName: 'backstep-bench', poolSize: 20 });
  try {
    for (const [name, tenants] of wants('admissions') ? MANY : []) {
      Object.assign(figures, await admissions(database, name, tenants));
    }
    if (wants('outcomes')) Object.assign(figures, await outcomesInTurns(stage, database));
  } finally {
    await database.close();
    await stage.close();
  }
  const machine = { cores: cpus().length, model: cpus()[0]?.model ?? '', load: loadavg()[0] };
  process.stdout.write(
    `${JSON.stringify({ at: new Date().toISOString(), machine, latencyMs: LATENCY_MS, figures }, null, 2)}\n`,
  );
}

/** Microseconds of one decision, as the median of batches of a hundred. */
function decisions(): Record<string, number> {
  const facts = parseFacts({
    now: Date.now(),
    action: {
      type: 'okta.create_identity',
      external: false,
      reversibility: 'full',
      category: 'internal_state',
      risk: { externality: 0.1, magnitude: 0.4, recovery: 0.2, precedent: 0.2 },
      selection: 'standard',
    },
    tenant: { tier: 'enterprise' },
    automation: {
      id: 'onboard-contractor',
      dial: 'copilot',
      killed: false,
      blastRadius: { firedThisHour: 3, inFlight: 1, population: null, failed: 0, finished: 2 },
    },
    usage: { actions_per_day: { used: 3, asked: 1 }, concurrent_executions: { used: 1, asked: 1 } },
  });
  if (!facts.ok) throw new Error(JSON.stringify(facts.error));
  const batches: number[] = [];
  for (let n = 0; n < SIZES.decisions / 100; n++) {
    const begun = performance.now();
    for (let i = 0; i < 100; i++) decide(facts.value);
    batches.push(((performance.now() - begun) * 1_000) / 100);
  }
  return { 'decide.median.us': median(batches), 'decide.p99.us': quantile(batches, 0.99) };
}

const ASKS: readonly Ask[] = [
  { k: 'actions_per_day', w: 'day', u: 1, l: 1_000_000, p: null },
  { k: 'concurrent_executions', w: 'at_once', u: 1, l: 1_000, p: null },
  { k: 'api_calls_per_month', w: 'month', u: 2, l: 100_000_000, p: null },
  { k: 'fired:bench', w: 'hour', u: 1, l: null },
  { k: 'flight:bench', w: 'at_once', u: 1, l: null },
];
const SCOPE = {
  automation: 'bench',
  runbook: 'bench',
  domain: 'people',
  awf: 'bench.act',
  system: 'bench',
  probeMs: 30_000,
};
const END: AttemptEnd = {
  ...{
    how: 'done',
    runbook: 'bench',
    system: 'bench',
    call: 'ok',
    retryAt: null,
    trust: null,
    decision: '{}',
  },
  breaker: { share: 0.1, windowMs: 60_000, fewest: 20, probeMs: 30_000 },
};

/** Milliseconds of one admission with the barrier, fifty at once, governed and by the barrier alone; each is committed. */
async function admissions(
  database: Database,
  name: string,
  tenants: number,
): Promise<Record<string, number>> {
  const authority = createAuthority(database);
  const barrier = createBarrier(database);
  const taken: Record<Side, number[]> = { governed: [], ungoverned: [] };
  const tenantOf = Array.from({ length: tenants }, () => `bench-${randomUUID().slice(0, 8)}`);
  for (const side of [...SIDES, ...SIDES]) {
    await crowd(
      SIZES.atOnce,
      Array.from({ length: SIZES.admissions / 2 }, (_, i) => i),
      async (i) => {
        const key = { tenant: tenantOf[i % tenants]!, outcome: randomUUID(), node: 'n' };
        const lost = {
          class: 'transient',
          code: 'ACTION_ATTEMPT_LOST',
          message: '',
          effect: 'unknown',
        } as const;
        const request: ExecuteRequest = {
          key,
          firing: 1,
          leaseMs: 5_000,
          isAlone: false,
          lost,
          at: Date.now(),
        };
        const begun = performance.now();
        if (side === 'governed') await authority.admit(request, SCOPE, ASKS);
        else await barrier.admitExecute(request);
        taken[side].push(performance.now() - begun);
        if (side === 'governed')
          await authority.commit(key, { output: null, undo: null }, { at: Date.now(), end: END });
        else await barrier.commit(key, { output: null, undo: null });
      },
    );
  }
  return Object.fromEntries(
    SIDES.flatMap((side) => [
      [`admission.${name}.${side}.p50.ms`, median(taken[side])],
      [`admission.${name}.${side}.p99.ms`, quantile(taken[side], 0.99)],
    ]),
  );
}

/** What is run against what: both sides in both lanes, and the saga written by hand. */
const RUNS = [
  ...LANES.flatMap((lane) => SIDES.map((side) => ({ name: `${lane}.${side}`, lane, side }) as const)),
  { name: 'hand-written' },
] as const;
type Run = (typeof RUNS)[number];

/** Begins the event of an outcome that is to be governed: one process serves both sides, so that both have the same weather. */
const GOVERNED = 'governed-';

/**
 * The six steps, one outcome after the other, each run once a round and in an order that turns: what the machine does besides
 * meets all of them alike.
 */
async function outcomesInTurns(stage: Stage, database: Database): Promise<Record<string, number>> {
  const { address, namespace, databaseUrl, connections } = stage;
  if (LATENCY_MS > 0) await stage.admin.addFault({ effect: { kind: 'latency', ms: LATENCY_MS } });
  const outcomes = await connectOutcomes({ address, namespace, codec });
  const stop = await startBothSides(stage, database, outcomes);
  const brief = { address, namespace, databaseUrl, tenant: TENANT, connections, codec: true, spans: false };
  const saga = await startBenchWorker('saga-worker', brief);
  const contestants = await meetContestants(stage, true);
  const taken = new Map<string, number[]>();
  const events = new Map<string, number>();
  const one = async (run: Run, candidate: Candidate): Promise<string> => {
    if (run.name === 'hand-written') return contestants.run('hand-written', candidate);
    const event = run.side === 'governed' ? `${GOVERNED}${candidate.event}` : candidate.event;
    return runOne(outcomes, { ...candidate, event }, run.lane);
  };
  for (let round = 0; round < SIZES.warmUp + SIZES.rounds; round++) {
    const people = await freshPeople(stage, RUNS.length);
    for (const [n, candidate] of people.entries()) {
      const run = RUNS[(n + round) % RUNS.length]!;
      const begun = performance.now();
      const id = await one(run, candidate);
      if (round < SIZES.warmUp) continue;
      taken.set(run.name, [...(taken.get(run.name) ?? []), performance.now() - begun]);
      if (run.name !== 'hand-written' && !events.has(run.name))
        events.set(run.name, ((await outcomes.histories(id))[0]?.events ?? []).length);
    }
  }
  await contestants.close();
  await saga.stop();
  await stop();
  await outcomes.close();
  return outcomeFigures(taken, events);
}

function outcomeFigures(
  taken: ReadonlyMap<string, readonly number[]>,
  events: ReadonlyMap<string, number>,
): Record<string, number> {
  const of = (name: string): number => median([...(taken.get(name) ?? [])]);
  /** The median of what each round says: its members ran within the same second. */
  const ratio = (name: string, to: string): number =>
    median((taken.get(name) ?? []).map((ms, n) => ms / (taken.get(to)?.[n] ?? Number.NaN)));
  return {
    ...Object.fromEntries(RUNS.map(({ name }) => [`outcome.${name}.p50.ms`, of(name)])),
    ...Object.fromEntries(
      LANES.flatMap((lane) => [
        [`outcome.${lane}.ratio`, ratio(`${lane}.governed`, `${lane}.ungoverned`)],
        [
          `events.${lane}.more`,
          (events.get(`${lane}.governed`) ?? 0) - (events.get(`${lane}.ungoverned`) ?? 0),
        ],
      ]),
    ),
    'outcome.local.governed.to.hand-written': ratio('local.governed', 'hand-written'),
  };
}

/** Robots that ask the authority rules of outcomes whose event says so, and the barrier alone of others. */
async function startBothSides(
  stage: Stage,
  database: Database,
  outcomes: Outcomes,
): Promise<() => Promise<void>> {
  const barrier = createBarrier(database);
  const rulebook = () => Promise.resolve(OPEN_RULES);
  const { databaseUrl, address, namespace } = stage;
  const robot = createAuthorityRobot({
    database,
    controls: database,
    databaseUrl,
    barrier,
    rulebook,
    figuresOf: () => Promise.resolve(OPEN_RULES.figures),
    now: Date.now,
    log,
  });
  const dispatcherOf = (side: Side): Dispatcher =>
    createDispatcher({
      barrier,
      ...(side === 'governed' ? { admit: robot.admit } : {}),
      exclusive: createExclusive(database),
      effects: effectOf,
      connections: (_tenant, system) => stage.connections[system]!,
      now: Date.now,
      log,
    });
  const sides = { governed: dispatcherOf('governed'), ungoverned: dispatcherOf('ungoverned') };
  const sideOf = (outcome: string): Dispatcher =>
    outcome.includes(`/${GOVERNED}`) ? sides.governed : sides.ungoverned;
  const dispatcher: Dispatcher = {
    execute: (request, host) => sideOf(request.key.outcome).execute(request, host),
    compensate: (request, host) => sideOf(request.key.outcome).compensate(request, host),
    sweep: (of, nodes) => sideOf(of.outcome).sweep(of, nodes),
  };
  const known = contracts.filter(({ system }) => stage.connections[system] !== undefined);
  const domains = [...new Set(known.map(({ domain }) => domain))];
  const activities = createActivities({ dispatcher, awfs: known.map(({ name }) => name), log });
  const worker = await startWorker({
    address,
    namespace,
    robots: ['service', ...domains.map((domain): Robot => `platform:${domain}`)],
    activities: { ...activities, ...robot.activities },
    codec,
  });
  const releaser = robot.release(outcomes);
  return async () => {
    await releaser.stop();
    await worker.stop();
  };
}

const figuresInForce = overrideFigures({});
if (!figuresInForce.ok) throw new Error('no figures');
const OPEN_RULES: Rules = {
  figures: figuresInForce.value,
  tier: 'enterprise',
  limits: { concurrent_executions: 1_000, external_actions_per_day: 1_000_000 },
  ceilings: [],
  selection: 'standard',
  automation: { dial: 'autopilot', actionsPerHour: 1_000_000 },
};

async function runOne(
  outcomes: Outcomes,
  { event, entityId, fields }: Candidate,
  lane: (typeof LANES)[number],
): Promise<string> {
  const compiled = compile({
    runbook: sixSteps,
    tenant: TENANT,
    entity: { id: entityId, fields: { ...fields } },
    params: {
      groups: { value: ['engineering'], from: 'run' },
      channels: { value: ['general'], from: 'run' },
    },
    settings: { lane: { value: lane, from: 'run' } },
    catalog: catalogOf(awfs, [sixSteps]),
    ruleset: '',
    retry: STANDARD_RETRY,
    digest: sha256,
  });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  const { plan, planId } = compiled.value;
  const under = {
    runbook: plan.runbook.id,
    domain: plan.runbook.domain,
    entity: entityId,
    person: 'person:bench',
  };
  const start = { plan, planId, cause: { person: 'person:bench' }, startedBy: 'person:bench', under };
  const { id } = await outcomes.start(start, event);
  const { phase } = await outcomes.result(id);
  if (phase !== 'completed') throw new Error(`\`${id}\` ended as ${phase}`);
  return id;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
