/**
 * The laws' worlds in the sandbox: a tenant each, put back to its seed and used again, because the sandbox saves all that it
 * holds whenever one is made. State and writes come from its admin API.
 */
import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Connection } from '../../../src/dsl/effect';
import type { JsonObject } from '../../../src/kernel/json';
import {
  credentialsFor,
  personIds,
  SandboxAdmin,
  sandboxConnections,
  startSandboxProcess,
  type FaultInput,
  type PersonIds,
} from '../../../src/sandbox';
import type { As, Fault, LawStand, LawWorld, Write } from './world';

type System = keyof ReturnType<typeof sandboxConnections>;

export interface SandboxWorld extends LawWorld {
  readonly admin: SandboxAdmin;
  person(name: string): PersonIds;
  /** Rows of one of the vendors' collections, by id. */
  rows(collection: string): Promise<Readonly<Record<string, JsonObject>>>;
}

const EFFECTS: Readonly<Record<Fault, FaultInput['effect']>> = {
  cutBefore: { kind: 'cut_before' },
  cutAfter: { kind: 'cut_after' },
  errorBefore: { kind: 'error_before', status: 503 },
  errorAfter: { kind: 'error_after', status: 500 },
  rateLimit: { kind: 'rate_limit', retryAfterSeconds: 1 },
};

export async function openSandboxStand(): Promise<(system: System) => LawStand<SandboxWorld>> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'backstep-laws-'));
  const sandbox = await startSandboxProcess({ dataDir });
  const admin = new SandboxAdmin(sandbox.urls.admin);
  const idle: string[] = [];
  let made = 0;
  const stand = (system: System): LawStand<SandboxWorld> => ({
    evidence: 'sandbox',
    server: 'the sandbox',
    world: async () => {
      const used = idle.shift();
      const tenant = used ?? `law${(made += 1)}`;
      await (used === undefined ? admin.seed(tenant) : admin.reset(tenant));
      return worldOf(tenant, system);
    },
    close: async () => {
      await sandbox.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  });

  const worldOf = (tenant: string, system: System): SandboxWorld => {
    let armed: string[] = [];
    const clear = async (): Promise<void> => {
      const ordered = armed;
      armed = [];
      for (const fault of ordered) await admin.clearFaults(fault);
    };
    return {
      tenant,
      admin,
      person: (name) => personIds(tenant, name),
      rows: async (collection) => {
        const { world } = await admin.snapshot({ tenant });
        return ((world[tenant] as JsonObject)[collection] ?? {}) as Readonly<Record<string, JsonObject>>;
      },
      connection: (as: As): Connection => {
        const credentials = credentialsFor(tenant, as === 'reader' ? 'readOnly' : 'full');
        const connection = sandboxConnections(sandbox.urls, credentials)[system];
        return as === 'nobody' ? withoutSecrets(connection) : connection;
      },
      state: async () => (await admin.snapshot({ tenant, view: 'standing' })).world,
      writes: async (side): Promise<readonly Write[]> => {
        const { actions } = await admin.effects({ tenant });
        return actions
          .filter(({ key }) => key.endsWith(`|${side}`))
          .flatMap(({ targets }) => Object.entries(targets))
          .flatMap(([target, count]) => Array.from({ length: count }, () => target.split(' ', 1)[0]!))
          .filter((op) => !BINDS_NOBODY.test(op));
      },
      arm: async (fault, side, { n, usual }) => {
        const op = usual?.[n];
        assert.ok(op !== undefined, 'the sandbox counts every write');
        // The same operation may be called more than once: for two groups, for two items.
        const skip = usual!.slice(0, n).filter((earlier) => earlier === op).length;
        const { id } = await admin.addFault({
          match: { tenant, action: `|${side}|`, op },
          effect: EFFECTS[fault],
          skip,
          times: 1,
        });
        armed.push(id);
      },
      disarm: clear,
      close: async () => {
        await clear();
        idle.push(tenant);
      },
    };
  };
  return stand;
}

function withoutSecrets(connection: Connection): Connection {
  return {
    ...connection,
    secrets: Object.fromEntries(Object.keys(connection.secrets).map((name) => [name, 'wrong'])),
  };
}

/** Writes of a draft of Workday's: only its submit changes anything that counts. */
const BINDS_NOBODY = /^workday\.jobChanges\.(initiate|contract\.update)$/;
