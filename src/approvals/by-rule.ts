/**
 * A gate that names no people: the rules answer. They approve where the risk of all that stands behind it asks nobody, say which
 * rule that was, and sign it like any decision, so that admission sees it again; else they say no.
 * Adapter ring; an activity of the workflow calls it. Whoever sends such an asking by hand gets the same answer.
 * @source execution model 5.3, 9.1
 */
import { layoutOf, planNodeOf } from '../engine/layout';
import type { CheckResult } from '../engine/effects';
import { AUTO } from '../governance/approval-steps';
import { overrideFigures, SPEC_FIGURES, type Figures } from '../governance/figures';
import { unpackPlan } from '../plan/wire';
import type { CheckInput } from '../../workflows/protocol';
import { cardFor } from './cards';
import { ON_ITS_WAY_MS, type SignedDecision } from './decision';
import type { Signatures } from './signing';

/** Whether the rules are asked, at a gate that asks nobody else. */
export function isForRules({ decision, plan }: CheckInput): boolean {
  if (decision.by !== AUTO || decision.token !== undefined) return false;
  const node = planNodeOf(layoutOf(unpackPlan(plan)), decision.gate);
  return node?.kind === 'gate' && node.by.length === 1 && node.by[0] === AUTO;
}

/** Throws StoreError where the keys are not at hand. */
export async function byRule(
  signatures: Pick<Signatures, 'sign'>,
  of: { readonly tenant: string; readonly outcome: string },
  { decision, plan, terms, overrides, at }: CheckInput,
): Promise<CheckResult> {
  const { gate: node } = decision;
  const about = { outcome: of.outcome, plan: unpackPlan(plan), terms, node };
  const shown = cardFor({ ...about, ...(overrides === undefined ? {} : { overrides }) });
  const risk = shown?.card.risk.class ?? 'critical';
  const { triggers } = figuresOf(terms.figures).approvals;
  const asked = triggers.autopilot[risk];
  const rule = `rule approval (${triggers.spec})`;
  if (shown === undefined || asked !== 'none') {
    return {
      ...{ kind: 'refused', by: AUTO, code: 'GATE_AUTO_DENIED' },
      because: `${rule}: ${risk} risk asks people for their ${asked}`,
    };
  }
  const reason = `${rule}: ${risk} risk asks nobody`;
  const said: SignedDecision = {
    ...{ v: 1, outcome: of.outcome, node, card: shown.hash, verdict: 'approve', by: AUTO, roles: [] },
    ...{ as: null, reason, at, expiresAt: at + ON_ITS_WAY_MS, covers: [] },
  };
  const token = await signatures.sign(of.tenant, 'decision', said);
  return {
    kind: 'counts',
    decision: { verdict: 'approve', by: AUTO, reason, may: [0], card: shown.hash, token },
  };
}

function figuresOf(overrides: CheckInput['terms']['figures']): Figures {
  const read = overrideFigures(overrides);
  // Of another version's figures the spec's own are the safest reading.
  return read.ok ? read.value : SPEC_FIGURES;
}
