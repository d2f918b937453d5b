/** A real OpenLDAP server for tests: a process of its own, on loopback, on a free port, on data of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'ldapts';
import { environmentFor, type SlapdProgram } from './slapd-program';

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
  readonly port: number;
  /** A client bound as administrator, beside any client under test. */
  admin(): Promise<Client>;
  stop(): Promise<void>;
}

/** Starts a server. Throws with what it complained of. */
export async function startSlapd(program: SlapdProgram): Promise<Slapd> {
  const dir = mkdtempSync(path.join(tmpdir(), 'backstep-slapd-'));
  const port = await freePort();
  writeFileSync(path.join(dir, 'slapd.conf'), configuration(program, dir));
  for (const database of ['data', 'log']) mkdirSync(path.join(dir, database));
  const url = `ldap://127.0.0.1:${port}`;
  const child = spawn(program.slapd, ['-d', '0', '-f', path.join(dir, 'slapd.conf'), '-h', url], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: environmentFor(program),
  });
  // Whatever ends this process must not leave a server behind.
  const endToo = (): void => void child.kill('SIGKILL');
  process.once('exit', endToo);
  const stop = async (): Promise<void> => {
    process.removeListener('exit', endToo);
    await ended(child);
    rmSync(dir, { recursive: true, force: true });
  };
  const complaint = await upOrComplaint(child, url);
  if (complaint !== undefined) {
    await stop();
    throw new Error(`slapd did not start: ${complaint}`);
  }
  const slapd: Slapd = { port, admin: () => boundAs(url, ACCOUNTS.admin), stop };
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

/** memberof and refint keep memberships true, ppolicy locks accounts, accesslog counts writes. */
const configuration = (program: SlapdProgram, dir: string): string => `
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
