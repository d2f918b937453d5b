/**
 * Finds OpenLDAP's `slapd`: on the machine, or Debian's package and the libraries that it names, unpacked into the ignored
 * project folder: no service, no user, no configuration, and nothing of the system changes. Where it can't be had, says why.
 * Synchronous, because a test must be known as skipped while tests are still being declared.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

const CACHE = path.join(__dirname, '../../../.backstep/cache/slapd');
/** Milliseconds that one call of apt may take: longer means that no mirror answers. */
const APT_MS = 120_000;

interface Found {
  readonly slapd: string;
  readonly modules: string;
  readonly schemas: string;
  readonly libraries?: string;
  /** Where it came from, in words. */
  readonly origin: string;
}

export interface SlapdProgram extends Found {
  /** As it states it, such as `2.5.13`. */
  readonly version: string;
}

/** The program, fetched if need be; or why this machine has none. */
export function findSlapd(): SlapdProgram | { readonly unavailable: string } {
  const found = installed() ?? unpacked();
  if ('unavailable' in found) return found;
  const version = versionOf(found);
  return version === undefined
    ? { unavailable: `${found.slapd} does not run on this machine` }
    : { ...found, version };
}

/** The environment in which the program finds its libraries. */
export const environmentFor = ({ libraries }: Found): NodeJS.ProcessEnv => ({
  ...process.env,
  ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }),
});

function versionOf(program: Found): string | undefined {
  const { stderr } = spawnSync(program.slapd, ['-VV'], {
    encoding: 'utf8',
    env: environmentFor(program),
  });
  return /OpenLDAP: slapd (\d+(?:\.\d+)*)/.exec(stderr)?.[1];
}

function installed(): Found | undefined {
  const onPath = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const programs = [...onPath, '/usr/sbin', '/usr/lib/openldap', '/usr/local/libexec'].map((folder) =>
    path.join(folder, 'slapd'),
  );
  const slapd = programs.find((file) => existsSync(file));
  const schemas = ['/etc/ldap/schema', '/etc/openldap/schema'].find((folder) => existsSync(folder));
  const modules = ['/usr/lib/ldap', '/usr/lib64/openldap', '/usr/lib/openldap'].find((folder) =>
    existsSync(path.join(folder, 'back_mdb.so')),
  );
  return slapd !== undefined && schemas !== undefined && modules !== undefined
    ? { slapd, schemas, modules, origin: 'found on this machine' }
    : undefined;
}

function unpacked(): Found | { readonly unavailable: string } {
  const root = path.join(CACHE, 'root');
  if (!existsSync(root)) {
    for (const tool of ['apt-get', 'dpkg-deb']) {
      if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0) {
        return { unavailable: `no slapd on this machine, and no ${tool} to fetch one` };
      }
    }
    const reason = fetchInto(root);
    if (reason !== undefined) return { unavailable: reason };
  }
  return inFolder(root);
}

const inFolder = (root: string): Found => ({
  slapd: path.join(root, 'usr/sbin/slapd'),
  schemas: path.join(root, 'etc/ldap/schema'),
  modules: path.join(root, 'usr/lib/ldap'),
  libraries: libraryFolders(root),
  origin: "unpacked from Debian's package",
});

/** Why it could not be done; `undefined` once the folder is there. Two at once do no harm: the first one's folder stays. */
function fetchInto(root: string): string | undefined {
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(path.join(CACHE, 'work-'));
  const run = (program: string, args: readonly string[]) =>
    spawnSync(program, args, { cwd: work, encoding: 'utf8', timeout: APT_MS });
  const download = (...names: readonly string[]): boolean =>
    run('apt-get', ['-qq', 'download', ...names]).status === 0;
  try {
    // A machine whose package lists were removed, as in most containers, gets them first.
    if (!download('slapd') && (run('apt-get', ['-qq', 'update']).status !== 0 || !download('slapd'))) {
      return 'no slapd on this machine, and apt has none to fetch';
    }
    const packages = (): string[] => readdirSync(work).filter((file) => file.endsWith('.deb'));
    const depends = run('dpkg-deb', ['-f', packages()[0] ?? '', 'Depends']).stdout;
    // The C library, and what only modules use that are not loaded here, stay the machine's own.
    const libraries = [...depends.matchAll(/\b(lib(?:ldap|ltdl|sasl|wrap)[\w.+-]*)/g)].map(
      (match) => match[1]!,
    );
    if (!download(...libraries)) return `apt has not all of ${libraries.join(', ')}, which slapd needs`;
    const target = path.join(work, 'root');
    for (const file of packages()) {
      if (run('dpkg-deb', ['-x', file, target]).status !== 0) return `${file} could not be unpacked`;
    }
    if (versionOf(inFolder(target)) === undefined) return 'the fetched slapd does not run on this machine';
    if (!existsSync(root)) renameSync(target, root);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function libraryFolders(root: string): string {
  const lib = path.join(root, 'usr/lib');
  const folders = readdirSync(lib).filter((name) => name.includes('-linux-'));
  return [...folders.map((name) => path.join(lib, name)), path.join(lib, 'ldap')].join(':');
}
