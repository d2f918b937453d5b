/**
 * What both sides stand on: one Temporal, one Postgres, one sandbox of vendors' systems, and the two worker processes. All of it
 * is fresh, on loopback, under a stand's name of its own, and gone at the end.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openStand } from '../src/embedded';
import { SandboxAdmin, sandboxConnections, startSandboxProcess } from '../src/sandbox';
import type { Connection } from '../src/dsl/effect';
import { migrate } from '../src/store/database';
import { packageFolder } from '../src/app/settings';
import type { WorkerBrief } from './worker-host';
import { startBenchWorker, type BenchWorker } from './worker-process';

export const TENANT = 'acme';

export interface Workers {
  readonly backstep: BenchWorker;
  readonly saga: BenchWorker;
}

export interface Stage {
  readonly address: string;
  readonly namespace: string;
  readonly admin: SandboxAdmin;
  readonly databaseUrl: string;
  readonly connections: Readonly<Record<string, Connection>>;
  readonly pids: { readonly temporal: number; readonly postgres: number; readonly sandbox: number };
  /** Ends the workers at hand and starts new ones. */
  restartWorkers(how: WorkersWanted): Promise<Workers>;
  close(): Promise<void>;
}

export interface WorkersWanted extends Pick<WorkerBrief, 'codec' | 'spans'> {
  readonly profileDir?: string;
}

export async function openStage(signal: AbortSignal, onProgress: (line: string) => void): Promise<Stage> {
  // Its own Postgres also where the environment names another: nobody else's load may be in the figures.
  const { DATABASE_URL: _, ...env } = process.env;
  const dir = join(packageFolder(), '.backstep');
  const stand = await openStand({ dir, name: 'bench', fresh: true, env, onProgress, signal });
  const closing: (() => Promise<void>)[] = [() => stand.close()];
  let workers: Workers | undefined;
  const stopWorkers = async (): Promise<void> => {
    await Promise.all([workers?.backstep.stop(), workers?.saga.stop()]);
    workers = undefined;
  };
  const close = async (): Promise<void> => {
    await stopWorkers();
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    if (!stand.owned) throw new Error('another benchmark is running');
    await migrate({ url: stand.postgres.url });
    const dataDir = join(stand.dataDir, 'sandbox');
    rmSync(dataDir, { recursive: true, force: true });
    mkdirSync(dataDir, { recursive: true });
    const sandbox = await startSandboxProcess({ dataDir, env });
    closing.push(() => sandbox.stop());
    const connections: Readonly<Record<string, Connection>> = sandboxConnections(
      sandbox.urls,
      sandbox.credentials[TENANT]!,
    );
    const brief = {
      address: stand.temporal.address,
      namespace: stand.temporal.namespace,
      databaseUrl: stand.postgres.url,
      tenant: TENANT,
      connections,
    };
    return {
      address: brief.address,
      namespace: brief.namespace,
      admin: new SandboxAdmin(sandbox.urls.admin),
      databaseUrl: brief.databaseUrl,
      connections,
      pids: {
        temporal: stand.temporal.pid ?? 0,
        postgres: stand.postgres.pid ?? 0,
        sandbox: sandbox.pid,
      },
      async restartWorkers({ profileDir, ...how }) {
        await stopWorkers();
        // One after the other, so that each bundles with a core to itself.
        const saga = await startBenchWorker('saga-worker', { ...brief, ...how }, profileDir);
        closing.push(() => saga.stop());
        const backstep = await startBenchWorker('backstep-worker', { ...brief, ...how }, profileDir);
        workers = { saga, backstep };
        return workers;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
