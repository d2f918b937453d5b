/**
 * Use cases around the keys that decisions and acts of people are signed with: seeing them, a new one, and taking one out of use.
 * Each change is on record as an act of control, with who and why.
 * Entry ring. Whoever has the servers does this; no door hands it on.
 */
import type { JsonObject } from '../../kernel/json';
import { ok, type Result } from '../../kernel/result';
import { performControl } from '../../temporal/controls';
import { refuse, type Refusal } from '../refusal';
import type { Services } from '../services';

/** One key of a tenant, without what signs. Times in milliseconds since the epoch. */
export interface ShownKey {
  readonly kid: string;
  /** `signs`: the one; `verifies`: what it signed counts; `revoked`: only what it signed before counts. */
  readonly state: 'signs' | 'verifies' | 'revoked';
  readonly createdAt: number;
  readonly revokedAt?: number;
  /** The wrapping key that it is sealed with; absent where nothing of it is kept, or it lies as it is. */
  readonly sealedWith?: string;
}

/** All of a tenant's, newest first. */
export async function listKeys(
  { approvals }: Pick<Services, 'approvals'>,
  tenant: string,
): Promise<readonly ShownKey[]> {
  const keys = await approvals.store.keys(tenant);
  return keys.map(({ kid, privateKey, createdAt, revokedAt }): ShownKey => {
    const sealed = (privateKey as JsonObject | null)?.['sealedWith'];
    return {
      kid,
      state: revokedAt !== null ? 'revoked' : privateKey === null ? 'verifies' : 'signs',
      createdAt,
      ...(revokedAt === null ? {} : { revokedAt }),
      ...(typeof sealed === 'string' ? { sealedWith: sealed } : {}),
    };
  });
}

interface Why {
  readonly by: string;
  readonly reason: string;
}

export interface KeyDone {
  readonly kid: string;
  /** The workflow of the act of control. */
  readonly control: string;
}

/** From now on a new key signs; what was signed before still counts. */
export async function rotateKey(
  services: Pick<Services, 'approvals' | 'outcomes'>,
  tenant: string,
  why: Why,
): Promise<KeyDone> {
  const kid = await services.approvals.signatures.rotate(tenant);
  return onRecord(services, tenant, { kid, ...why, value: { state: 'signs' } });
}

/**
 * Nothing that the key signed from `since` on counts, and nothing that still arrives. Errors: `KEY_UNKNOWN`.
 * @param since milliseconds since the epoch: when it was in other hands first; not after now
 */
export async function revokeKey(
  services: Pick<Services, 'approvals' | 'outcomes' | 'now'>,
  tenant: string,
  { kid, since, ...why }: Why & { readonly kid: string; readonly since?: number },
): Promise<Result<KeyDone, Refusal>> {
  const keys = await listKeys(services, tenant);
  const known = keys.find((key) => key.kid === kid);
  if (known === undefined) {
    return refuse('KEY_UNKNOWN', `\`${tenant}\` has no key \`${kid}\``, {
      help: '`backstep keys list` shows those that there are',
    });
  }
  const now = services.now();
  const from = Math.min(since ?? now, now, known.revokedAt ?? now);
  await services.approvals.signatures.revoke(tenant, kid, from);
  return ok(await onRecord(services, tenant, { kid, ...why, value: { state: 'revoked', since: from } }));
}

async function onRecord(
  { outcomes }: Pick<Services, 'outcomes'>,
  tenant: string,
  { kid, value, by, reason }: Why & { readonly kid: string; readonly value: JsonObject },
): Promise<KeyDone> {
  const act = { do: 'people', row: `key:${kid}`, value } as const;
  const { id } = await performControl(outcomes.client, { tenant, act, by, reason });
  return { kid, control: id };
}
