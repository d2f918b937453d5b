/**
 * What each setting of the embedded Temporal server is worth: a six-step workflow of empty activities, one at a time
 * (latency) and fifty at once (throughput), on servers that differ in one setting. All servers are up together and take
 * turns block by block, so that whatever else the machine does hits them alike; only ratios within one run mean anything.
 * A block is a series without a pause, because the server's rate limits save up tokens while it is idle.
 *
 * `node -r ./bench/embedded-register.cjs bench/embedded-tuning.ts [turns] [candidate …]`; prints a table, then JSON.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, DefaultLogger, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { startDaemon, startGuard } from '../src/embedded/daemon';
import { LOOPBACK, freePort } from '../src/embedded/ports';
import { createPlaces } from '../src/embedded/places';
import { provideProgram } from '../src/embedded/temporal-programs';
import { sqlitePragmas, temporalAnswers, temporalArguments } from '../src/embedded/temporal-server';
import { DYNAMIC_CONFIG } from '../src/embedded/temporal-tuning';
import { TEMPORAL_CLI } from '../src/embedded/wheel-pins';
import type { sixSteps } from './embedded-tuning-workflows';

const WARM_UP = 5;
const AT_ONCE = 50;
const ALTOGETHER = 100;
/** Runs in a block; the first few use up what the limits saved and do not count. */
const BLOCK = 14;
const UNCOUNTED = 4;
const TASK_QUEUE = 'tuning';

interface Candidate {
  readonly dynamicConfig: Readonly<Record<string, unknown>>;
  readonly pragmas: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const POLLS: Readonly<Record<string, unknown>> = {
  'history.transferProcessorMaxPollRPS': 2000,
  'history.timerProcessorMaxPollRPS': 2000,
  'history.visibilityProcessorMaxPollRPS': 2000,
};
const WAL = sqlitePragmas('process');
const TUNED: Candidate = { dynamicConfig: DYNAMIC_CONFIG, pragmas: WAL };
const with_ = (extra: Readonly<Record<string, unknown>>): Candidate => ({
  ...TUNED,
  dynamicConfig: { ...DYNAMIC_CONFIG, ...extra },
});

/** `stock` first: the others are ratios to it. */
const CANDIDATES: Readonly<Record<string, Candidate>> = {
  stock: { dynamicConfig: {}, pragmas: [] },
  'polls only': { dynamicConfig: POLLS, pragmas: [] },
  'wal only': { dynamicConfig: {}, pragmas: WAL },
  'polls + wal': { dynamicConfig: POLLS, pragmas: WAL },
  shipped: TUNED,
  'shipped, durable to the machine': { ...TUNED, pragmas: sqlitePragmas('machine') },
  '- fairness': with_({ 'matching.useNewMatcher': true, 'matching.enableFairness': false }),
  '+ high request limits': with_({
    'frontend.rps': 100_000,
    'frontend.namespaceRPS': 100_000,
    'history.rps': 100_000,
    'matching.rps': 100_000,
    'frontend.persistenceMaxQPS': 100_000,
    'history.persistenceMaxQPS': 100_000,
    'matching.persistenceMaxQPS': 100_000,
  }),
  '+ host limits of the queues': with_({
    'history.transferProcessorMaxPollHostRPS': 4000,
    'history.timerProcessorMaxPollHostRPS': 4000,
    'history.visibilityProcessorMaxPollHostRPS': 4000,
  }),
  '+ polls 20,000': with_({
    'history.transferProcessorMaxPollRPS': 20_000,
    'history.timerProcessorMaxPollRPS': 20_000,
    'history.visibilityProcessorMaxPollRPS': 20_000,
  }),
  '- visibility polls': with_({ 'history.visibilityProcessorMaxPollRPS': 20 }),
  '+ SQLite cache 64 MB': { ...TUNED, pragmas: [...WAL, 'cache_size=-65536'] },
  '+ GOGC 400': { ...TUNED, env: { GOGC: '400' } },
};

interface Bed {
  readonly name: string;
  runOne(): Promise<number>;
  close(): Promise<void>;
  readonly latenciesMs: number[];
  readonly perSecond: number[];
}

async function main(): Promise<void> {
  const turns = Number(process.argv[2] ?? 5);
  const wanted = process.argv.slice(3);
  const names = Object.keys(CANDIDATES).filter((name) => wanted.length === 0 || wanted.includes(name));
  const places = await createPlaces({});
  const onProgress = (line: string): void => console.error(line);
  const found = await provideProgram(TEMPORAL_CLI, {
    env: process.env,
    cacheDir: places.cacheDir,
    onProgress,
  });
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('./embedded-tuning-workflows'),
    logger: new DefaultLogger('ERROR'),
  });
  const beds: Bed[] = [];
  try {
    for (const name of names) beds.push(await makeBed(name, found.path, workflowBundle));
    for (let turn = 1; turn <= turns; turn++) {
      for (const bed of beds) {
        for (let i = 0; i < BLOCK; i++) {
          const latencyMs = await bed.runOne();
          if (i >= UNCOUNTED) bed.latenciesMs.push(latencyMs);
        }
        bed.perSecond.push(await burst(bed));
      }
      console.error(`${turn} of ${turns} turns`);
    }
  } finally {
    await Promise.all(beds.map((bed) => bed.close()));
  }
  report(beds);
}

/** A server of its own with a worker on it, warmed up. */
async function makeBed(
  name: string,
  program: string,
  workflowBundle: Awaited<ReturnType<typeof bundleWorkflowCode>>,
): Promise<Bed> {
  const candidate = CANDIDATES[name]!;
  const folder = await mkdtemp(path.join(tmpdir(), 'backstep-tuning-'));
  const guard = startGuard(process.env);
  const port = await freePort([], []);
  const daemon = await startDaemon(
    {
      command: program,
      args: temporalArguments({
        db: path.join(folder, 'temporal.db'),
        ports: { temporal: port },
        ...candidate,
      }),
      env: { ...process.env, ...candidate.env },
      cwd: folder,
      logFile: path.join(folder, 'log'),
      stopSignal: 'SIGTERM',
    },
    guard,
  );
  const address = `${LOOPBACK}:${port}`;
  while (!(await temporalAnswers(address))) {
    if (!daemon.isAlive()) throw new Error(daemon.logTail());
  }
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  const client = new Client({ connection });
  const worker = await Worker.create({
    connection: native,
    taskQueue: TASK_QUEUE,
    workflowBundle,
    activities: { step: (n: number) => Promise.resolve(n) },
  });
  const running = worker.run();
  let next = 0;
  const runOne = async (): Promise<number> => {
    const begun = performance.now();
    const options = { taskQueue: TASK_QUEUE, workflowId: `tuning-${next++}` };
    await client.workflow.execute<typeof sixSteps>('sixSteps', options);
    return performance.now() - begun;
  };
  for (let i = 0; i < WARM_UP; i++) await runOne();
  return {
    name,
    runOne,
    latenciesMs: [],
    perSecond: [],
    async close() {
      worker.shutdown();
      await running;
      await native.close();
      await connection.close();
      await daemon.stop(['SIGKILL'], 5_000);
      guard.dismiss();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Workflows a second with fifty at once. */
async function burst(bed: Bed): Promise<number> {
  const begun = performance.now();
  let left = ALTOGETHER;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await bed.runOne();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return (ALTOGETHER * 1000) / (performance.now() - begun);
}

function report(beds: readonly Bed[]): void {
  const rows = beds.map(({ name, latenciesMs, perSecond }) => ({
    name,
    p50Ms: quantile(latenciesMs, 0.5),
    p95Ms: quantile(latenciesMs, 0.95),
    perSecond: quantile(perSecond, 0.5),
  }));
  const stock = rows[0]!;
  console.table(
    rows.map((row) => ({
      candidate: row.name,
      'p50 ms': row.p50Ms.toFixed(1),
      'p95 ms': row.p95Ms.toFixed(1),
      [`p50 / ${stock.name}`]: (row.p50Ms / stock.p50Ms).toFixed(2),
      'runs/s': row.perSecond.toFixed(1),
      [`runs/s / ${stock.name}`]: (row.perSecond / stock.perSecond).toFixed(2),
    })),
  );
  console.log(JSON.stringify(rows));
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
