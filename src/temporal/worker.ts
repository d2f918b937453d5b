/**
 * Runs robots: Temporal workers, one a role, each on its own task queue, in one process.
 * Adapter ring. Everything it needs is handed in; it reads no environment and installs no signal handler.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  bundleWorkflowCode,
  NativeConnection,
  Runtime,
  Worker,
  type ActivityInterceptorsFactory,
  type WorkerOptions,
} from '@temporalio/worker';
import type { PayloadCodec } from '@temporalio/common';
import { CONTROL_QUEUE } from '../../workflows/control-protocol';
import { platformQueue, SERVICE_QUEUE } from '../../workflows/protocol';
import { quietLogger } from './quiet-logger';
import { projectorSinks, type GrownRun } from './sinks';

/** What a robot does: run outcomes, or fire the AWFs of one domain. */
export type Robot = 'service' | `platform:${string}`;

export interface WorkerSettings {
  /** `host:port`. */
  readonly address: string;
  readonly namespace: string;
  readonly robots: readonly Robot[];
  /** By AWF name. A service robot needs them all: those of the local lane run in its own process. */
  readonly activities: Readonly<Record<string, (input: never) => Promise<unknown>>>;
  readonly codec: PayloadCodec;
  /** Absent: bundled anew, which takes a second or two. */
  readonly bundle?: WorkflowBundle;
  /** Actions at once, and outcomes worked on at once, per robot. */
  readonly slots?: number;
  /** Shown by Temporal for everything that this process does. */
  readonly identity?: string;
  /** Watches attempts at actions. */
  readonly interceptor?: ActivityInterceptorsFactory;
  /** Told of each run of a workflow whose history has grown here; it must return at once. */
  readonly onGrown?: (run: GrownRun) => void;
}

export interface WorkflowBundle {
  readonly code: string;
}

export interface RunningWorker {
  /** Asks the robots to finish what they have, and resolves when they have, at the latest after the bounds below. */
  stop(): Promise<void>;
  /** Resolves when the robots have ended; rejects if one of them failed. */
  readonly ended: Promise<void>;
}

export const WORKER_LIMITS = {
  /** Actions, and outcomes, that one robot works on at once. */
  slots: 100,
  /** Acts of control at once. */
  controls: 10,
  /** Outcomes kept in memory. One takes some hundred kilobytes of isolate; others are replayed when they are needed. */
  cachedWorkflows: 500,
  /** One thread runs the sandboxes: the other core belongs to the servers and to the actions. */
  workflowThreads: 1,
  /** Polls in flight. More than a few only keep connections busy on two cores. */
  workflowPolls: 5,
  activityPolls: 5,
  /** After a stop is asked for, actions under way get so long before they are told to end, in milliseconds. */
  graceMs: 5_000,
  /** And so long before they are left behind; their attempt then counts as lost. */
  forceMs: 12_000,
  /** A worker that died leaves its outcomes to others after so long, in milliseconds. */
  stickyMs: 2_000,
} as const;

/** Starts the robots and resolves when all of them take work. */
export async function startWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const connection = await NativeConnection.connect({ address: settings.address });
  try {
    const needsBundle = settings.robots.includes('service');
    const bundle = needsBundle ? (settings.bundle ?? (await bundleWorkflows())) : undefined;
    const options = settings.robots.map((robot) => optionsFor(robot, settings, connection, bundle));
    if (bundle !== undefined) options.push(controlOptions(settings, connection, bundle));
    const workers = await Promise.all(options.map((one) => Worker.create(one)));
    const running = workers.map((worker) => worker.run());
    const ended = Promise.all(running).then(
      () => connection.close(),
      async (error: unknown) => {
        for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
        await Promise.allSettled(running);
        await connection.close();
        throw error;
      },
    );
    // Whoever started it may look at the end later; until then it must not count as unhandled.
    ended.catch(() => undefined);
    return {
      ended,
      stop: async () => {
        for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
        await ended;
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function optionsFor(
  robot: Robot,
  settings: WorkerSettings,
  connection: NativeConnection,
  bundle: WorkflowBundle | undefined,
): WorkerOptions {
  const slots = settings.slots ?? WORKER_LIMITS.slots;
  const base: WorkerOptions = {
    connection,
    namespace: settings.namespace,
    taskQueue: robot === 'service' ? SERVICE_QUEUE : platformQueue(robot.slice('platform:'.length)),
    dataConverter: { payloadCodecs: [settings.codec] },
    activities: settings.activities,
    shutdownGraceTime: WORKER_LIMITS.graceMs,
    shutdownForceTime: WORKER_LIMITS.forceMs,
    ...(settings.identity === undefined ? {} : { identity: settings.identity }),
    ...(settings.interceptor === undefined ? {} : { interceptors: { activity: [settings.interceptor] } }),
  };
  if (robot !== 'service') {
    return {
      ...base,
      maxConcurrentActivityTaskExecutions: slots,
      activityTaskPollerBehavior: { type: 'simple-maximum', maximum: WORKER_LIMITS.activityPolls },
    };
  }
  if (bundle === undefined) throw new TypeError('a service robot has a bundle');
  return {
    ...base,
    workflowBundle: bundle,
    sinks: projectorSinks(settings.onGrown),
    // Its activities are those of the local lane; nobody sends it others.
    enableNonLocalActivities: false,
    maxConcurrentWorkflowTaskExecutions: slots,
    maxConcurrentLocalActivityExecutions: slots,
    maxCachedWorkflows: WORKER_LIMITS.cachedWorkflows,
    workflowThreadPoolSize: WORKER_LIMITS.workflowThreads,
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: WORKER_LIMITS.workflowPolls },
    stickyQueueScheduleToStartTimeout: WORKER_LIMITS.stickyMs,
  };
}

/** Wherever outcomes are run, acts of control are too: by a worker of its own, so that they wait for nothing. */
const controlOptions = (
  { namespace, activities, codec, identity, onGrown }: WorkerSettings,
  connection: NativeConnection,
  bundle: WorkflowBundle,
): WorkerOptions => ({
  sinks: projectorSinks(onGrown),
  connection,
  namespace,
  taskQueue: CONTROL_QUEUE,
  dataConverter: { payloadCodecs: [codec] },
  activities,
  workflowBundle: bundle,
  enableNonLocalActivities: false,
  maxConcurrentWorkflowTaskExecutions: WORKER_LIMITS.controls,
  maxConcurrentLocalActivityExecutions: WORKER_LIMITS.controls,
  maxCachedWorkflows: WORKER_LIMITS.controls,
  workflowThreadPoolSize: 1,
  workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
  stickyQueueScheduleToStartTimeout: WORKER_LIMITS.stickyMs,
  shutdownGraceTime: WORKER_LIMITS.graceMs,
  shutdownForceTime: WORKER_LIMITS.forceMs,
  ...(identity === undefined ? {} : { identity }),
});

/** Bundles the workflows for the sandbox, from the sources as from the built package. */
export async function bundleWorkflows(): Promise<WorkflowBundle> {
  const { code } = await bundleWorkflowCode({ ...workflowFiles(), logger: quietLogger });
  return { code };
}

/** What the bundler is given: the workflows, and what a sandbox loads before any of them. */
export function workflowFiles(): { readonly workflowsPath: string; readonly preloadModules: string[] } {
  const workflowsPath = workflowsFile();
  const preload = join(dirname(workflowsPath), basename(workflowsPath).replace('index', 'preload'));
  return { workflowsPath, preloadModules: [preload] };
}

/** `workflows/index` beside the folder this file's own tree lies in. */
export function workflowsFile(): string {
  const root = dirname(dirname(__dirname));
  const built = join(root, 'workflows', 'index.js');
  return existsSync(built) ? built : join(root, 'workflows', 'index.ts');
}

/**
 * Sets the SDK's own logging for the process; before the first connection, or it has no effect.
 * @param metricsAt `host:port` where the SDK shows its own metrics; default nowhere
 */
export function quietRuntime(metricsAt?: string): void {
  Runtime.install({
    logger: quietLogger,
    ...(metricsAt === undefined
      ? {}
      : { telemetryOptions: { metrics: { prometheus: { bindAddress: metricsAt } } } }),
  });
}
