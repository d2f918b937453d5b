/**
 * The signed word of an act of a person that is no decision: an override, a resolution, a pause. The door that knows who it is
 * signs it; the outcome believes nothing else. What is signed is a digest of the act as it is read where it arrives.
 * Adapter ring. Whether that person may do it was asked by the door; the signature says that it was.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { CheckResult, GuardedEvent } from '../engine/effects';
import { actorIn } from '../engine/vouching';
import { jsonCopy } from '../kernel/json';
import type { ActCheckInput } from '../../workflows/protocol';
import { digestOf } from './cards';
import { ON_ITS_WAY_MS, SKEW_MS } from './decision';
import type { Signatures } from './signing';

const text = z.string().min(1).max(2_000);
const time = z.number().int().nonnegative();

const signedAct = z.object({
  v: z.literal(1),
  /** Names the word: none counts twice. */
  id: z.uuid(),
  outcome: text,
  act: text,
  /** SHA-256 of the canonical JSON of the act, without its token. */
  digest: z.string().length(64),
  by: text,
  at: time,
  /** After that it no longer counts where it arrives. */
  expiresAt: time,
});

/** Signs an act for an outcome. Throws StoreError where the keys are not at hand. */
export type SignAct = (
  of: { readonly tenant: string; readonly outcome: string },
  act: GuardedEvent,
) => Promise<string>;

/** @param now milliseconds since the epoch */
export function createSignAct(signatures: Pick<Signatures, 'sign'>, now: () => number): SignAct {
  return ({ tenant, outcome }, act) => {
    const at = now();
    const said: z.input<typeof signedAct> = {
      ...{ v: 1, id: randomUUID(), outcome, act: act.kind, digest: digestOfAct(act) },
      ...{ by: actorIn(act), at, expiresAt: at + ON_ITS_WAY_MS },
    };
    return signatures.sign(tenant, 'act', said);
  };
}

/** Whether an act counts: signed by the tenant, for this outcome, as it stands, in time. Throws StoreError. */
export async function checkAct(
  signatures: Pick<Signatures, 'verify'>,
  of: { readonly tenant: string; readonly outcome: string },
  { act, token, at }: Pick<ActCheckInput, 'act' | 'token' | 'at'>,
): Promise<CheckResult> {
  const refused = (code: string, because: string): CheckResult => ({
    ...{ kind: 'refused', by: actorIn(act), code, because },
  });
  const payload = await signatures.verify(of.tenant, 'act', token, { arrivedAt: at });
  if (!payload.ok) return refused('ACT_UNSIGNED', 'it is not signed by a key of the tenant that is in force');
  const said = signedAct.safeParse(payload.value).data;
  if (said?.outcome !== of.outcome || said.act !== act.kind || said.digest !== digestOfAct(act)) {
    return refused('ACT_UNSIGNED', 'it was signed for something else');
  }
  if (at > said.expiresAt || said.at > at + SKEW_MS) {
    return refused('ACT_EXPIRED', 'it was signed too long ago');
  }
  return { kind: 'vouched', id: said.id, until: said.expiresAt };
}

const digestOfAct = ({ token: _, ...act }: GuardedEvent): string => digestOf(jsonCopy(act));
