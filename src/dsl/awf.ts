/**
 * The contract of an Atomic Work Function: everything the compiler, the rules, the simulator and a reader must know of it,
 * as data and pure functions. Authoring ring: zod, no I/O, no SDK. The effect lives beside it, in `activities/<system>/`.
 */
import type { z } from 'zod';
import type { DurationText } from '../kernel/duration';
import type { FailureClass } from '../kernel/failure';
import type { Json } from '../kernel/json';
import type { RiskDimensions } from '../plan/plan';

/** How an AWF is made idempotent against its vendor; each one states its own. */
export type IdempotencyPattern =
  /** The vendor takes an idempotency key. */
  | 'vendor-key'
  /** Create, and on conflict read and compare. */
  | 'natural-key'
  | 'upsert'
  /** Search for a marker we wrote, before creating. */
  | 'search-before-create'
  /** Write only what is not so yet, or still is as it was read: a refusal tells that somebody, or an attempt of ours, was faster. */
  | 'conditional-write'
  /** Setting a state or a membership that may be set already. */
  | 'declarative'
  /** Only our own ledger; fit for nothing that must not happen twice after a crash. */
  | 'ledger-only';

/** What stands behind the claim that the AWF keeps the laws. */
export type Evidence = 'real' | 'emulator' | 'sandbox' | 'contract';

export interface AwfContract<Input = unknown, Output = unknown, Code extends string = string> {
  /** `<system>.<verb>_<noun>`; also the Temporal activity type. */
  readonly name: string;
  readonly version: number;
  readonly system: string;
  readonly domain: string;
  /** One sentence, verb first, for people: shown in the catalog and on cards. */
  readonly summary: string;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  readonly effect: 'read' | 'mutate';
  readonly reversibility: 'full' | 'partial' | 'irreversible';
  readonly risk: RiskDimensions;
  /** Declared class; the stricter of declared and computed wins. */
  readonly riskClass?: 'low' | 'medium' | 'high' | 'critical';
  /** Action category of the execution model, 4.3. */
  readonly category?: string;
  /** Whether it leaves the company: counts against the external guardrails. */
  readonly external: boolean;
  readonly cost: { readonly [unit: string]: number };
  /** One attempt's bound. */
  readonly timeout: DurationText;
  /** How long after the commit it can still be undone. */
  readonly undoWindow: DurationText;
  readonly idempotency: IdempotencyPattern;
  readonly evidence: Evidence;
  /** Business errors the system can answer with, beside the general failures. */
  readonly errors: { readonly [C in Code]: { readonly class: FailureClass; readonly summary: string } };
  /** May be repeated until it succeeds: fit to stand behind a pivot. */
  readonly retriable?: boolean;
  readonly compensation?: Compensation<Input, Output>;
  /** What it would do, in a model world: for the simulator and for `verify`. */
  readonly predict: (world: World, input: Input) => Output;
}

export interface Compensation<Input, Output> {
  /** Name of the compensating AWF; resolved in the catalog. */
  readonly awf: string;
  /**
   * Its input, from what is known: `output` is absent where the effect is unknown, `prior` where nothing was captured.
   * `null` says that nothing was changed, so that nothing is to be undone. Pure.
   */
  readonly input: (known: { readonly input: Input; readonly output?: Output; readonly prior?: Json }) => Json;
}

/**
 * The model world: objects by address (`okta/user/ada@acme.test`), each a JSON value. `verify` compares whole worlds, so an
 * AWF's prediction writes all that its effect would change, and no more.
 */
export interface World {
  get(address: string): Json | undefined;
  set(address: string, value: Json): void;
  delete(address: string): void;
  /** Addresses that begin with `prefix`, sorted. */
  list(prefix: string): readonly string[];
  /** State before this action, captured as the real effect captures it: handed to the compensation as `prior`. */
  capture(prior: Json): void;
  /** Ends the prediction with a business failure of the contract. */
  fail(code: string, message?: string): never;
}

/** Declares a contract; the types of input, output and error codes are inferred. */
export function defineAwf<Input, Output, const Code extends string>(
  contract: AwfContract<Input, Output, Code>,
): AwfContract<Input, Output, Code> {
  return contract;
}
