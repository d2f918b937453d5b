/**
 * Postgres refuses to run as root. Where this process is root, its programs run as the system user `postgres`, which is
 * created if need be.
 * Adapter ring.
 */
import { chown } from 'node:fs/promises';
import { findOnPath, runProgram } from './run-program';
import { StandError } from './stand-error';
import type { Environment } from './stand-types';

/** How a program is started so that Postgres accepts its user. */
export interface RunAs {
  readonly uid?: number;
  readonly gid?: number;
  /** Goes before the program; empty where the user is set by `uid` and `gid`. */
  readonly prefix: readonly string[];
  /** Gives a file or folder to that user. */
  own(path: string): Promise<void>;
}

const AS_OURSELVES: RunAs = { prefix: [], own: () => Promise.resolve() };

/**
 * How to run `program` on data under `folder`. A project under `/root` or in a private temporary folder can't be entered
 * by another user; then the user keeps the one capability it needs for that (`setpriv`, part of util-linux).
 */
export async function chooseUser(
  env: Environment,
  program: string,
  folder: string,
  onProgress: (line: string) => void,
): Promise<RunAs> {
  if (process.getuid?.() !== 0) return AS_OURSELVES;
  const ids =
    (await idsOf('postgres', env)) ?? (await createUser(env, onProgress)) ?? (await idsOf('nobody', env));
  if (ids === undefined) {
    throw new StandError(
      'STAND_USER_UNUSABLE',
      'Postgres refuses to run as root, and the user `postgres` can neither be found nor created',
      'create a user `postgres`, run this as an ordinary user, or name a running Postgres with `DATABASE_URL`',
    );
  }
  const own = (path: string): Promise<void> => chown(path, ids.uid, ids.gid);
  const direct: RunAs = { ...ids, prefix: [], own };
  if (await canReach(direct, env, program, folder)) return direct;
  if ((await findOnPath('setpriv', env)) !== undefined) {
    const privileged: RunAs = { prefix: setpriv(ids), own };
    if (await canReach(privileged, env, program, folder)) return privileged;
  }
  throw new StandError(
    'STAND_USER_UNUSABLE',
    `Postgres refuses to run as root, and its user can't enter \`${folder}\``,
    'move the project out of a private folder such as `/root`, or run this as an ordinary user',
  );
}

/** Starts a program as that user. */
export function commandAs(
  as: RunAs,
  program: string,
  args: readonly string[],
): readonly [string, readonly string[]] {
  const [first = program, ...rest] = [...as.prefix, program, ...args];
  return [first, rest];
}

const setpriv = (ids: { readonly uid: number; readonly gid: number }): readonly string[] => [
  'setpriv',
  `--reuid=${ids.uid}`,
  `--regid=${ids.gid}`,
  '--clear-groups',
  '--inh-caps=+dac_override',
  '--ambient-caps=+dac_override',
];

async function canReach(as: RunAs, env: Environment, program: string, folder: string): Promise<boolean> {
  const look = 'cd "$1" && "$2" --version';
  const [command, args] = commandAs(as, 'sh', ['-c', look, 'sh', folder, program]);
  const ids = as.uid === undefined || as.gid === undefined ? {} : { uid: as.uid, gid: as.gid };
  return (await runProgram(command, args, { env, timeoutMs: 30_000, cwd: '/', ...ids })).code === 0;
}

async function idsOf(user: string, env: Environment): Promise<{ uid: number; gid: number } | undefined> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map((flag) => runProgram('id', [flag, user], { env, timeoutMs: 10_000 })),
  );
  if (uid?.code !== 0 || gid?.code !== 0) return undefined;
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

async function createUser(
  env: Environment,
  onProgress: (line: string) => void,
): Promise<{ uid: number; gid: number } | undefined> {
  onProgress('creating the system user `postgres`, because Postgres refuses to run as root');
  const options = { env, timeoutMs: 30_000 };
  await runProgram('groupadd', ['--system', 'postgres'], options);
  await runProgram('useradd', ['--system', '--no-create-home', '--gid', 'postgres', 'postgres'], options);
  return idsOf('postgres', env);
}
