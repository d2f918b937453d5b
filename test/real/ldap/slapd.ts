/**
 * A real OpenLDAP server for tests: found on the machine, or Debian's package unpacked into the ignored project folder, so
 * that nothing of the system changes. On loopback, on a free port, on data of its own. Where it can't be had, says why.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'ldapts';

const CACHE = path.join(__dirname, '../../../.backstep/cache/slapd');
const START_MS = 20_000;

export const BASE = 'dc=acme,dc=example';

/** Accounts of the directory: ours, one that may only read, and the second path of the tests. */
export const ACCOUNTS = {
  robot: { bindDn: `cn=robot,${BASE}`, password: 'robot-secret' },
  reader: { bindDn: `cn=reader,${BASE}`, password: 'reader-secret' },
  admin: { bindDn: `cn=admin,${BASE}`, password: 'admin-secret' },
} as const;

/** Where the log of successful writes stands. */
export const ACCESS_LOG = 'cn=accesslog';

export interface Slapd {
  readonly url: string;
  readonly port: number;
  /** Where the binary came from: `system` or `unpacked`. */
  readonly origin: 'system' | 'unpacked';
  /** A client bound as administrator, beside any client under test. */
  admin(): Promise<Client>;
  stop(): Promise<void>;
}

interface Program {
  readonly slapd: string;
  readonly modules: string;
  readonly schemas: string;
  readonly libraries?: string;
  readonly origin: Slapd['origin'];
}

/** Starts a server, or tells why there is none. */
export async function startSlapd(): Promise<Slapd | { readonly unavailable: string }> {
  const program = findProgram() ?? unpack();
  if ('unavailable' in program) return program;
  const dir = mkdtempSync(path.join(tmpdir(), 'backstep-slapd-'));
  const port = await freePort();
  writeFileSync(path.join(dir, 'slapd.conf'), configuration(program, dir));
  for (const database of ['data', 'log']) mkdirSync(path.join(dir, database));
  const url = `ldap://127.0.0.1:${port}`;
  const child = spawn(program.slapd, ['-d', '0', '-f', path.join(dir, 'slapd.conf'), '-h', url], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      ...(program.libraries === undefined ? {} : { LD_LIBRARY_PATH: program.libraries }),
    },
  });
  const complaint = await upOrComplaint(child, url);
  if (complaint !== undefined) {
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
    return { unavailable: `slapd did not start: ${complaint}` };
  }
  const slapd: Slapd = {
    url,
    port,
    origin: program.origin,
    admin: () => boundAs(url, ACCOUNTS.admin),
    stop: async () => {
      await ended(child);
      rmSync(dir, { recursive: true, force: true });
    },
  };
  await seed(slapd);
  return slapd;
}

/** A client bound with the given credentials. */
async function boundAs(
  url: string,
  account: { readonly bindDn: string; readonly password: string },
): Promise<Client> {
  const client = new Client({ url, timeout: 10_000, connectTimeout: 5_000 });
  await client.bind(account.bindDn, account.password);
  return client;
}

function findProgram(): Program | undefined {
  const slapd = ['/usr/sbin/slapd', '/usr/lib/openldap/slapd', '/usr/local/libexec/slapd'].find((file) =>
    existsSync(file),
  );
  const schemas = ['/etc/ldap/schema', '/etc/openldap/schema'].find((folder) => existsSync(folder));
  const modules = ['/usr/lib/ldap', '/usr/lib64/openldap', '/usr/lib/openldap'].find((folder) =>
    existsSync(path.join(folder, 'back_mdb.so')),
  );
  return slapd !== undefined && schemas !== undefined && modules !== undefined
    ? { slapd, schemas, modules, origin: 'system' }
    : undefined;
}

/** Debian's package and the libraries that it needs, unpacked and not installed: no service, no user, no configuration. */
function unpack(): Program | { readonly unavailable: string } {
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
  return {
    slapd: path.join(root, 'usr/sbin/slapd'),
    schemas: path.join(root, 'etc/ldap/schema'),
    modules: path.join(root, 'usr/lib/ldap'),
    libraries: libraryFolder(root),
    origin: 'unpacked',
  };
}

function fetchInto(root: string): string | undefined {
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(path.join(CACHE, 'work-'));
  const run = (program: string, args: readonly string[]) =>
    spawnSync(program, args, { cwd: work, encoding: 'utf8' });
  const download = (...names: readonly string[]): boolean =>
    run('apt-get', ['-qq', 'download', ...names]).status === 0;
  try {
    // A machine whose package lists were removed, as in most containers, gets them first.
    if (!download('slapd') && (run('apt-get', ['-qq', 'update']).status !== 0 || !download('slapd'))) {
      return 'no slapd on this machine, and apt has none to fetch';
    }
    const packages = (): string[] => readdirSync(work).filter((file) => file.endsWith('.deb'));
    const depends = run('dpkg-deb', ['-f', packages()[0] ?? '', 'Depends']).stdout;
    // The C library and what only modules use that are not loaded here stay the machine's own.
    const libraries = [...depends.matchAll(/\b(lib(?:ldap|ltdl|sasl|wrap)[\w.+-]*)/g)].map(
      (match) => match[1]!,
    );
    download(...libraries);
    const target = path.join(work, 'root');
    for (const file of packages()) {
      if (run('dpkg-deb', ['-x', file, target]).status !== 0) return `${file} could not be unpacked`;
    }
    const check = spawnSync(path.join(target, 'usr/sbin/slapd'), ['-VV'], {
      encoding: 'utf8',
      env: { ...process.env, LD_LIBRARY_PATH: libraryFolder(target) },
    });
    if (!/OpenLDAP/.test(check.stderr)) return `the fetched slapd does not run: ${check.stderr.trim()}`;
    if (!existsSync(root)) renameSync(target, root);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function libraryFolder(root: string): string {
  const lib = path.join(root, 'usr/lib');
  const folders = readdirSync(lib).filter((name) => name.includes('-linux-'));
  return [...folders.map((name) => path.join(lib, name)), path.join(lib, 'ldap')].join(':');
}

/** memberof and refint keep memberships true, ppolicy locks accounts, accesslog counts writes. */
const configuration = (program: Program, dir: string): string => `
include ${program.schemas}/core.schema
include ${program.schemas}/cosine.schema
include ${program.schemas}/inetorgperson.schema
modulepath ${program.modules}
${['back_mdb', 'memberof', 'refint', 'ppolicy', 'accesslog'].map((name) => `moduleload ${name}.so`).join('\n')}
pidfile ${dir}/slapd.pid

database mdb
suffix ${ACCESS_LOG}
directory ${dir}/log
rootdn "${ACCOUNTS.admin.bindDn}"
index reqStart,reqDN eq

database mdb
suffix "${BASE}"
directory ${dir}/data
dbnosync
rootdn "${ACCOUNTS.admin.bindDn}"
rootpw ${ACCOUNTS.admin.password}
index objectClass,uid,member eq
access to attrs=userPassword by anonymous auth by dn.exact="${ACCOUNTS.robot.bindDn}" write by * none
access to * by dn.exact="${ACCOUNTS.robot.bindDn}" write by dn.exact="${ACCOUNTS.reader.bindDn}" read by anonymous auth by * none
overlay accesslog
logdb ${ACCESS_LOG}
logops writes
logsuccess TRUE
overlay memberof
memberof-refint TRUE
overlay refint
refint_attributes member
refint_nothing "${ACCOUNTS.admin.bindDn}"
overlay ppolicy
ppolicy_default "cn=default,${BASE}"
`;

async function seed(slapd: Slapd): Promise<void> {
  const admin = await slapd.admin();
  await admin.add(BASE, { objectClass: ['dcObject', 'organization'], dc: 'acme', o: 'Acme' });
  // Without a policy that enforces locks the directory would keep the lock and let people in all the same.
  await admin.add(`cn=default,${BASE}`, {
    objectClass: ['device', 'pwdPolicy'],
    cn: 'default',
    pwdAttribute: 'userPassword',
    pwdLockout: 'TRUE',
  });
  for (const account of [ACCOUNTS.robot, ACCOUNTS.reader]) {
    await admin.add(account.bindDn, {
      objectClass: ['organizationalRole', 'simpleSecurityObject'],
      cn: account.bindDn.slice(3, account.bindDn.indexOf(',')),
      userPassword: account.password,
    });
  }
  await admin.unbind();
}

async function upOrComplaint(child: ChildProcess, url: string): Promise<string | undefined> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) return said.trim() || `it ended with code ${child.exitCode}`;
    try {
      await (await boundAs(url, ACCOUNTS.admin)).unbind();
      return undefined;
    } catch {
      await sleep(50);
    }
  }
  return 'no answer';
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}
