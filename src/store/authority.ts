/**
 * The authority's rows: admission fused with the barrier, settling fused with the commit, holds and their release, controls.
 * Each method is one statement, and so one round trip and one transaction.
 * Adapter ring. It judges nothing: it takes units where there is room, and tells what it read. All methods throw StoreError.
 */
import { randomUUID } from 'node:crypto';
import type { TrustLedger } from '../governance/trust';
import type { Window } from '../governance/figures/guardrails';
import { windowAt } from '../governance/reserve';
import { invariant } from '../kernel/invariant';
import type { Json } from '../kernel/json';
import type { Attempt } from '../kernel/failure';
import {
  ABANDON,
  CLAIM,
  CONTROL,
  CONTROLS,
  COUNT_IN_FLIGHT,
  DUE,
  FORGET,
  GIVE_BACK,
  HOLD,
  IMPORT_TRUST,
  IN_FLIGHT,
  QUEUE,
  DUE_TENANTS,
  RELEASE,
  STANDING,
} from './authority-statements';
import type {
  Ask,
  AttemptEnd,
  Authority,
  AuthorityScope,
  Control,
  GovernedAdmission,
  Said,
  WaitingAction,
  Woken,
} from './authority-port';
import { attemptText, boxed, executeAdmission, short, type ActionKey, type ExecuteRequest } from './barrier';
import {
  ADMIT_GOVERNED,
  COMMIT_AND_ADMIT_GOVERNED,
  COMMIT_GOVERNED,
  RECORD_FAILURE_GOVERNED,
  type AdmittedRow,
} from './barrier-statements';
import type { Database } from './database';

export type * from './authority-port';

/** The authority over Postgres. */
export function createAuthority(database: Database): Authority {
  /** The tenant is the first argument of each statement, and whose rows it sees. */
  const run = async (
    statement: { readonly name: string; readonly text: string },
    tenant: string,
    ...values: unknown[]
  ) => {
    await database.of(tenant).query({ ...statement, values: [tenant, ...values] });
  };
  return {
    ...rowsForPeople(database),
    async admit(request, scope, asks) {
      const { key, firing } = request;
      const holder = randomUUID();
      const [row] = await database.of(key.tenant).query<AdmittedRow & { readonly said: SaidRow }>({
        ...ADMIT_GOVERNED,
        values: [key.tenant, ...askingValues({ request, scope, asks, holder })],
      });
      invariant(row !== undefined, 'an admission says something');
      return { holder, admission: admissionOf(row, { holder, firing, asks }) };
    },
    async commit(key, result, end) {
      const [row] = await database.of(key.tenant).query<{ attempts: readonly Attempt[] }>({
        ...COMMIT_GOVERNED,
        values: [key.tenant, ...endValues(key, result, end)],
      });
      return row === undefined ? undefined : { attempts: row.attempts };
    },
    async commitAndAdmit(key, result, end, { asked: request, scope, asks }) {
      invariant(key.tenant === request.key.tenant, 'what follows an action is of its outcome');
      const holder = randomUUID();
      const [row] = await database
        .of(key.tenant)
        .query<AdmittedRow & { readonly said: SaidRow; readonly done: readonly Attempt[] }>({
          ...COMMIT_AND_ADMIT_GOVERNED,
          values: [
            key.tenant,
            ...endValues(key, result, end),
            ...askingValues({ request, scope, asks, holder }),
          ],
        });
      if (row === undefined) return undefined;
      const { firing } = request;
      return { attempts: row.done, holder, admission: admissionOf(row, { holder, firing, asks }) };
    },
    async recordFailure(key, attempt, { holder, isLast, at, end }) {
      const unclear = attempt.failure?.effect === 'unknown';
      const [row] = await database.of(key.tenant).query<{ attempts: readonly Attempt[]; unclear: boolean }>({
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
        key.tenant,
        ...[key.outcome, key.node, firing, at, holder],
        ...[JSON.stringify(scope), JSON.stringify(asks), JSON.stringify(hold)],
      ),
    giveBack: (key, holder, at) => run(GIVE_BACK, key.tenant, key.outcome, key.node, at, holder),
    control: (...rows) => run(CONTROL, rows[0].tenant, JSON.stringify(rows)),
    importTrust: (tenant, { ledger, memory }, label) =>
      run(
        IMPORT_TRUST,
        tenant,
        ...[JSON.stringify(ledger), JSON.stringify(memory), JSON.stringify(label), label.at],
      ),
    foldBreaches: (tenant, fold) =>
      database.of(tenant).transaction(async (client) => {
        await client.query('SELECT authority_lock($1)', [tenant]);
        const { rowCount } = await client.query(TAKE_BREACHES, [tenant]);
        if (rowCount === null || rowCount === 0) return undefined;
        const find = 'SELECT trust FROM authority_tenants WHERE tenant = $1';
        const { rows } = await client.query<{ trust: TrustLedger | null }>(find, [tenant]);
        const ledger = fold(rows[0]?.trust ?? null, rowCount);
        await client.query(KEEP_LEDGER, [tenant, JSON.stringify(ledger)]);
        return ledger;
      }),
    async claim(at, againAfterMs, limit) {
      return database.shared.query<Woken>({ ...CLAIM, values: [at, againAfterMs, limit] });
    },
    forget: (tenant) => run(FORGET, tenant),
    told: ({ tenant, outcome, node, firing, wake }) => run(TOLD, tenant, outcome, node, wake, firing),
    abandon: ({ tenant, outcome, node, firing, wake }, at) =>
      run(ABANDON, tenant, outcome, node, firing, wake, at),
    async tick(at, againAfterMs) {
      const { shared } = database;
      const tenants = await shared.query<{ tenant: string }>({ ...DUE_TENANTS, values: [at] });
      for (const { tenant } of tenants) await run(RELEASE, tenant, at);
      const [row] = await shared.query<{ due: number | null }>({ ...DUE, values: [at, againAfterMs] });
      return row?.due ?? null;
    },
  };
}

/** Breaches that a settlement or a failed undo has marked: each is taken once. */
const TAKE_BREACHES = `DELETE FROM authority_controls WHERE tenant = $1 AND scope = 'tenant' AND kind LIKE 'breach:%'`;

const KEEP_LEDGER = `INSERT INTO authority_tenants (tenant, trust) VALUES ($1, $2::jsonb)
ON CONFLICT (tenant) DO UPDATE SET trust = excluded.trust`;

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
      const values = [tenant, automation, `flight:${automation}`];
      const [row] = await database.of(tenant).query<{ used: number }>({ ...COUNT_IN_FLIGHT, values });
      return row?.used ?? 0;
    },
    executing: (tenant, automation) =>
      database.of(tenant).query<{ outcome: string; node: string; awf: string }>({
        ...IN_FLIGHT,
        values: [tenant, automation],
      }),
    controls: (tenant) =>
      database.of(tenant).query<Omit<Control, 'tenant'>>({
        ...CONTROLS,
        values: [tenant],
      }),
    counters: (tenant, at) =>
      database
        .of(tenant)
        .query<{ key: string; bucket: number; used: number }>({ ...STANDING, values: [tenant, at] }),
    async standing(tenant) {
      const text =
        'SELECT trust, trust_imported AS imported, version FROM authority_tenants WHERE tenant = $1';
      const rows = await database
        .of(tenant)
        .query<{ trust: TrustLedger | null; imported: Json; version: number }>({
          text,
          values: [tenant],
        });
      return rows[0] ?? { trust: null, imported: null, version: 0 };
    },
    queue: (tenant, limit) => database.of(tenant).query<WaitingAction>({ ...QUEUE, values: [tenant, limit] }),
  };
}

/** What a commit takes after the tenant. */
const endValues = (
  { outcome, node }: ActionKey,
  { output, undo }: { readonly output: Json; readonly undo: Json },
  { at, end }: { readonly at: number; readonly end: AttemptEnd },
): readonly unknown[] => [outcome, node, boxed(output), boxed(undo), at, JSON.stringify(end)];

/** What an admission takes after the tenant. */
const askingValues = ({
  request: { key, firing, at, leaseMs, isAlone, lost, keep },
  scope,
  asks,
  holder,
}: {
  readonly request: ExecuteRequest;
  readonly scope: AuthorityScope;
  readonly asks: readonly Ask[];
  readonly holder: string;
}): readonly unknown[] => [
  ...[key.outcome, key.node, firing, holder, at, leaseMs, isAlone],
  JSON.stringify(short(lost)),
  keep?.awf ?? null,
  keep === undefined ? null : boxed(keep.input),
  ...[scope.automation ?? null, scope.runbook, scope.domain, scope.awf, scope.system, scope.probeMs],
  ...columnsOf(asks, at),
];

/** Start of the window that holds a time; 0 for what is counted at once. */
const bucketOf = (window: Window, at: number): number => windowAt(window, at)?.from ?? 0;

/** Asks as the columns that admission takes: first their units as they are kept, what is taken once apart; then an array a member. */
function columnsOf(asks: readonly Ask[], at: number): readonly unknown[] {
  const buckets = asks.map(({ w }) => bucketOf(w, at));
  const units = (isOnce: boolean) =>
    asks.flatMap(({ k, u, o }, n) => (u > 0 && (o === true) === isOnce ? [{ k, b: buckets[n], u }] : []));
  const once = units(true);
  return [
    JSON.stringify(units(false)),
    once.length === 0 ? null : JSON.stringify(once),
    asks.map(({ k }) => k),
    buckets,
    asks.map(({ u }) => u),
    asks.map(({ l }) => l),
    asks.map(({ p }) => p ?? null),
    asks.map(({ o }) => o === true),
    asks.map(({ z }) => z ?? null),
  ];
}

/** What was asked for in fact, of that what was looked at: an action that holds its units already asks for none. */
function askedOf(asks: readonly Ask[], { used, asking, once }: SeenRow): Said['asked'] {
  const asked = asks.flatMap(({ k, w, u, o }) => {
    if (used[k] === undefined) return [];
    const isHeld = asking === 'none' || (asking === 'at_once' && w !== 'at_once') || (o === true && once);
    return [[k, isHeld ? 0 : u] as const];
  });
  return Object.fromEntries(asked);
}

type SeenRow = Omit<Said, 'asked'> & {
  /** All units were asked for, or those that count at once, or none. */
  readonly asking: 'all' | 'at_once' | 'none';
  /** Whether the outcome has taken before what it takes once. */
  readonly once: boolean;
};

type SaidRow =
  | SeenRow
  | { readonly verdict: 'skip'; readonly decision: string | null }
  | { readonly verdict: 'expired'; readonly since: number };

function admissionOf(
  row: AdmittedRow & { readonly said: SaidRow },
  {
    holder,
    firing,
    asks,
  }: { readonly holder: string; readonly firing: number; readonly asks: readonly Ask[] },
): GovernedAdmission {
  const { said } = row;
  switch (said.verdict) {
    case 'expired':
      return { kind: 'expired', since: said.since };
    case 'blocked':
      return { kind: 'blocked', said: { ...said, asked: askedOf(asks, said) } };
    case 'skip':
      return {
        kind: 'skip',
        admission: executeAdmission(row, holder, firing),
        ...(said.decision === null ? {} : { decision: said.decision }),
      };
    case 'go':
      return {
        kind: 'let',
        admission: executeAdmission(row, holder, firing),
        said: { ...said, asked: askedOf(asks, said) },
      };
  }
}
