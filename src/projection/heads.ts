/**
 * Signs the heads of logs: soon after a log has grown, and at intervals also when nothing happened, so that a log that is
 * silent can be told from one that was cut off.
 * Adapter ring.
 */
import { signHead, type Signer } from '../audit/checkpoint';
import { rootAt } from '../audit/growing-log';
import type { Primitives } from '../audit/primitives';
import type { EvidenceStore } from '../store/evidence';

/** Name of a tenant's log in its heads. */
export const originOf = (tenant: string): string => `backstep/${tenant}`;

export const HEAD_TIMES = {
  /** Between two heads of a log that grows, in milliseconds. */
  growing: 60_000,
  /** Between two heads of a log in which nothing happens, in milliseconds. */
  idle: 600_000,
} as const;

export interface HeadParts {
  readonly store: Pick<EvidenceStore, 'write'>;
  readonly primitives: Primitives;
  readonly signer: Signer;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly times?: { readonly growing: number; readonly idle: number };
}

/** Signs the head of a tenant's log if it is time. `force`: now, whatever the time. Whether it was signed. */
export function signWhenDue(parts: HeadParts, tenant: string, force = false): Promise<boolean> {
  const { store, primitives, signer, now, times = HEAD_TIMES } = parts;
  return store.write(tenant, async (writer) => {
    const last = await writer.newestCheckpoint(tenant);
    const { size } = writer.end;
    const age = last === undefined ? Infinity : now() - last.at;
    const wait = last?.size === size ? times.idle : times.growing;
    // A clock that was set back: what is new must not wait until it is again where it was.
    const isSetBack = age < -times.growing;
    const isDue = isSetBack ? last?.size !== size : age >= wait;
    if (!force && !isDue) return false;
    if (force && last?.size === size) return false;
    // Under the lock of the log, so that a later head is never a smaller one, whatever the clocks of two processes say.
    const at = Math.max(now(), (last?.at ?? 0) + 1);
    const root = rootAt(primitives, writer.end);
    const note = signHead(primitives, { origin: originOf(tenant), size, root, at }, signer);
    await writer.addCheckpoint(tenant, {
      ...{ at, size, root, note },
      signer: signer.name,
      publicKey: signer.publicKey,
    });
    return true;
  });
}
