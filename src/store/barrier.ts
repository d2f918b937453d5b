/**
 * The barrier: a row an action, written before the effect can exist, so that execute and compensate are safe in any order and
 * any number of arrivals. Every step is one statement that inserts or updates under the row's lock; nothing is checked first
 * and written afterwards.
 * Adapter ring. It knows no AWF, no retry table and no Temporal; `docs/execution.md` draws its states.
 */
import { randomUUID } from 'node:crypto';
import type { Stray } from '../engine/effects';
import type { Attempt, Failure } from '../kernel/failure';
import { invariant } from '../kernel/invariant';
import { keptText, type Json } from '../kernel/json';
import {
  ADMIT_COMPENSATE,
  ADMIT_EXECUTE,
  COMMIT,
  COMMIT_COMPENSATE,
  FENCE,
  KEEP_PRIOR,
  KEPT,
  READ,
  RECORD_FAILURE,
  RECORD_UNDO_FAILURE,
  STRAYS,
  type AdmittedRow,
  type StrayRow,
} from './barrier-statements';
import type { Database } from './database';

/** One action of one outcome. */
export interface ActionKey {
  readonly tenant: string;
  /** Outcome id. */
  readonly outcome: string;
  readonly node: string;
}

export interface ExecuteRequest {
  readonly key: ActionKey;
  /** Which asking of the workflow this is, from 1; each has retries of its own. */
  readonly firing: number;
  /** How long this attempt may write at most, in milliseconds from now. */
  readonly leaseMs: number;
  /** Whether to wait until an attempt that left no record can't write any more: for effects unfit to run twice at once. */
  readonly isAlone: boolean;
  /** Kept where the history may never hear of the firing, so that it can be found and undone all the same. */
  readonly keep?: { readonly awf: string; readonly input: Json };
  /** What was captured ahead of the admission; the first capture wins. */
  readonly prior?: Json;
  /** What an attempt that left no record counts as. */
  readonly lost: Failure;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export type ExecuteAdmission =
  /** Go: `attempt` counts all that were ever admitted, 1 is the first. `attempts` are the failed ones of this firing. */
  | {
      readonly kind: 'go';
      readonly holder: string;
      readonly attempt: number;
      readonly prior: Json | undefined;
      readonly attempts: readonly Attempt[];
    }
  /** It was committed before, and this is what was told then; also where it has been undone since. */
  | {
      readonly kind: 'done';
      readonly output: Json;
      readonly undo: Json;
      readonly attempts: readonly Attempt[];
    }
  /** This very firing failed for good before; the last attempt says how. */
  | { readonly kind: 'failed'; readonly attempts: readonly Attempt[]; readonly isUnclear: boolean }
  /** Its compensation came first, or a later firing did. */
  | { readonly kind: 'fenced' }
  | { readonly kind: 'wait'; readonly ms: number };

export interface CompensateRequest {
  readonly key: ActionKey;
  /** Which asking of the workflow this is, from 1; each has retries of its own. */
  readonly firing: number;
  /** Whether the history holds the commit: then it is undone even if the row was lost. */
  readonly isCommitted: boolean;
  /** What an attempt that left no record counts as. */
  readonly lost: Failure;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export type CompensateAdmission =
  /** No effect can exist, and none ever will: the row now refuses every execute. */
  | { readonly kind: 'neverRan' }
  /** Undo it. `output` and `args` are there if the effect was committed. */
  | {
      readonly kind: 'undo';
      readonly attempt: number;
      readonly prior: Json | undefined;
      readonly output: Json | undefined;
      readonly args: Json | undefined;
      readonly attempts: readonly Attempt[];
    }
  | { readonly kind: 'done'; readonly changed: boolean; readonly attempts: readonly Attempt[] }
  /** This very asking failed for good before. */
  | { readonly kind: 'failed'; readonly attempts: readonly Attempt[] }
  /** An attempt may still be writing. */
  | { readonly kind: 'wait'; readonly ms: number };

export interface Recorded {
  /** All failed attempts of the firing. */
  readonly attempts: readonly Attempt[];
  /** Whether any attempt of the action ended with its effect unknown. */
  readonly isUnclear: boolean;
}

/** `undefined` answers mean: overtaken, by another attempt or by the compensation. Ask for admission again. */
export interface Barrier {
  admitExecute(request: ExecuteRequest): Promise<ExecuteAdmission>;
  /** Keeps what was captured before the first write; the first capture wins, and is what comes back. */
  keepPrior(key: ActionKey, prior: Json): Promise<{ readonly prior: Json } | undefined>;
  /** What the action was fired as, where the history may never have heard of it; `undefined` where nothing was kept. */
  kept(key: ActionKey): Promise<{ readonly awf: string; readonly input: Json } | undefined>;
  commit(
    key: ActionKey,
    result: { readonly output: Json; readonly undo: Json },
  ): Promise<{ readonly attempts: readonly Attempt[] } | undefined>;
  /** `isLast`: the firing has failed for good; asked again it gets this answer again. */
  recordFailure(
    key: ActionKey,
    attempt: Attempt,
    how: { readonly holder: string; readonly isLast: boolean },
  ): Promise<Recorded | undefined>;
  admitCompensate(request: CompensateRequest): Promise<CompensateAdmission>;
  commitCompensate(
    key: ActionKey,
    changed: boolean,
  ): Promise<{ readonly changed: boolean; readonly attempts: readonly Attempt[] }>;
  recordUndoFailure(
    key: ActionKey,
    attempt: Attempt,
    how: {
      readonly isLast: boolean;
      /** Where trust is kept: an effect that can't be undone is marked as a breach of it, in the same statement. */
      readonly isBreach?: boolean;
    },
  ): Promise<readonly Attempt[] | undefined>;
  /**
   * What has acted, oldest first, in a firing that the workflow knows nothing of; and a fence before the nodes named, which are
   * never to be let through any more. `asked`: how often the workflow has fired each node.
   */
  strays(
    of: { readonly tenant: string; readonly outcome: string },
    nodes: { readonly asked: { readonly [node: string]: number }; readonly fence: readonly string[] },
  ): Promise<readonly Stray[]>;
}

/** Longest message of a failure that is kept, in characters: the row stays small. */
const MESSAGE_LENGTH = 300;
/** Waits are never shorter than this, in milliseconds: the clocks of database and worker differ. */
const SHORTEST_WAIT_MS = 50;

/** The barrier over Postgres. All methods throw StoreError, and nothing else. */
export function createBarrier(database: Database): Barrier {
  const read = async (key: ActionKey): Promise<AdmittedRow> => {
    const [row] = await database.of(key.tenant).query<AdmittedRow>({ ...READ, values: values(key) });
    invariant(row !== undefined, 'an action that was admitted has a row');
    return row;
  };
  return {
    async admitExecute(request) {
      const holder = randomUUID();
      const { key, firing, at, leaseMs, isAlone, lost, keep, prior } = request;
      const [row] = await database.of(key.tenant).query<AdmittedRow>({
        ...ADMIT_EXECUTE,
        values: [
          ...values(key),
          firing,
          holder,
          at,
          leaseMs,
          isAlone,
          JSON.stringify(short(lost)),
          keep?.awf ?? null,
          keep === undefined ? null : boxed(keep.input),
          prior === undefined ? null : boxed(prior),
        ],
      });
      invariant(row !== undefined, 'an upsert returns its row');
      return executeAdmission(row, holder, firing);
    },
    async keepPrior(key, prior) {
      const [row] = await database.of(key.tenant).query<{ prior: { v: Json } }>({
        ...KEEP_PRIOR,
        values: [...values(key), boxed(prior)],
      });
      return row === undefined ? undefined : { prior: row.prior.v };
    },
    async kept(key) {
      const [row] = await database
        .of(key.tenant)
        .query<{ awf: string | null; input: { v: Json } | null }>({ ...KEPT, values: values(key) });
      if (row?.awf == null || row.input === null) return undefined;
      return { awf: row.awf, input: row.input.v };
    },
    async commit(key, { output, undo }) {
      const [row] = await database.of(key.tenant).query<{ attempts: readonly Attempt[] }>({
        ...COMMIT,
        values: [...values(key), boxed(output), boxed(undo)],
      });
      return row;
    },
    async recordFailure(key, attempt, { holder, isLast }) {
      const [row] = await database.of(key.tenant).query<{ attempts: readonly Attempt[]; unclear: boolean }>({
        ...RECORD_FAILURE,
        values: [...values(key), holder, attemptText(attempt), attempt.failure?.effect === 'unknown', isLast],
      });
      return row === undefined ? undefined : { attempts: row.attempts, isUnclear: row.unclear };
    },
    async admitCompensate({ key, firing, at, lost, isCommitted }) {
      const [row] = await database.of(key.tenant).query<AdmittedRow>({
        ...ADMIT_COMPENSATE,
        values: [...values(key), firing, at, JSON.stringify(short(lost)), isCommitted],
      });
      invariant(row !== undefined, 'an upsert returns its row');
      return compensateAdmission(row, firing);
    },
    async commitCompensate(key, changed) {
      const [row] = await database.of(key.tenant).query<{ undo_attempts: readonly Attempt[] }>({
        ...COMMIT_COMPENSATE,
        values: [...values(key), changed],
      });
      if (row !== undefined) return { changed, attempts: row.undo_attempts };
      const other = await read(key);
      return { changed: other.undo_changed ?? changed, attempts: other.undo_attempts };
    },
    async recordUndoFailure(key, attempt, { isLast, isBreach = false }) {
      const [row] = await database.of(key.tenant).query<{ undo_attempts: readonly Attempt[] }>({
        ...RECORD_UNDO_FAILURE,
        values: [...values(key), attemptText(attempt), isLast, isBreach],
      });
      return row?.undo_attempts;
    },
    async strays({ tenant, outcome }, { asked, fence }) {
      // First the fence: what slips through before it is found behind it.
      const own = database.of(tenant);
      if (fence.length > 0) await own.query({ ...FENCE, values: [tenant, outcome, fence] });
      const rows = await own.query<StrayRow>({
        ...STRAYS,
        values: [tenant, outcome, Object.keys(asked), Object.values(asked)],
      });
      return rows.map(({ node, firing, input, undo }) => ({
        node,
        firing,
        input: input?.v ?? null,
        ...(undo === null ? {} : { args: undo.v }),
      }));
    },
  };
}

export function executeAdmission(row: AdmittedRow, holder: string, firing: number): ExecuteAdmission {
  const { phase, attempts } = row;
  if (row.holder === holder) {
    return { kind: 'go', holder, attempt: row.attempt, prior: row.prior?.v, attempts };
  }
  if (row.output !== null && (phase === 'committed' || row.firing === firing)) {
    return { kind: 'done', output: row.output.v, undo: row.undo?.v ?? null, attempts };
  }
  if (row.settled && row.firing === firing) return { kind: 'failed', attempts, isUnclear: row.unclear };
  if ((phase === 'acting' || phase === 'failed') && row.firing <= firing) {
    return { kind: 'wait', ms: Math.max(SHORTEST_WAIT_MS, row.lease_left_ms) };
  }
  return { kind: 'fenced' };
}

function compensateAdmission(row: AdmittedRow, firing: number): CompensateAdmission {
  const { phase, undo_attempts: attempts } = row;
  switch (phase) {
    case 'fenced':
      return { kind: 'neverRan' };
    case 'undone':
      return { kind: 'done', changed: row.undo_changed ?? true, attempts };
    case 'undoing':
      if (row.undo_settled && row.undo_firing === firing) return { kind: 'failed', attempts };
      return {
        kind: 'undo',
        attempt: row.undo_attempt,
        prior: row.prior?.v,
        output: row.output?.v,
        args: row.undo?.v,
        attempts,
      };
    default:
      return { kind: 'wait', ms: Math.max(SHORTEST_WAIT_MS, row.lease_left_ms) };
  }
}

const values = (key: ActionKey): string[] => [key.tenant, key.outcome, key.node];

export const boxed = (value: Json): string => JSON.stringify({ v: value });

/** A system may say anything, and a cut may halve a character. */
export const short = (failure: Failure): Failure => ({
  ...failure,
  message: keptText(failure.message.slice(0, MESSAGE_LENGTH)),
});

export const attemptText = (attempt: Attempt): string =>
  JSON.stringify(attempt.failure === undefined ? attempt : { ...attempt, failure: short(attempt.failure) });
