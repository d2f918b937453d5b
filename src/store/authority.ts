/**
 * The authority's rows: admission fused with the barrier, settling fused with the commit, holds and their release, controls.
 * Each method is one statement, and so one round trip and one transaction.
 * Adapter ring. It judges nothing: it takes units where there is room, and tells what it read. All methods throw StoreError.
 */
import { randomUUID } from 'node:crypto';
import type { TrustLedger } from '../governance/trust';
import type { Window } from '../governance/figures/guardrails';
import { invariant } from '../kernel/invariant';
import type { Json } from '../kernel/json';
import type { Attempt } from '../kernel/failure';
import {
  ABANDON,
  CLAIM,
  CONTROL,
  CONTROLS,
  COUNTERS,
  DUE,
  FORGET,
  GIVE_BACK,
  HOLD,
  IMPORT_TRUST,
  IN_FLIGHT,
  QUEUE,
  RELEASE,
  STANDING,
} from './authority-statements';
import {
  attemptText,
  boxed,
  executeAdmission,
  short,
  type ActionKey,
  type ExecuteAdmission,
} from './barrier';
import type { ExecuteRequest, Recorded } from './barrier';
import {
  ADMIT_GOVERNED,
  COMMIT_GOVERNED,
  RECORD_FAILURE_GOVERNED,
  type AdmittedRow,
} from './barrier-statements';
import type { Database } from './database';

/** Units of one key that an action asks for. */
export interface Ask {
  readonly k: string;
  readonly w: Window;
  readonly u: number;
  /** Most per window; null counts without a limit. */
  readonly l: number | null;
  /** Of a guardrail: what the tier prints; null where the contract says. A control can go as far as this. */
  readonly p?: number | null;
  /** Taken once an outcome, whatever number of its actions ask. */
  readonly o?: true;
}

/** Where an action stands: by these, pauses, kill switches, breakers and memory find it. */
export interface AuthorityScope {
  readonly automation?: string;
  readonly runbook: string;
  readonly domain: string;
  readonly awf: string;
  readonly system: string;
  /** How long a probe of an open breaker may take before another may go, in milliseconds. */
  readonly probeMs: number;
}

export type ControlScope =
  'tenant' | 'domain' | 'runbook' | 'automation' | 'outcome' | 'action' | 'node' | 'system';

/** A control in force, in the letters that the function of the database uses: scope, name, kind, value, by. */
export interface ControlSaid {
  readonly s: ControlScope;
  readonly n: string;
  readonly k: string;
  readonly v: Json;
  readonly b: string;
}

/** What the database knew at the instant of admission: the facts that only it has. */
export interface Said {
  /** `go`: units are taken. `blocked`: something that it can see holds the action. */
  readonly verdict: 'go' | 'blocked';
  readonly version: number;
  readonly trust: TrustLedger | null;
  readonly controls: readonly ControlSaid[];
  /** Successes and failures. */
  readonly memory: { readonly [scope in 'awf' | 'runbook']?: readonly [number, number] };
  readonly used: { readonly [key: string]: number };
  readonly asked: { readonly [key: string]: number };
  readonly short: readonly string[];
  /** When it was asked for first. */
  readonly since: number;
  /** Its place in the queue, where it had one. */
  readonly seq: number | null;
  readonly breaker: 'closed' | 'half_open' | 'open';
  readonly retryAt: number | null;
  readonly probeAt: number | null;
}

export type GovernedAdmission =
  /** There is a row of the barrier; `said` is what was read with it. */
  | { readonly kind: 'let'; readonly admission: ExecuteAdmission; readonly said: Said }
  | { readonly kind: 'blocked'; readonly said: Said }
  /** It was decided and fired before: the barrier has the answer, and this is the decision of then. */
  | { readonly kind: 'skip'; readonly admission: ExecuteAdmission; readonly decision?: string }
  /** It waited too long. */
  | { readonly kind: 'expired'; readonly since: number };

/** How an attempt ended, for counters, memory, trust and the breaker of its system. */
export interface AttemptEnd {
  /** `again`: the same firing will be tried again. */
  readonly how: 'done' | 'again' | 'failed';
  readonly runbook: string;
  readonly system: string;
  /** Whether the system answered, or its breaker counts an error; `none` says nothing of it. */
  readonly call: 'ok' | 'error' | 'none';
  readonly retryAt: number | null;
  readonly breaker: {
    readonly share: number;
    readonly windowMs: number;
    readonly fewest: number;
    readonly probeMs: number;
  };
  /** Figures by which the trust ledger moves, and a fresh ledger; null where this moves no trust. */
  readonly trust: Json;
  /** What it really cost beyond, or below, what it had reserved. */
  readonly costs?: readonly { readonly k: string; readonly w: Window; readonly u: number }[];
  /** The bytes of the decision that fired it. */
  readonly decision: string;
}

export interface Hold {
  readonly causes: readonly string[];
  readonly because: string;
  /** Keys whose room alone it waits for; empty where something else holds it too. */
  readonly waitsFor: readonly string[];
  readonly since: number;
  /** The place that it had before; absent: behind all others. */
  readonly seq?: number | null;
  readonly releasesAt: number | null;
  readonly expiresAt: number;
  /** Of what was said: an act of control that came later makes it ask again at once. */
  readonly version: number;
}

/** How firings of an action type, or under a runbook, have ended. */
export interface Remembered {
  readonly scope: 'awf' | 'runbook';
  readonly name: string;
  readonly successes: number;
  readonly failures: number;
}

/** One that waited and is to be told. */
export interface Woken {
  readonly tenant: string;
  readonly outcome: string;
  readonly node: string;
  readonly firing: number;
  /** Counts its grants: names the message. */
  readonly wake: number;
}

export interface Control {
  readonly tenant: string;
  readonly scope: ControlScope;
  readonly name: string;
  readonly kind: string;
  /** `null` takes it away. */
  readonly value: Json;
  readonly by: string;
  readonly reason: string;
  readonly at: number;
}

export interface WaitingAction {
  readonly outcome: string;
  readonly node: string;
  readonly awf: string;
  readonly automation: string | null;
  readonly state: string;
  readonly causes: readonly string[];
  readonly because: string;
  readonly since: number;
  readonly releasesAt: number | null;
}

export interface Authority {
  admit(
    request: ExecuteRequest,
    scope: AuthorityScope,
    asks: readonly Ask[],
  ): Promise<{ readonly holder: string; readonly admission: GovernedAdmission }>;
  commit(
    key: ActionKey,
    result: { readonly output: Json; readonly undo: Json },
    end: { readonly at: number; readonly end: AttemptEnd },
  ): Promise<{ readonly attempts: readonly Attempt[] } | undefined>;
  recordFailure(
    key: ActionKey,
    attempt: Attempt,
    how: { readonly holder: string; readonly isLast: boolean; readonly at: number; readonly end: AttemptEnd },
  ): Promise<Recorded | undefined>;
  /** Puts the action among those that wait; an admission of `holder`, if any, is taken back. */
  hold(
    asked: { readonly request: ExecuteRequest; readonly holder: string; readonly scope: AuthorityScope },
    asks: readonly Ask[],
    hold: Hold,
  ): Promise<void>;
  /** Takes an admission back under which nothing was fired and nothing waits. */
  giveBack(key: ActionKey, holder: string, at: number): Promise<void>;
  /** Sets a control, or takes it away; whoever it touches asks again. */
  control(control: Control): Promise<void>;
  /** Puts a ledger in place of what was earned here, labelled with who imported it and why. */
  importTrust(
    tenant: string,
    earned: { readonly ledger: TrustLedger; readonly memory: readonly Remembered[] },
    label: { readonly by: string; readonly reason: string; readonly at: number },
  ): Promise<void>;
  /** An effect that could not be undone: the ledger that `fold` gives of the one that stands is the tenant's from now on. */
  foldTrust(tenant: string, fold: (ledger: TrustLedger | null) => TrustLedger): Promise<void>;
  /** Admitted actions of an automation that are still executing. */
  inFlight(tenant: string, automation: string): Promise<number>;
  /** The same as a list, for people. */
  executing(
    tenant: string,
    automation: string,
  ): Promise<readonly { readonly outcome: string; readonly node: string; readonly awf: string }[]>;
  /** Those to be told, fair between tenants; another may take them again after `againAfterMs`. */
  claim(at: number, againAfterMs: number, limit: number): Promise<readonly Woken[]>;
  /** It was told: it will ask again. */
  told(woken: Woken): Promise<void>;
  /** Nobody waits there any more. */
  abandon(woken: Woken, at: number): Promise<void>;
  /** Releases what time has released, in every tenant; when to come again, or null where nothing waits for time. */
  tick(at: number, againAfterMs: number): Promise<number | null>;
  /** Everything of a tenant is gone: for one that leaves, and for demonstrations. Nothing of it may be running. */
  forget(tenant: string): Promise<void>;
  controls(tenant: string): Promise<readonly Omit<Control, 'tenant'>[]>;
  counters(
    tenant: string,
    at: number,
  ): Promise<readonly { readonly key: string; readonly bucket: number; readonly used: number }[]>;
  standing(
    tenant: string,
  ): Promise<{ readonly trust: TrustLedger | null; readonly imported: Json; readonly version: number }>;
  /** Those that wait, in the order of the queue. */
  queue(tenant: string, limit: number): Promise<readonly WaitingAction[]>;
}

/** The authority over Postgres. */
export function createAuthority(database: Database): Authority {
  const run = async (statement: { readonly name: string; readonly text: string }, ...values: unknown[]) => {
    await database.query({ ...statement, values });
  };
  return {
    ...rowsForPeople(database),
    async admit(request, scope, asks) {
      const { key, firing, at, leaseMs, isAlone, lost, keep } = request;
      const holder = randomUUID();
      const [row] = await database.query<AdmittedRow & { readonly said: SaidRow }>({
        ...ADMIT_GOVERNED,
        values: [
          ...[key.tenant, key.outcome, key.node, firing, holder, at, leaseMs, isAlone],
          JSON.stringify(short(lost)),
          keep?.awf ?? null,
          keep === undefined ? null : boxed(keep.input),
          JSON.stringify(scope),
          JSON.stringify(asks),
        ],
      });
      invariant(row !== undefined, 'an admission says something');
      return { holder, admission: admissionOf(row, holder, firing) };
    },
    async commit(key, { output, undo }, { at, end }) {
      const [row] = await database.query<{ attempts: readonly Attempt[] }>({
        ...COMMIT_GOVERNED,
        values: [key.tenant, key.outcome, key.node, boxed(output), boxed(undo), at, JSON.stringify(end)],
      });
      return row === undefined ? undefined : { attempts: row.attempts };
    },
    async recordFailure(key, attempt, { holder, isLast, at, end }) {
      const unclear = attempt.failure?.effect === 'unknown';
      const [row] = await database.query<{ attempts: readonly Attempt[]; unclear: boolean }>({
        ...RECORD_FAILURE_GOVERNED,
        values: [
          ...[key.tenant, key.outcome, key.node, holder, attemptText(attempt), unclear, isLast],
          ...[at, JSON.stringify(end)],
        ],
      });
      return row === undefined ? undefined : { attempts: row.attempts, isUnclear: row.unclear };
    },
    hold: ({ request: { key, firing, at }, holder, scope }, asks, hold) =>
      run(
        HOLD,
        ...[key.tenant, key.outcome, key.node, firing, at, holder],
        ...[JSON.stringify(scope), JSON.stringify(asks), JSON.stringify(hold)],
      ),
    giveBack: (key, holder, at) => run(GIVE_BACK, key.tenant, key.outcome, key.node, at, holder),
    control: ({ tenant, scope, name, kind, value, by, reason, at }) =>
      run(
        CONTROL,
        ...[tenant, scope, name, kind],
        value === null ? null : JSON.stringify(value),
        ...[by, reason, at],
      ),
    importTrust: (tenant, { ledger, memory }, label) =>
      run(
        IMPORT_TRUST,
        ...[tenant, JSON.stringify(ledger), JSON.stringify(memory), JSON.stringify(label)],
        label.at,
      ),
    foldTrust: (tenant, fold) =>
      database.transaction(async (client) => {
        await client.query('SELECT authority_lock($1)', [tenant]);
        const { rows } = await client.query<{ trust: TrustLedger | null }>(
          'SELECT trust FROM authority_tenants WHERE tenant = $1',
          [tenant],
        );
        await client.query(
          `INSERT INTO authority_tenants (tenant, trust) VALUES ($1, $2::jsonb)
          ON CONFLICT (tenant) DO UPDATE SET trust = excluded.trust`,
          [tenant, JSON.stringify(fold(rows[0]?.trust ?? null))],
        );
      }),
    async claim(at, againAfterMs, limit) {
      return database.query<Woken>({ ...CLAIM, values: [at, againAfterMs, limit] });
    },
    forget: (tenant) => run(FORGET, tenant),
    told: ({ tenant, outcome, node, firing, wake }) => run(TOLD, tenant, outcome, node, wake, firing),
    abandon: ({ tenant, outcome, node, firing, wake }, at) =>
      run(ABANDON, tenant, outcome, node, firing, wake, at),
    async tick(at, againAfterMs) {
      await run(RELEASE, at);
      const [row] = await database.query<{ due: number | null }>({ ...DUE, values: [at, againAfterMs] });
      return row?.due ?? null;
    },
  };
}

/** One that was told keeps its place in the queue, should it be held again; an expired one is told once too. */
const TOLD = {
  name: 'authority-told',
  text: `UPDATE authority_waiters SET state = 'told' WHERE tenant = $1 AND outcome = $2 AND node = $3 AND wake = $4 AND firing = $5
AND state IN ('granted', 'expired')`,
};

function rowsForPeople(
  database: Database,
): Pick<Authority, 'inFlight' | 'executing' | 'controls' | 'counters' | 'standing' | 'queue'> {
  return {
    async inFlight(tenant, automation) {
      const key = `flight:${automation}`;
      const rows = await database.query<{ used: number }>({ ...COUNTERS, values: [tenant, [key], [0]] });
      return rows[0]?.used ?? 0;
    },
    executing: (tenant, automation) =>
      database.query<{ outcome: string; node: string; awf: string }>({
        ...IN_FLIGHT,
        values: [tenant, automation],
      }),
    controls: (tenant) =>
      database.query<Omit<Control, 'tenant'>>({
        ...CONTROLS,
        values: [tenant],
      }),
    counters: (tenant, at) =>
      database.query<{ key: string; bucket: number; used: number }>({ ...STANDING, values: [tenant, at] }),
    async standing(tenant) {
      const text =
        'SELECT trust, trust_imported AS imported, version FROM authority_tenants WHERE tenant = $1';
      const rows = await database.query<{ trust: TrustLedger | null; imported: Json; version: number }>({
        text,
        values: [tenant],
      });
      return rows[0] ?? { trust: null, imported: null, version: 0 };
    },
    queue: (tenant, limit) => database.query<WaitingAction>({ ...QUEUE, values: [tenant, limit] }),
  };
}

type SaidRow =
  | Said
  | { readonly verdict: 'skip'; readonly decision: string | null }
  | { readonly verdict: 'expired'; readonly since: number };

function admissionOf(
  row: AdmittedRow & { readonly said: SaidRow },
  holder: string,
  firing: number,
): GovernedAdmission {
  const { said } = row;
  switch (said.verdict) {
    case 'expired':
      return { kind: 'expired', since: said.since };
    case 'blocked':
      return { kind: 'blocked', said };
    case 'skip':
      return {
        kind: 'skip',
        admission: executeAdmission(row, holder, firing),
        ...(said.decision === null ? {} : { decision: said.decision }),
      };
    case 'go':
      return { kind: 'let', admission: executeAdmission(row, holder, firing), said };
  }
}
