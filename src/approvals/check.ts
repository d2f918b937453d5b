/**
 * The check of a decision that has reached an outcome, by whatever door: signed by the tenant, for this outcome, this node and
 * the card as it stands, in time, by somebody who may. What counts for a held action is put where admission reads it.
 * Adapter ring; an activity of the workflow calls it, and its answer is on record. Throws StoreError where it cannot know: then
 * it is asked again, and nothing counts meanwhile.
 */
import { createHash } from 'node:crypto';
import { hasDecided } from '../engine/approvals';
import type { CheckResult, CountedDecision } from '../engine/effects';
import { unpackPlan } from '../plan/wire';
import type { Authority } from '../store/authority';
import { OPENED_REVIEW, PEOPLE } from '../store/decision-keys';
import type { ActCheckInput, CheckInput } from '../../workflows/protocol';
import { checkAct } from './acts';
import { byRule, isForRules } from './by-rule';
import { cardFor, type HashedCard } from './cards';
import { NO_CARD, readDecision, SKEW_MS, type SignedDecision } from './decision';
import { judge, type JudgeParts } from './judge';
import type { Signatures } from './signing';

export interface CheckParts extends JudgeParts {
  readonly signatures: Pick<Signatures, 'sign' | 'verify'>;
  readonly authority: Pick<Authority, 'control'>;
}

export type CheckDecision = (
  of: { readonly tenant: string; readonly outcome: string },
  input: CheckInput | ActCheckInput,
) => Promise<CheckResult>;

export function createCheck(parts: CheckParts): CheckDecision {
  return async (of, input) => {
    if ('act' in input) return checkAct(parts.signatures, of, input);
    const { decision, at } = input;
    if (isForRules(input)) return byRule(parts.signatures, of, input);
    const refused = (code: string, because: string, by = decision.by): CheckResult => ({
      ...{ kind: 'refused', by, code, because },
    });
    const { token } = decision;
    if (token === undefined) return refused('GATE_SIGNATURE_INVALID', 'it is not signed');
    const payload = await parts.signatures.verify(of.tenant, 'decision', token, { arrivedAt: at });
    if (!payload.ok)
      return refused(payload.error, 'it is not signed by a key of the tenant that is in force');
    const said = readDecision(payload.value);
    if (said === undefined) return refused('GATE_SIGNATURE_INVALID', 'what is signed is no decision');
    if (said.outcome !== of.outcome || said.node !== decision.gate) {
      return refused('GATE_CARD_CHANGED', 'it was signed for another gate', said.by);
    }
    if (at > said.expiresAt || said.at > at + SKEW_MS) {
      return refused('GATE_DECISION_EXPIRED', 'it was signed too long ago', said.by);
    }
    const plan = unpackPlan(input.plan);
    const { terms, held, overrides, startedBy, under } = input;
    const about = {
      ...{ ...of, plan, terms, node: said.node },
      ...(held === undefined ? {} : { held }),
      ...(overrides === undefined ? {} : { overrides }),
    };
    const card = cardFor(about);
    if (card === undefined && said.card === NO_CARD) {
      return refused('GATE_ASKS_NOBODY', 'it waits for nobody’s approval: something else holds it', said.by);
    }
    if (card?.hash !== said.card) {
      return refused(
        'GATE_CARD_CHANGED',
        'it was signed for a card that is not the one that stands',
        said.by,
      );
    }
    const judged = await judge(parts, {
      ...about,
      ...{ startedBy, decider: said.by, roles: said.roles, verdict: said.verdict, at: said.at },
      ...(under === undefined ? {} : { under }),
      ...(said.reason === undefined ? {} : { reason: said.reason }),
      glass: said.glass === true,
    });
    if (!judged.may) return refused(judged.code, judged.because, said.by);
    if (said.refused !== undefined) {
      return refused('GATE_APPROVER_NOT_ALLOWED', 'they could not decide when it was signed', said.by);
    }
    // The signature says as what they decide: who has become less since then decides as that.
    if (judged.for !== said.for) {
      return refused('GATE_APPROVER_NOT_ALLOWED', 'it was signed in the name of another', said.by);
    }
    // Deciding twice is one decision: the outcome will say so, and what was said first stands where admission reads it.
    if (!hasDecided(held?.decided ?? [], said)) await put(parts, of.tenant, { said, token, card });
    const { verdict, by, as, for: forWhom, reason, glass } = { ...said, as: judged.as };
    const counted: CountedDecision = {
      ...{ verdict, by, may: judged.steps, card: said.card, token },
      ...(as === null ? {} : { as }),
      ...(forWhom === undefined ? {} : { for: forWhom }),
      ...(reason === undefined ? {} : { reason }),
      ...(glass === undefined ? {} : { glass }),
    };
    const { takers } = judged;
    return { kind: 'counts', decision: counted, ...(takers.length === 0 ? {} : { takers }) };
  };
}

/** Tells one signed decision from every other of its gate. */
const markOf = (token: string): string => createHash('sha256').update(token).digest('hex').slice(0, 16);

/** Rows first, answer afterwards: doing it again writes the same. */
async function put(
  { authority }: CheckParts,
  tenant: string,
  { said, token, card }: { readonly said: SignedDecision; readonly token: string; readonly card: HashedCard },
): Promise<void> {
  const { outcome, node, by, at, reason = '', verdict } = said;
  const row = { tenant, by, reason, at };
  if (said.glass === true) {
    const value = { outcome, node, by, token, state: 'open' };
    // Each emergency has a review of its own: a later one at the same place takes no other's.
    const kind = `${OPENED_REVIEW}${outcome}#${node}:${markOf(token)}`;
    await authority.control({ ...row, ...PEOPLE, kind, value });
  }
  if (card.card.kind === 'gate') return;
  const value = { as: said.as, decision: verdict === 'approve' ? 'approved' : 'rejected', token };
  const isGathered = verdict === 'approve' && said.covers.length > 1;
  await authority.control({
    ...row,
    ...(isGathered
      ? { scope: 'outcome', name: outcome, kind: `approval:${by}:${card.hash.slice(0, 16)}` }
      : { scope: 'action', name: `${outcome}#${node}`, kind: `approval:${by}` }),
    value,
  });
}
