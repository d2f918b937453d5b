/** The laws' worlds in the real directory: a branch each. State and writes come from another connection and the access log. */
import type { Client } from 'ldapts';
import { disconnect } from '../../../activities/ldap/client';
import type { Connection } from '../../../src/dsl/effect';
import type { Json } from '../../../src/kernel/json';
import { ACCESS_LOG, ACCOUNTS, BASE, startSlapd } from '../../real/ldap/slapd';
import type { SlapdProgram } from '../../real/ldap/slapd-program';
import { ldapWrites, openCutter } from './proxy';
import type { LawStand, LawWorld, Side } from './world';

export interface DirectoryWorld extends LawWorld {
  readonly admin: Client;
  readonly people: string;
  readonly groups: string;
}

export async function openDirectoryStand(program: SlapdProgram): Promise<LawStand<DirectoryWorld>> {
  const slapd = await startSlapd(program);
  const admin = await slapd.admin();
  let made = 0;

  const world = async (): Promise<DirectoryWorld> => {
    made += 1;
    const branch = `ou=law${made},${BASE}`;
    const [people, groups] = [`ou=people,${branch}`, `ou=groups,${branch}`];
    for (const dn of [branch, people, groups]) {
      await admin.add(dn, { objectClass: 'organizationalUnit', ou: dn.slice(3, dn.indexOf(',')) });
    }
    const cutter = await openCutter(slapd.port, ldapWrites);
    const connectionAs = (account: { readonly bindDn: string; readonly password: string }): Connection => ({
      baseUrl: `ldap://127.0.0.1:${cutter.port}`,
      secrets: account,
      settings: { peopleBase: people, groupsBase: groups },
    });
    const connections = {
      us: connectionAs(ACCOUNTS.robot),
      nobody: connectionAs({ ...ACCOUNTS.robot, password: 'wrong' }),
      reader: connectionAs(ACCOUNTS.reader),
    } as const;
    // The log knows whose write it was, but not for what: what came since the last turn belongs to the side that had it.
    const counted: Record<Side, string[]> = { execute: [], compensate: [] };
    let side: Side = 'execute';
    const count = async (): Promise<void> => {
      const seen = counted.execute.length + counted.compensate.length;
      counted[side].push(...(await writesIn(admin, branch)).slice(seen));
    };
    return {
      tenant: `law${made}`,
      admin,
      people,
      groups,
      connection: (as) => connections[as],
      state: () => contentsOf(admin, branch),
      writes: async (of) => {
        await count();
        return counted[of];
      },
      turn: async (next) => {
        if (next === side) return;
        await count();
        side = next;
      },
      arm: (fault, _side, { n }) => {
        cutter.cut(fault === 'cutBefore' ? 'before' : 'after', n);
        return Promise.resolve();
      },
      disarm: () => {
        cutter.stop();
        return Promise.resolve();
      },
      close: async () => {
        for (const connection of Object.values(connections)) await disconnect(connection);
        await cutter.close();
      },
    };
  };
  return {
    evidence: 'real',
    server: `OpenLDAP slapd ${program.version}, ${program.origin}`,
    world,
    close: async () => {
      await admin.unbind();
      await slapd.stop();
    },
  };
}

/** Operational attributes that tell what an account may do; the others tell when and by whom. */
const TELLING = ['*', 'memberOf', 'pwdAccountLockedTime'];

async function contentsOf(admin: Client, branch: string): Promise<Json> {
  const { searchEntries } = await admin.search(branch, { scope: 'sub', attributes: TELLING });
  const entries = searchEntries.map(({ dn, ...attributes }): [string, Json] => [
    dn,
    Object.fromEntries(
      Object.entries(attributes)
        .map(([name, value]): [string, string[]] => [name, [value].flat().map(String).sort()])
        .filter(([, values]) => values.length > 0),
    ),
  ]);
  return Object.fromEntries(entries);
}

/** Our successful writes below a branch, in their order. */
async function writesIn(admin: Client, branch: string): Promise<readonly string[]> {
  const { searchEntries } = await admin.search(ACCESS_LOG, {
    scope: 'one',
    filter: `(&(objectClass=auditWriteObject)(reqAuthzID=${ACCOUNTS.robot.bindDn}))`,
    attributes: ['reqStart', 'reqType', 'reqDN'],
  });
  const text = (value: unknown): string => String(value);
  return searchEntries
    .filter((entry) => text(entry['reqDN']).endsWith(branch))
    .sort((a, b) => text(a['reqStart']).localeCompare(text(b['reqStart'])))
    .map((entry) => `${text(entry['reqType'])} ${text(entry['reqDN']).replace(`,${branch}`, '')}`);
}
