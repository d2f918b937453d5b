/**
 * What an effect is lent for one attempt, and what is read of its contract around it.
 * Adapter ring.
 */
import type { z } from 'zod';
import type { AwfContract } from '../dsl/awf';
import type { Connection, EffectContext } from '../dsl/effect';
import type { Json } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import type { ActionKey } from '../store/barrier';
import type { AttemptHost, DispatcherParts } from './dispatcher-port';
import { exclusiveTurn } from './exclusive-turn';

export function contextOf(
  parts: DispatcherParts,
  of: {
    readonly key: ActionKey;
    readonly contract: AwfContract;
    readonly connection: Connection;
    readonly operation: EffectContext['operation'];
    readonly attempt: number;
    readonly host: AttemptHost;
    /** Where costs are kept that the effect reports; absent where nobody settles them. */
    readonly spent?: Map<string, number>;
  },
): EffectContext {
  const { key, contract, connection, operation, attempt, host, spent } = of;
  const watch = parts.watch?.({ tenant: key.tenant, system: contract.system });
  return {
    tenant: key.tenant,
    key: `${key.outcome}/${key.node}`,
    operation,
    attempt,
    connection,
    signal: host.signal,
    heartbeat: () => host.heartbeat(),
    spend: (unit, amount) => void spent?.set(unit, (spent.get(unit) ?? 0) + amount),
    ...(parts.exclusive === undefined ? {} : { exclusive: exclusiveTurn(parts.exclusive) }),
    ...(watch === undefined ? {} : { watch }),
    log: parts.log,
    now: parts.now,
  };
}

/** The contract's own function may throw; that must not look like a lost attempt. */
export function argumentsOf(
  contract: AwfContract,
  known: { readonly input: unknown; readonly output?: unknown; readonly prior?: Json },
): Result<Json, string> {
  try {
    return ok(contract.compensation === undefined ? null : plainJson(contract.compensation.input(known)));
  } catch (error) {
    return err(error instanceof Error ? error.name : 'it threw');
  }
}

export function read(
  schema: z.ZodType,
  value: unknown,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly issues: string } {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  // Paths and rules only: the values may be personal.
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.code}`);
  return { ok: false, issues: issues.slice(0, 5).join(', ') };
}

export const plainJson = (value: unknown): Json => JSON.parse(JSON.stringify(value ?? null)) as Json;
