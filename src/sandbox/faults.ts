/**
 * Faults on demand: which requests they hit and what they do to them. Whether a fault hits depends on its seed and on
 * how many requests it has seen, never on chance, so that a run can be repeated.
 * Adapter ring, no I/O: the server acts on what is decided here.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject } from '../kernel/json';
import { VENDORS } from './wire';

const count = z.number().int().min(0);
const jsonObject = z.record(z.string(), z.json());

/** Which requests a fault is meant for. Everything given must hold; nothing given means every request. */
const match = z.strictObject({
  vendor: z.enum(VENDORS).optional(),
  tenant: z.string().optional(),
  /** The operation, such as `okta.users.create`; a star at the end takes all that begin so. */
  op: z.string().optional(),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
  /** Any part of the path, as sent. */
  path: z.string().optional(),
  /** Any part of path, query or body: the id, login, UPN or channel of the object meant. */
  object: z.string().optional(),
  /** Any part of the action header. */
  action: z.string().optional(),
});

const effect = z.discriminatedUnion('kind', [
  /** Waits `ms`, and up to `jitterMs` more, before anything else. */
  z.strictObject({ kind: z.literal('latency'), ms: count, jitterMs: count.default(0) }),
  /** Refuses with 429 and the vendor's own headers; with `perSecond`, only what passes a bucket of `burst`. */
  z.strictObject({
    kind: z.literal('rate_limit'),
    retryAfterSeconds: count.default(1),
    perSecond: z.number().positive().optional(),
    burst: count.default(1),
  }),
  z.strictObject({ kind: z.literal('error_before'), status: count.default(503) }),
  z.strictObject({ kind: z.literal('error_after'), status: count.default(500) }),
  z.strictObject({ kind: z.literal('cut_before') }),
  z.strictObject({ kind: z.literal('cut_after') }),
  /** Sends the first half of the body, waits, then the rest. */
  z.strictObject({ kind: z.literal('slow_body'), ms: count }),
  /** Announces the whole body, sends half of it and ends the connection. The effect has happened. */
  z.strictObject({ kind: z.literal('truncated_body') }),
  /** Refuses in the vendor's words before the effect; `code` is the vendor's own error code. */
  z.strictObject({
    kind: z.literal('refuse'),
    status: count.optional(),
    code: z.string().optional(),
    message: z.string().optional(),
  }),
  /** Another actor changes a row just before or after the request: `set` is merged, null removes the row. */
  z.strictObject({
    kind: z.literal('change'),
    collection: z.string(),
    id: z.string(),
    set: jsonObject.nullable(),
    when: z.enum(['before', 'after']).default('before'),
  }),
  /** Answers as if the token had expired, and makes it worthless if it came from the token endpoint. */
  z.strictObject({ kind: z.literal('expire_token') }),
  /** The network delivers the request twice; the client sees the second answer. */
  z.strictObject({ kind: z.literal('duplicate') }),
  /** A read sees the world as it was `ms` ago. */
  z.strictObject({ kind: z.literal('lag'), ms: count }),
]);

export const faultInput = z.strictObject({
  id: z.string().optional(),
  match: match.default({}),
  effect,
  /** Lets the first so many matching requests pass. */
  skip: count.default(0),
  /** Hits at most so often; without it, until it is removed. */
  times: count.optional(),
  /** Hits this share of the matching requests, chosen by `seed`. */
  percent: z.number().min(0).max(100).default(100),
  seed: count.default(1),
});

export type FaultInput = z.input<typeof faultInput>;
export type FaultEffect = z.output<typeof effect>;

/** A fault with its record: how many requests it could have hit, and how many it did. */
export type Fault = z.output<typeof faultInput> & { readonly id: string; seen: number; hits: number };

/** What faults are matched against. */
export interface Suspect {
  readonly vendor: string;
  readonly tenant: string;
  readonly op: string;
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly action: string;
}

/** A fault that hits this request. `roll` is in [0, 1), drawn from the fault's seed, for its jitter. */
export interface Hit {
  readonly fault: Fault;
  readonly effect: FaultEffect;
  readonly roll: number;
}

export class FaultBook {
  private faults: Fault[] = [];
  private readonly buckets = new Map<string, { tokens: number; at: number }>();

  get size(): number {
    return this.faults.length;
  }

  all(): readonly Fault[] {
    return this.faults;
  }

  add(input: FaultInput): Fault {
    const parsed = faultInput.parse(input);
    const fault: Fault = { ...parsed, id: parsed.id ?? randomUUID().slice(0, 8), seen: 0, hits: 0 };
    this.faults = [...this.faults.filter(({ id }) => id !== fault.id), fault];
    return fault;
  }

  /** Removes one fault, or all of them; returns how many there were. */
  remove(id?: string): number {
    const before = this.faults.length;
    this.faults = id === undefined ? [] : this.faults.filter((fault) => fault.id !== id);
    return before - this.faults.length;
  }

  replace(faults: readonly Fault[]): void {
    this.faults = faults.map((fault) => ({ ...fault }));
  }

  /** Counts again what the log says, after a restart. */
  recount(seen: readonly string[], hit: readonly string[]): void {
    for (const fault of this.faults) {
      if (seen.includes(fault.id)) fault.seen += 1;
      if (hit.includes(fault.id)) fault.hits += 1;
    }
  }

  /** The faults that saw this request and those that hit it, each counted. `nowMs` fills the buckets. */
  strike(
    suspect: Suspect,
    nowMs: number,
  ): { readonly seen: readonly string[]; readonly hits: readonly Hit[] } {
    if (this.faults.length === 0) return NOTHING;
    const seen: string[] = [];
    const hits: Hit[] = [];
    for (const fault of this.faults) {
      if (!matches(fault.match, suspect)) continue;
      seen.push(fault.id);
      fault.seen += 1;
      const roll = rollOf(fault.seed, fault.seen);
      if (fault.seen <= fault.skip) continue;
      if (fault.times !== undefined && fault.hits >= fault.times) continue;
      if (roll * 100 >= fault.percent) continue;
      if (fault.effect.kind === 'rate_limit' && this.passesBucket(fault, nowMs)) continue;
      fault.hits += 1;
      hits.push({ fault, effect: fault.effect, roll: rollOf(fault.seed + 1, fault.seen) });
    }
    return { seen, hits };
  }

  private passesBucket(fault: Fault, nowMs: number): boolean {
    if (fault.effect.kind !== 'rate_limit' || fault.effect.perSecond === undefined) return false;
    const { perSecond, burst } = fault.effect;
    const bucket = this.buckets.get(fault.id) ?? { tokens: burst, at: nowMs };
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.at) / 1000) * perSecond);
    bucket.at = nowMs;
    this.buckets.set(fault.id, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

const NOTHING = { seen: [], hits: [] } as const;

function matches(wanted: Fault['match'], suspect: Suspect): boolean {
  const { vendor, tenant, op, method, path, object, action } = wanted;
  if (vendor !== undefined && vendor !== suspect.vendor) return false;
  if (tenant !== undefined && tenant !== suspect.tenant) return false;
  if (method !== undefined && method !== suspect.method) return false;
  if (op !== undefined && !(op.endsWith('*') ? suspect.op.startsWith(op.slice(0, -1)) : op === suspect.op))
    return false;
  if (path !== undefined && !suspect.url.split('?')[0]?.includes(path)) return false;
  if (action !== undefined && !suspect.action.includes(action)) return false;
  return (
    object === undefined ||
    [suspect.url, decoded(suspect.url), suspect.body, decoded(suspect.body)].some((t) => t.includes(object))
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** A number in [0, 1) from a seed and a position (mulberry32): well enough spread for shares of requests. */
function rollOf(seed: number, position: number): number {
  let t = (Math.imul(seed, 0x9e3779b1) + Math.imul(position, 0x6d2b79f5)) | 0;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}

/** Merges what another actor sets into a row, nested objects member by member; null is a value like any other. */
export function merged(row: JsonObject, set: JsonObject): JsonObject {
  const result: Record<string, JsonObject[string]> = { ...row };
  for (const [key, value] of Object.entries(set)) {
    const old = result[key];
    const nested = (v: unknown): v is JsonObject => typeof v === 'object' && v !== null && !Array.isArray(v);
    result[key] = nested(value) && nested(old) ? merged(old, value) : value;
  }
  return result;
}
