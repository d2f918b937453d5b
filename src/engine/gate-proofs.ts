/**
 * What stands behind decided gates: whose approvals bind a step, and the signed decisions that go along with what they let fire.
 * Pure ring. Whether a signature holds is admission's to say.
 */
import { invariant } from '../kernel/invariant';
import type { PlanNode } from '../plan/plan';
import { isAuto, needOf, stepsOf } from './approvals';
import { isBehind } from './behind';
import type { GateProof } from './effects';
import { bearsOn } from './readers';
import { place, type Run } from './run';

/**
 * Gates that people have approved and that let go a step or what reads its output, each with whose word counted; what the rules
 * approved alone is none of them.
 * @param of `isAny` for every instance of the step
 */
export function approvedBefore(
  run: Run,
  of: { readonly id: string; readonly node: PlanNode; readonly isAny: boolean },
): readonly { readonly gate: string; readonly people: readonly string[] }[] {
  return (run.state.proven ?? []).flatMap((gate) => {
    const { node, state } = place(run, gate);
    if (node.kind !== 'gate' || isAuto(node) || !bearsOn(run.layout, of.node.id, node.id)) return [];
    // Of a for-each the gate of one element lets go nothing of another.
    const around = gate.slice(0, gate.length - node.id.length);
    const own = of.id.slice(0, of.id.length - of.node.id.length);
    if (!of.isAny && !own.startsWith(around) && !around.startsWith(own)) return [];
    return [{ gate, people: (state.counted ?? []).map(({ by }) => by) }];
  });
}

/**
 * Decisions at the gates before an action, for admission to see again. A gate that let it go without any is named all the same, so
 * that admission stops what no way through the engine should have let so far.
 */
export function proofsBefore(run: Run, id: string): { readonly gates?: readonly GateProof[] } {
  const { proven = [], opened = [] } = run.state;
  const unproven = opened.filter((gate) => !proven.includes(gate) && !isLeftByPlan(run, gate));
  const gates = [...proven, ...unproven].filter(
    (gate) => run.state.nodes[gate]?.status === 'done' && isBehind(run, id, gate),
  );
  if (gates.length === 0) return {};
  return { gates: gates.map((gate) => proofOf(run, gate)) };
}

/** Whether the runbook itself goes on without the gate's approval, as things went there. */
function isLeftByPlan(run: Run, gate: string): boolean {
  const { node, state } = place(run, gate);
  if (node.kind !== 'gate' || state.failure === undefined) return false;
  let course = state.failure.code === 'GATE_REJECTED' ? node.onRejected : node.onExpired;
  while (course.do === 'retry') course = course.then;
  return course.do === 'skip' || course.do === 'branch';
}

function proofOf(run: Run, gate: string): GateProof {
  const { state, node } = place(run, gate);
  invariant(node.kind === 'gate', `\`${gate}\` is a gate`);
  const { counted = [] } = state;
  const passed = counted.some(({ glass }) => glass === true);
  return {
    gate,
    need: passed ? 1 : needOf(stepsOf(run, node)),
    tokens: counted.map(({ token }) => token),
  };
}
