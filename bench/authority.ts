/**
 * `npm run bench:authority`: what authority costs. Decisions alone, admissions under fifty at once, and governed against
 * ungoverned outcomes in both lanes, in turns. docs/authority.md tells the figures.
 */
import { randomUUID } from 'node:crypto';
import { cpus, loadavg } from 'node:os';
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
import { createDispatcher } from '../src/temporal/dispatcher';
import type { Rules } from '../src/temporal/rules';
import { bundleWorkflows, quietRuntime, startWorker, type Robot } from '../src/temporal/worker';
import { STANDARD_RETRY } from '../workflows/protocol';
import { freshPeople, type Candidate } from './people';
import { crowd } from './races';
import { sixSteps } from './six-steps';
import { openStage, TENANT, type Stage } from './stage';
import { median, quantile } from './statistics';

const SIZES = {
  decisions: 20_000,
  admissions: 2_000,
  atOnce: 50,
  rounds: 4,
  perRound: 12,
  warmUp: 4,
} as const;
const LANES = ['local', 'remote'] as const;
type Lane = (typeof LANES)[number];
const SIDES = ['ungoverned', 'governed'] as const;
type Side = (typeof SIDES)[number];

const codec = createCodec();
const log = { info: () => undefined, warn: (...said: unknown[]) => console.error('backstep:', ...said) };

async function main(): Promise<void> {
  const figures: Record<string, number> = decisions();
  quietRuntime();
  warm();
  const stage = await openStage(new AbortController().signal, () => undefined);
  const database = openDatabase({ url: stage.databaseUrl, applicationName: 'backstep-bench', poolSize: 20 });
  try {
    for (const [name, tenants] of [
      ['one tenant', 1],
      ['twenty tenants', 20],
    ] as const) {
      Object.assign(figures, await admissions(database, name, tenants));
    }
    Object.assign(figures, await outcomesInTurns(stage, database));
  } finally {
    await database.close();
    await stage.close();
  }
  const machine = { cores: cpus().length, model: cpus()[0]?.model ?? '', load: loadavg()[0] };
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), machine, figures }, null, 2)}\n`);
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

/** The six steps, one outcome after the other; sides and lanes in turns. */
async function outcomesInTurns(stage: Stage, database: Database): Promise<Record<string, number>> {
  const { address, namespace } = stage;
  const outcomes = await connectOutcomes({ address, namespace, codec });
  const bundle = await bundleWorkflows();
  const taken = new Map<string, number[]>();
  const events = new Map<string, number>();
  for (let round = 0; round < SIZES.rounds; round++) {
    for (const side of round % 2 === 0 ? SIDES : [...SIDES].reverse()) {
      const stop = await startSide(stage, database, { side, bundle, outcomes });
      for (const lane of LANES) {
        const people = await freshPeople(stage, SIZES.warmUp + SIZES.perRound);
        for (const [n, candidate] of people.entries()) {
          const begun = performance.now();
          const id = await runOne(outcomes, candidate, lane);
          if (n < SIZES.warmUp) continue;
          const name = `${side}.${lane}`;
          taken.set(name, [...(taken.get(name) ?? []), performance.now() - begun]);
          if (n === SIZES.warmUp) events.set(name, ((await outcomes.histories(id))[0]?.events ?? []).length);
        }
      }
      await stop();
    }
  }
  await outcomes.close();
  const of = (side: Side, lane: Lane): number => median(taken.get(`${side}.${lane}`) ?? []);
  return Object.fromEntries(
    LANES.flatMap((lane) => [
      ...SIDES.map((side): [string, number] => [`outcome.${lane}.${side}.p50.ms`, of(side, lane)]),
      [`outcome.${lane}.ratio`, of('governed', lane) / of('ungoverned', lane)],
      [
        `events.${lane}.more`,
        (events.get(`governed.${lane}`) ?? 0) - (events.get(`ungoverned.${lane}`) ?? 0),
      ],
    ]),
  );
}

async function startSide(
  stage: Stage,
  database: Database,
  {
    side,
    bundle,
    outcomes,
  }: { readonly side: Side; readonly bundle: { readonly code: string }; readonly outcomes: Outcomes },
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
    now: Date.now,
    log,
  });
  const dispatcher = createDispatcher({
    barrier,
    ...(side === 'governed' ? { admit: robot.admit } : {}),
    exclusive: createExclusive(database),
    effects: effectOf,
    connections: (_tenant, system) => stage.connections[system]!,
    now: Date.now,
    log,
  });
  const known = contracts.filter(({ system }) => stage.connections[system] !== undefined);
  const domains = [...new Set(known.map(({ domain }) => domain))];
  const activities = createActivities({ dispatcher, awfs: known.map(({ name }) => name), log });
  const worker = await startWorker({
    address,
    namespace,
    robots: ['service', ...domains.map((domain): Robot => `platform:${domain}`)],
    activities: { ...activities, ...robot.activities },
    codec,
    bundle,
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
  lane: Lane,
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
