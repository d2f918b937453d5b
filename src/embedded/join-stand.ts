/**
 * Joins a stand that another live process runs: waits until it is ready, makes sure that it answers, and hands it out
 * without the power to stop it.
 * Adapter ring.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { peekLock } from './lock';
import { LOOPBACK } from './ports';
import { postgresAnswers, postgresUrl } from './postgres-server';
import { isAlive, type ProcessIdentity } from './process-identity';
import { externalPostgres, isNamed } from './run-servers';
import { STAND_LOCK, type StandNote } from './stand-note';
import { StandError, throwIfInterrupted } from './stand-error';
import { STAND_NAMESPACE, type OpenStandOptions, type PostgresServer, type Stand } from './stand-types';
import { temporalAnswers } from './temporal-server';

/** A first start may fetch 45 MB. */
const START_PATIENCE_MS = 15 * 60_000;
/** A server that was stopped for a test or restarted is given this long to come back. */
const ANSWER_PATIENCE_MS = 30_000;

export interface JoinRequest {
  readonly name: string;
  readonly dataDir: string;
  readonly holder: ProcessIdentity;
  readonly options: OpenStandOptions;
  /** How long servers that are said to be ready may fail to answer; default half a minute. */
  readonly answerPatienceMs?: number;
}

/** The joined stand, or `undefined` if its owner closed it or died while we waited. */
export async function joinStand(request: JoinRequest): Promise<Stand | undefined> {
  const { name, holder, options } = request;
  const begun = Date.now();
  let told = false;
  for (;;) {
    throwIfInterrupted(options.signal);
    const seen = await peekLock<StandNote>(request.dataDir, STAND_LOCK);
    if (seen.holder?.pid !== holder.pid || !isAlive(holder)) return undefined;
    if (seen.note?.phase === 'ready' && (await answers(request.dataDir, seen.note, options))) {
      return joined(request, seen.note);
    }
    const patience =
      seen.note?.phase === 'ready' ? (request.answerPatienceMs ?? ANSWER_PATIENCE_MS) : START_PATIENCE_MS;
    if (Date.now() - begun > patience) throw unhealthy(name, holder.pid);
    if (!told)
      options.onProgress?.(`waiting for process ${holder.pid}, which is starting the stand \`${name}\``);
    told = true;
    await sleep(200);
  }
}

async function answers(dataDir: string, note: StandNote, options: OpenStandOptions): Promise<boolean> {
  if (note.temporal === undefined) return false;
  const url = await urlOf(dataDir, note, options);
  if (url === undefined) return false;
  const [temporal, postgres] = await Promise.all([
    temporalAnswers(`${LOOPBACK}:${note.temporal.port}`),
    postgresAnswers(url),
  ]);
  return temporal && postgres;
}

/** Our own `DATABASE_URL` goes before the owner's Postgres, as it does where we start the stand. */
async function urlOf(
  dataDir: string,
  note: StandNote,
  options: OpenStandOptions,
): Promise<string | undefined> {
  if (isNamed(options.env['DATABASE_URL'])) return options.env['DATABASE_URL'];
  if (note.postgres === undefined) return undefined;
  return note.postgres.external ? note.postgres.url : postgresUrl(dataDir, note.postgres.port);
}

async function joined(request: JoinRequest, note: StandNote): Promise<Stand | undefined> {
  const { name, dataDir, holder, options } = request;
  const url = await urlOf(dataDir, note, options);
  if (url === undefined || note.temporal === undefined) return undefined;
  const refuse = (): Promise<never> =>
    Promise.reject(
      new StandError(
        'STAND_IN_USE',
        `the stand \`${name}\` is run by process ${holder.pid}, so only that process may stop or restart its servers`,
        'stop that process, or open another stand by another name',
      ),
    );
  const own = note.postgres?.external === false ? note.postgres : undefined;
  const postgres: PostgresServer =
    own === undefined || isNamed(options.env['DATABASE_URL'])
      ? externalPostgres(url)
      : { url, external: false, pid: own.process?.pid, stop: refuse, start: refuse };
  return {
    name,
    dataDir,
    owned: false,
    temporal: {
      address: `${LOOPBACK}:${note.temporal.port}`,
      namespace: STAND_NAMESPACE,
      ...(note.temporal.uiPort === undefined ? {} : { uiUrl: `http://${LOOPBACK}:${note.temporal.uiPort}` }),
      pid: note.temporal.process?.pid,
      restart: refuse,
      kill: refuse,
    },
    postgres,
    close: () => Promise.resolve(),
  };
}

function unhealthy(name: string, pid: number): StandError {
  return new StandError(
    'STAND_UNHEALTHY',
    `the stand \`${name}\` is run by process ${pid}, but its servers do not answer`,
    `stop that process (\`kill ${pid}\`) and start again: what it leaves behind is cleared then`,
  );
}
