/**
 * Brings up everything that outcomes need on one machine: the stand's servers, the sandbox of vendors' systems and a
 * process of robots; or joins what another process has brought up.
 * Entry ring; a composition root.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openStand, type Stand } from '../embedded';
import { SandboxAdmin, startSandboxProcess, type SandboxProcess } from '../sandbox';
import { migrate } from '../store/database';
import type { Settings } from './settings';
import type { Wiring } from './wiring';
import { startWorkerProcess, type WorkerProcess } from './worker-process';

export interface BringUp {
  readonly settings: Settings;
  readonly tenant: string;
  /** Stand's name in place of the settings'. */
  readonly name?: string;
  /** Default true. */
  readonly sandbox?: boolean;
  /** Starts a process of robots; default true. */
  readonly robots?: boolean;
  readonly ui?: boolean;
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress: (line: string) => void;
  readonly onLog?: (line: string) => void;
}

export interface Up {
  /** False where another process runs it: then nothing here was started by us, and closing stops nothing. */
  readonly owned: boolean;
  readonly stand: Stand;
  readonly wiring: Wiring;
  readonly sandbox?: SandboxProcess;
  readonly workers: readonly WorkerProcess[];
  /** Starts one more process of robots. */
  addWorker(): Promise<WorkerProcess>;
  /** Stops the robots, then the sandbox, then the servers. Closing twice does nothing. */
  close(): Promise<void>;
}

/** What the owner of a stand leaves beside its data, for those who join it. */
interface SandboxNote {
  readonly url: string;
}

/** Rejects with a `StandError` or what else kept it from coming up; nothing that was started is then left running. */
export async function bringUp(options: BringUp): Promise<Up> {
  const { settings, onProgress, signal } = options;
  const stand = await openStand({
    dir: settings.standDir,
    name: options.name ?? settings.standName,
    env: settings.env,
    onProgress,
    ...(options.ui === undefined ? {} : { ui: options.ui }),
    ...(options.fresh === undefined ? {} : { fresh: options.fresh }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (!stand.owned) return joined(options, stand);
  const workers: WorkerProcess[] = [];
  let sandbox: SandboxProcess | undefined;
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await sandbox?.stop();
    await stand.close();
  };
  const close = (): Promise<void> => (closing ??= closeAll());
  try {
    const [, started] = await Promise.all([
      migrate({ url: stand.postgres.url }),
      options.sandbox === false ? undefined : startSandbox(settings, stand),
    ]);
    sandbox = started;
    const wiring = wiringTo(stand, sandbox === undefined ? undefined : baseOf(sandbox.urls.admin));
    const addWorker = async (): Promise<WorkerProcess> => {
      const worker = await startWorkerProcess({
        settings,
        wiring,
        tenant: options.tenant,
        ...(options.onLog === undefined ? {} : { onLog: options.onLog }),
        ...(signal === undefined ? {} : { signal }),
      });
      workers.push(worker);
      return worker;
    };
    if (options.robots !== false) {
      onProgress('starting the robots');
      await addWorker();
    }
    return {
      owned: true,
      stand,
      wiring,
      ...(sandbox === undefined ? {} : { sandbox }),
      workers,
      addWorker,
      close,
    };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

async function joined(options: BringUp, stand: Stand): Promise<Up> {
  const note = await readNote(stand.dataDir);
  const wiring = wiringTo(stand, options.settings.sandboxUrl ?? note?.url);
  return {
    owned: false,
    stand,
    wiring,
    workers: [],
    addWorker: () => startWorkerProcess({ settings: options.settings, wiring, tenant: options.tenant }),
    close: () => Promise.resolve(),
  };
}

async function startSandbox(settings: Settings, stand: Stand): Promise<SandboxProcess> {
  const dataDir = join(stand.dataDir, 'sandbox');
  await mkdir(dataDir, { recursive: true });
  const sandbox = await startSandboxProcess({ dataDir, env: { ...settings.env } });
  const note: SandboxNote = { url: baseOf(sandbox.urls.admin) };
  await writeFile(noteFile(stand.dataDir), JSON.stringify(note));
  return sandbox;
}

/** A note of a sandbox that no longer answers is no note. */
async function readNote(dataDir: string): Promise<SandboxNote | undefined> {
  try {
    const note = JSON.parse(await readFile(noteFile(dataDir), 'utf8')) as SandboxNote;
    await new SandboxAdmin(`${note.url}/__admin`).faults();
    return note;
  } catch {
    return undefined;
  }
}

const noteFile = (dataDir: string): string => join(dataDir, 'sandbox.json');

const baseOf = (adminUrl: string): string => adminUrl.replace(/\/__admin$/, '');

const wiringTo = (stand: Stand, sandboxUrl: string | undefined): Wiring => ({
  temporalAddress: stand.temporal.address,
  temporalNamespace: stand.temporal.namespace,
  databaseUrl: stand.postgres.url,
  ...(sandboxUrl === undefined ? {} : { sandboxUrl }),
});
