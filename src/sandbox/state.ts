/**
 * The whole state of the sandbox: every tenant's world and effects, the faults, the clock; and the one way in which
 * it changes, which is by a record in the log.
 * Adapter ring. What is in memory and what is on disk never differ by more than the request in hand.
 */
import { randomBytes } from 'node:crypto';
import type { JsonObject } from '../kernel/json';
import { TokenOffice } from './credentials';
import { Effects, type EffectsDump } from './effects';
import { FaultBook, merged, type Fault } from './faults';
import { RequestLog, type LogRecord } from './log';
import { seedWorld } from './seed';
import { COLLECTIONS, type CollectionName } from './collections';
import { World, type Change, type WorldDump } from './world';

/** The tenants that exist before anybody seeds: two, so that isolation can be seen. */
export const DEFAULT_TENANTS: readonly string[] = ['acme', 'globex'];

interface Tenant {
  world: World;
  effects: Effects;
}

interface StateDump {
  readonly format: 1;
  readonly seq: number;
  readonly secret: string;
  readonly clockOffsetMs: number;
  readonly faults: readonly Fault[];
  readonly tenants: Readonly<Record<string, { readonly world: WorldDump; readonly effects: EffectsDump }>>;
}

/** A world as it can be put back: what `snapshot?view=dump` gives and `restore` takes. */
export type WorldsDump = Readonly<Record<string, WorldDump>>;

interface RecentChange extends Change {
  readonly tenant: string;
  readonly atMs: number;
}

/** Changes remembered for reads that lag behind, and for how long: longer lags than this are not simulated. */
const RECENT_MAX = 2_000;

export class SandboxState {
  readonly faults = new FaultBook();
  offices: TokenOffice;
  seq = 0;
  private secret = randomBytes(24).toString('hex');
  private clockOffsetMs = 0;
  private readonly tenants = new Map<string, Tenant>();
  private recent: RecentChange[] = [];
  private readonly log: RequestLog;

  constructor(
    dir: string,
    options: {
      readonly durable: boolean;
      readonly seeds: Readonly<Record<string, { readonly people: number }>>;
    },
  ) {
    this.offices = new TokenOffice(this.secret);
    this.log = RequestLog.open<StateDump>(dir, options.durable, {
      checkpoint: (dump) => this.load(dump),
      record: (record) => this.replay(record),
    });
    for (const [tenant, { people }] of Object.entries(options.seeds)) {
      if (!this.tenants.has(tenant)) this.seed(tenant, people);
    }
    this.log.checkpoint(this.dump());
  }

  now(): Date {
    return new Date(Date.now() + this.clockOffsetMs);
  }

  get tenantNames(): readonly string[] {
    return [...this.tenants.keys()];
  }

  world(tenant: string): World | undefined {
    return this.tenants.get(tenant)?.world;
  }

  effects(tenant: string): Effects | undefined {
    return this.tenants.get(tenant)?.effects;
  }

  /** Writes a request to the log, then counts it. Its changes are already in the world. */
  commit(record: Omit<LogRecord, 'seq' | 'at'>): void {
    const full: LogRecord = { seq: this.seq + 1, at: this.now().toISOString(), ...record };
    this.log.append(full);
    this.seq = full.seq;
    this.count(full);
    if (full.changes) this.remember(full.tenant, full.changes);
    if (this.log.isFull) this.log.checkpoint(this.dump());
  }

  /** The rows of a tenant that changed within the last `ms`, as they were before: what a lagging read sees. */
  past(tenant: string, ms: number): ReadonlyMap<string, JsonObject | null> {
    const since = Date.now() - ms;
    const past = new Map<string, JsonObject | null>();
    for (const change of this.recent) {
      const key = `${change.collection}/${change.id}`;
      if (change.tenant === tenant && change.atMs >= since && !past.has(key)) past.set(key, change.before);
    }
    return past;
  }

  /** Lets somebody else change a row, outside of any API: `set` is merged into it, null removes it. */
  change(tenant: string, collection: string, id: string, set: JsonObject | null): readonly Change[] {
    const world = this.world(tenant);
    if (!world || !(collection in COLLECTIONS))
      throw new Error(`no collection \`${collection}\` of tenant \`${tenant}\``);
    const name = collection as CollectionName;
    const transaction = world.begin();
    if (set === null) transaction.remove(name, id);
    else transaction.put(name, id, merged(transaction.get(name, id) ?? {}, set));
    return transaction.changes();
  }

  setClock(offsetMs: number): void {
    this.clockOffsetMs = offsetMs;
    this.commit({ ...adminRecord('clock'), clock: offsetMs });
  }

  get clockOffset(): number {
    return this.clockOffsetMs;
  }

  saveFaults(): void {
    this.commit({ ...adminRecord('faults'), book: this.faults.all() });
  }

  /** Puts a tenant's world back to its seed and forgets its effects; without a tenant, everything. */
  reset(tenant?: string): void {
    if (tenant === undefined) {
      this.faults.remove();
      this.clockOffsetMs = 0;
      for (const name of this.tenants.keys()) this.seed(name, 0);
      this.log.checkpoint(this.dump(), { forget: true });
      return;
    }
    this.seed(tenant, 0);
    this.log.checkpoint(this.dump());
  }

  /** A fresh world for a tenant, which is made if it is new, with `people` more contractors for load. */
  reseed(tenant: string, people: number): void {
    this.seed(tenant, people);
    this.log.checkpoint(this.dump());
  }

  worlds(): WorldsDump {
    return Object.fromEntries([...this.tenants].map(([name, { world }]) => [name, world.dump()]));
  }

  /** Replaces worlds; the counts of effects stay, for a restore is not an effect. */
  restore(worlds: WorldsDump): void {
    for (const [name, dump] of Object.entries(worlds)) {
      const old = this.tenants.get(name);
      if (!old) this.offices.addTenant(name);
      this.tenants.set(name, { world: World.from(name, dump), effects: old?.effects ?? new Effects() });
    }
    this.recent = [];
    this.log.checkpoint(this.dump());
  }

  page(after: number, limit: number, wanted: (record: LogRecord) => boolean): Promise<LogRecord[]> {
    return this.log.page(after, limit, wanted);
  }

  /** Ends in good order: the next start replays nothing. */
  close(): void {
    this.log.checkpoint(this.dump());
    this.log.close();
  }

  private seed(tenant: string, people: number): void {
    if (!this.tenants.has(tenant)) this.offices.addTenant(tenant);
    this.tenants.set(tenant, { world: seedWorld(tenant, people), effects: new Effects() });
    this.recent = this.recent.filter((change) => change.tenant !== tenant);
  }

  private count(record: LogRecord): void {
    if (record.kind === 'request') this.tenants.get(record.tenant)?.effects.count(record);
  }

  private remember(tenant: string, changes: readonly Change[]): void {
    const atMs = Date.now();
    for (const change of changes) this.recent.push({ ...change, tenant, atMs });
    if (this.recent.length > 2 * RECENT_MAX) this.recent = this.recent.slice(-RECENT_MAX);
  }

  private load(dump: StateDump): void {
    this.seq = dump.seq;
    this.secret = dump.secret;
    this.offices = new TokenOffice(dump.secret);
    this.clockOffsetMs = dump.clockOffsetMs;
    this.faults.replace(dump.faults);
    for (const [name, tenant] of Object.entries(dump.tenants)) {
      this.offices.addTenant(name);
      this.tenants.set(name, {
        world: World.from(name, tenant.world),
        effects: Effects.from(tenant.effects),
      });
    }
  }

  private replay(record: LogRecord): void {
    this.seq = record.seq;
    const tenant = this.tenants.get(record.tenant);
    if (tenant && record.changes) tenant.world.apply(record.changes);
    if (tenant && record.ids !== undefined) tenant.world.ids = record.ids;
    this.count(record);
    if (record.clock !== undefined) this.clockOffsetMs = record.clock;
    if (record.book) this.faults.replace(record.book as readonly Fault[]);
    else if (record.seen) this.faults.recount(record.seen, record.faults ?? []);
  }

  private dump(): StateDump {
    return {
      format: 1,
      seq: this.seq,
      secret: this.secret,
      clockOffsetMs: this.clockOffsetMs,
      faults: this.faults.all(),
      tenants: Object.fromEntries(
        [...this.tenants].map(([name, { world, effects }]) => [
          name,
          { world: world.dump(), effects: effects.dump() },
        ]),
      ),
    };
  }
}

/** The record of something done through the admin API. */
export function adminRecord(op: string): Omit<LogRecord, 'seq' | 'at'> {
  return {
    kind: 'admin',
    vendor: '',
    tenant: '',
    op: `admin.${op}`,
    method: 'POST',
    path: `/__admin/${op}`,
    target: op,
    action: '',
    status: 200,
  };
}
