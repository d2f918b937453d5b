/**
 * The terms on which an outcome asks people: frozen when it starts, as its plan is.
 * Entry ring; no judgement.
 */
import type { Bundle } from '../../config/bundle';
import type { Facts } from '../../config/layers';
import { resolveFigures } from '../../config/resolve';
import type { ApprovalTerms } from '../../engine/effects';
import { SPEC_FIGURES } from '../../governance/figures';
import { chainDepthOf } from '../../governance/reserve';

/** @param planId SHA-256 of the plan: part of every card */
export function termsOf(bundle: Bundle, facts: Facts, planId: string): ApprovalTerms {
  const found = resolveFigures(bundle, facts);
  // A configuration whose figures do not fit compiles nothing; should one come here, the spec's own hold.
  const figures = found.ok ? found.value : SPEC_FIGURES;
  const depth = chainDepthOf(bundle.tier, figures);
  const clocks = Object.fromEntries(
    Object.entries(figures.approvals.types).map(([type, { remindAfterMs, escalateAfterMs }]) => [
      type,
      { remindAfterMs, escalateAfterMs },
    ]),
  );
  const bounds = { depth: Number.isFinite(depth) ? depth : null, plan: planId };
  return { v: 1, acts: 'signed', early: 'again', ...bounds, figures: figures.overrides, clocks };
}
