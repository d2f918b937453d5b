/**
 * What the authority's rows say, and what can be asked of them.
 * Adapter ring; types only. `authority.ts` is the one over Postgres.
 */
import type { TrustLedger } from '../governance/trust';
import type { Window } from '../governance/figures/guardrails';
import type { Json } from '../kernel/json';
import type { Attempt } from '../kernel/failure';
import type { ActionKey, ExecuteAdmission, ExecuteRequest, Recorded } from './barrier';

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
  /** Of a general guardrail: true where nothing is taken, and it is looked at only while all others are well used. */
  readonly z?: boolean;
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
  /** Since when its patience counts, where it was paused meanwhile. */
  readonly patientFrom: number | null;
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
  /** What it really cost beyond, or below, what it had reserved; with the limits of the ask, past which it is a breach. */
  readonly costs?: readonly Pick<Ask, 'k' | 'w' | 'u' | 'l' | 'p'>[];
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
  /** That its automation stops until a person resumes it, with the counts that stopped it. */
  readonly stopped?: { readonly failed: number; readonly finished: number };
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
  /** The same, and in the same transaction the admission of another action; nobody is admitted where there was nothing to commit. */
  commitAndAdmit(
    key: ActionKey,
    result: { readonly output: Json; readonly undo: Json },
    end: { readonly at: number; readonly end: AttemptEnd },
    next: {
      readonly asked: ExecuteRequest;
      readonly scope: AuthorityScope;
      readonly asks: readonly Ask[];
    },
  ): Promise<
    | {
        readonly attempts: readonly Attempt[];
        readonly holder: string;
        readonly admission: GovernedAdmission;
      }
    | undefined
  >;
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
  /** Sets controls, or takes them away, all of one tenant and all at one instant; whoever they touch asks again. */
  control(...controls: readonly [Control, ...Control[]]): Promise<void>;
  /** Puts a ledger in place of what was earned here, labelled with who imported it and why. */
  importTrust(
    tenant: string,
    earned: { readonly ledger: TrustLedger; readonly memory: readonly Remembered[] },
    label: { readonly by: string; readonly reason: string; readonly at: number },
  ): Promise<void>;
  /**
   * Folds breaches that nobody has folded yet into the ledger, of guardrails and by effects that could not be undone: `fold` is
   * given the ledger and how many there are.
   * The ledger that stands then; `undefined` where there was no breach.
   */
  foldBreaches(
    tenant: string,
    fold: (ledger: TrustLedger | null, breaches: number) => TrustLedger,
  ): Promise<TrustLedger | undefined>;
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
