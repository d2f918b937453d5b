/**
 * One server of an owned stand that can be stopped, killed and brought back on its own port. Its verbs take turns, so a
 * close that meets a restart half-way waits for it.
 * Adapter ring.
 */
import type { Daemon } from './daemon';
import type { ProcessIdentity } from './process-identity';
import { StandError } from './stand-error';

export interface ManagedServer {
  readonly port: number;
  /** Of the live process; `undefined` while it is down. */
  identity(): ProcessIdentity | undefined;
  /** Does nothing while it runs. */
  start(): Promise<void>;
  /** In order. Does nothing while it is down. */
  stop(): Promise<void>;
  /** Sends one signal and waits until the process is gone, at most half a minute before it is stopped for good. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface ServerVerbs {
  /** For messages. */
  readonly title: string;
  readonly port: number;
  start(): Promise<Daemon | 'port taken'>;
  stop(daemon: Daemon): Promise<void>;
  /** Told after every start and stop. */
  onChange(): Promise<void>;
}

const KILL_PATIENCE_MS = 30_000;

/** Takes charge of a server that has just been started. */
export function manageServer(verbs: ServerVerbs, started: Daemon): ManagedServer {
  let daemon: Daemon | undefined = started;
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (act: () => Promise<void>): Promise<void> => {
    const mine = turn.then(act);
    turn = mine.catch(() => undefined);
    return mine;
  };
  return {
    port: verbs.port,
    identity: () => (daemon?.isAlive() === true ? daemon.identity : undefined),
    start: () =>
      inTurn(async () => {
        if (daemon?.isAlive() === true) return;
        const next = await verbs.start();
        if (next === 'port taken') throw portLost(verbs);
        daemon = next;
        await verbs.onChange();
      }),
    stop: () =>
      inTurn(async () => {
        if (daemon === undefined) return;
        await verbs.stop(daemon);
        daemon = undefined;
        await verbs.onChange();
      }),
    kill: (signal) =>
      inTurn(async () => {
        await daemon?.stop([signal, 'SIGKILL'], KILL_PATIENCE_MS);
      }),
  };
}

function portLost(verbs: ServerVerbs): StandError {
  return new StandError(
    'STAND_PORTS_TAKEN',
    `${verbs.title} can't come back on port ${verbs.port}: another program has taken it meanwhile`,
    'close the stand and open it again; it then takes another port',
  );
}
