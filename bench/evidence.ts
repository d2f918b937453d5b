/**
 * `npm run bench:evidence`: what evidence costs, and how each figure grows. Records appended and verified a second, histories projected a
 * second by one projector, how far behind it is under fifty outcomes at once, and events rehearsed a second. docs/benchmarks.md tells the figures.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { packageFolder } from '../src/app/settings';
import { signerOf } from '../src/app/log-key';
import { primitives } from '../src/app/primitives';
import { append, EMPTY_LOG } from '../src/audit/growing-log';
import { checkLog } from '../src/audit/log-check';
import type { Entry } from '../src/audit/record';
import { openStand } from '../src/embedded';
import { startProjector, type ProjectorEvent } from '../src/projection/projector';
import { createBarrier } from '../src/store/barrier';
import { migrate, openDatabase, type Database } from '../src/store/database';
import { createEvidenceStore } from '../src/store/evidence';
import { createPolicyLogStore } from '../src/store/policy-log';
import { createSubjectKeys } from '../src/store/subject-keys';
import { createActivities } from '../src/temporal/activities';
import { connectOutcomes, type Outcomes } from '../src/temporal/client';
import { createCodec } from '../src/temporal/codec';
import { createDispatcher } from '../src/temporal/dispatcher';
import { createHistories } from '../src/temporal/histories';
import { quietRuntime, startWorker } from '../src/temporal/worker';
import { put, toyContracts, toyPlan } from '../test/kit/plans';
import { Shelf } from '../test/kit/shelf';
import { openRehearsal } from './rehearsing';
import { quantile } from './statistics';

const SIZES = { records: 100_000, batch: 1_000, outcomes: 150, atOnce: 50, waves: 3 } as const;
const codec = createCodec();
const figures: Record<string, number> = {};
const tell = (name: string, value: number): void => {
  figures[name] = Math.round(value * 10) / 10;
  console.log(`${name.padEnd(60)} ${figures[name]}`);
};

const entryOf = (n: number, tenant: string): Entry => ({
  tenant,
  at: Date.now(),
  kind: 'action.committed',
  actor: { kind: 'engine', id: 'automation:onboard-contractor' },
  origin: { workflow: `${tenant}/EMP-R-001/e${n % 97}`, run: 'bench', event: n, part: 0 },
  outcome: `${tenant}/EMP-R-001/e${n % 97}`,
  node: 'identity',
  data: {
    ...{
      awf: 'okta.create_identity',
      comp: 'okta.disable_identity',
      action: `${tenant}/EMP-R-001/e${n % 97}#identity`,
    },
    ...{
      runbook: 'onboard.contractor',
      proposal: `e${n % 97}`,
      firing: 1,
      reversibility: 'full',
      outcome: 'success',
    },
    ...{
      mode: 'autopilot',
      fire: 'allow',
      confidence: 0.93,
      riskClass: 'low',
      riskScore: 0.24,
      approvals: [],
    },
    input: `k0000000000000000:${'ab'.repeat(32)}`,
    output: `k0000000000000000:${'cd'.repeat(32)}`,
    decision: 'ef'.repeat(32),
    cost: { api_calls: 2 },
  },
});

/** Of this process, so that a busy machine says the same as a quiet one. */
function secondsOf(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

/** Chain, tree, canonical form and place of each record; sizes show how it grows. */
function verifying(): void {
  for (const size of [SIZES.records / 10, SIZES.records]) {
    const entries = Array.from({ length: size }, (_, n) => entryOf(n, 'bench'));
    const making = process.cpuUsage();
    const records = append(primitives, EMPTY_LOG, entries).records.map(({ text }) => text);
    tell(`made records/s of one core, ${size}`, size / secondsOf(making));
    const from = performance.now();
    const checking = process.cpuUsage();
    const { flaws } = checkLog(primitives, { tenant: 'bench', records, heads: [] });
    const core = secondsOf(checking);
    tell(`verified records/s of one core, ${size}`, size / core);
    if (flaws.length > 0) throw new Error('a clean log has no flaws');
    tell(`verified records/s, ${size}`, size / ((performance.now() - from) / 1_000));
  }
}

async function appending(database: Database): Promise<void> {
  const store = createEvidenceStore(database);
  const tenant = `bench-${randomUUID().slice(0, 8)}`;
  // The same again behind what is there already: a log that has grown must take no longer.
  for (let part = 0; part < 4; part++) {
    const first = (part * SIZES.records) / 4;
    const from = performance.now();
    for (let n = first; n < first + SIZES.records / 4; n += SIZES.batch) {
      const entries = Array.from({ length: SIZES.batch }, (_, i) => entryOf(n + i, tenant));
      await store.write(tenant, (writer) =>
        writer.append(
          entries.map((entry) => ({ entry })),
          append(primitives, writer.end, entries),
        ),
      );
    }
    const seconds = (performance.now() - from) / 1_000;
    tell(`appended records/s in batches of 1000, behind ${first}`, SIZES.records / 4 / seconds);
  }
}

/** Each by itself: their number is not to matter. */
async function rehearsing(): Promise<void> {
  const rehearse = await openRehearsal();
  for (const events of [50, 500]) {
    const before = process.cpuUsage();
    const from = performance.now();
    for (let i = 0; i < events; i++) await rehearse(i);
    tell(`rehearsed events/s of one core, ${events}`, events / secondsOf(before));
    tell(`rehearsed events/s, ${events}`, events / ((performance.now() - from) / 1_000));
  }
}

function projectorOn(database: Database, outcomes: Outcomes, events: ProjectorEvent[]) {
  const log = createPolicyLogStore(database);
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return startProjector({
    ...{ store: createEvidenceStore(database), keys: createSubjectKeys(database), codec, primitives },
    histories: createHistories(outcomes.client),
    heads: { primitives, signer: signerOf(pem) },
    tenants: () => log.tenants(),
    now: Date.now,
    onEvent: (event) => events.push(event),
  });
}

async function main(): Promise<void> {
  console.log(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1) ?? '?'}`);
  quietRuntime();
  verifying();
  await rehearsing();
  const stand = await openStand({
    dir: join(packageFolder(), '.backstep'),
    name: 'bench-evidence',
    fresh: true,
    env: process.env,
  });
  await migrate({ url: stand.postgres.url });
  const database = openDatabase({ url: stand.postgres.url });
  const { address, namespace } = stand.temporal;
  const outcomes = await connectOutcomes({ address, namespace, codec });
  const log = { info: () => undefined, warn: () => undefined };
  const dispatcher = createDispatcher({
    ...{ barrier: createBarrier(database), effects: new Shelf().effects, now: Date.now, log },
    connections: () => ({ baseUrl: '', secrets: {} }),
  });
  let grown: (run: { readonly workflow: string; readonly run: string }) => void = () => undefined;
  const worker = await startWorker({
    ...{ address, namespace, codec, robots: ['service', 'platform:toys'] },
    activities: createActivities({ dispatcher, awfs: toyContracts.keys(), log }),
    onGrown: (run) => grown(run),
  });
  const run = async (): Promise<void> => {
    const boxes = Array.from({ length: 6 }, () => randomUUID().slice(0, 8));
    const plan = toyPlan(boxes.map((box, i) => put(box, i === 0 ? [] : [boxes[i - 1]!], { lane: 'local' })));
    const start = { plan, planId: 'bench', cause: { event: 'e' }, startedBy: 'person:ada' };
    await outcomes.result((await outcomes.start(start, randomUUID())).id);
  };
  try {
    await appending(database);
    for (let n = 0; n < SIZES.outcomes; n += SIZES.atOnce) {
      await Promise.all(Array.from({ length: SIZES.atOnce }, run));
      // Fifty that are new, beside none, fifty and a hundred that are told already.
      await swept(database, outcomes, n);
    }
    const events: ProjectorEvent[] = [];
    const projector = projectorOn(database, outcomes, events);
    grown = (one) => projector.told(one);
    for (const atOnce of [SIZES.atOnce / 5, SIZES.atOnce]) {
      await projector.catchUp();
      events.length = 0;
      for (let wave = 0; wave < SIZES.waves; wave++) await Promise.all(Array.from({ length: atOnce }, run));
      await projector.catchUp();
      const lags = events.flatMap((event) => (event.kind === 'projected' ? [event.lagMs] : []));
      tell(`lag p50 under ${atOnce} outcomes at once, ms`, quantile(lags, 0.5));
      tell(`lag p99 under ${atOnce} outcomes at once, ms`, quantile(lags, 0.99));
    }
    await projector.stop();
  } finally {
    await worker.stop();
    await outcomes.close();
    await database.close();
    await stand.close();
  }
}

/** What nobody told of, all at once, by one projector. */
async function swept(database: Database, outcomes: Outcomes, told: number): Promise<void> {
  const store = createEvidenceStore(database);
  const sum = async (): Promise<{ readonly events: number; readonly records: number }> => {
    const all = await store.allRuns('acme');
    const total = (of: (run: (typeof all)[number]) => number): number =>
      all.reduce((sum, run) => sum + of(run), 0);
    return { events: total(({ lastEvent }) => lastEvent), records: total(({ records }) => records) };
  };
  const before = await sum();
  const from = performance.now();
  const projector = projectorOn(database, outcomes, []);
  await projector.catchUp();
  const seconds = (performance.now() - from) / 1_000;
  await projector.stop();
  const after = await sum();
  const beside = `one projector, beside ${told} outcomes`;
  tell(`projected events/s, ${beside}`, (after.events - before.events) / seconds);
  tell(`projected records/s, ${beside}`, (after.records - before.records) / seconds);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
