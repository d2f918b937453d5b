/**
 * Puts on record which configuration robots decide by: an act of control for each tenant whose bundle is another than the one
 * on record, made by the process that has read it.
 * Entry ring. It holds nothing up: what cannot be put on record now is tried again.
 */
import type { Bundle } from '../config/bundle';
import type { Authority } from '../store/authority';
import type { Outcomes } from '../temporal/client';
import { performControlOnce } from '../temporal/controls';
import { POLICY_ROW } from '../temporal/control-activities';

/** Who is named as having done it: a process that began, and nobody's hand. */
const BY = 'configuration';
/** Between two attempts, in milliseconds. */
const AGAIN_MS = 10_000;

export interface PolicyParts {
  readonly authority: Pick<Authority, 'controls'>;
  readonly outcomes: Pick<Outcomes, 'client'>;
  /** Told of what could not be put on record now; it must return at once. */
  readonly onError?: (tenant: string, error: unknown) => void;
}

export interface PolicyOnRecord {
  /** A configuration was read. Returns at once. */
  read(bundle: Pick<Bundle, 'tenant' | 'digest'>): void;
  /** Begins nothing more. What is under way is not waited for: an act that has begun takes effect with the next robot. */
  stop(): void;
}

/**
 * Whether this put anything on record. Robots that read the same in the same instant put it there once: the act is named by the
 * row that it follows. Throws where Temporal or the database is not at hand.
 */
export async function putPolicyOnRecord(
  { authority, outcomes }: Omit<PolicyParts, 'onError'>,
  { tenant, digest }: Pick<Bundle, 'tenant' | 'digest'>,
): Promise<boolean> {
  const { scope, name, kind } = POLICY_ROW;
  const row = (await authority.controls(tenant)).find(
    (one) => one.scope === scope && one.name === name && one.kind === kind,
  );
  if (row?.value === digest) return false;
  const was = typeof row?.value === 'string' ? row.value : null;
  const reason = was === null ? 'robots read it for the first time' : 'robots read another one';
  const start = { tenant, by: BY, reason, act: { do: 'policy', bundle: digest, was } } as const;
  const done = await performControlOnce(outcomes.client, start, `policy-${row?.at ?? 0}-${digest}`);
  return done !== undefined;
}

export function startPolicyOnRecord(parts: PolicyParts): PolicyOnRecord {
  const timers = new Set<NodeJS.Timeout>();
  let isOver = false;
  const attempt = (bundle: Pick<Bundle, 'tenant' | 'digest'>): void => {
    if (isOver) return;
    putPolicyOnRecord(parts, bundle).catch((error: unknown) => {
      if (isOver) return;
      parts.onError?.(bundle.tenant, error);
      const timer = setTimeout(() => {
        timers.delete(timer);
        attempt(bundle);
      }, AGAIN_MS);
      timer.unref();
      timers.add(timer);
    });
  };
  return {
    read: attempt,
    stop() {
      isOver = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
