/** A seeded oracle: what goes wrong in an outcome, the same for the same seed and the same questions. */
import type { Resolution } from '../../src/engine/effects';
import { layoutOf, planNodeOf } from '../../src/engine/layout';
import type { Failure } from '../../src/kernel/failure';
import type { Plan } from '../../src/plan/plan';
import type { FireMode, Oracle } from '../../src/simulator/simulator';

export interface SeededOracle extends Oracle {
  fire(node: string): FireMode;
  undo(node: string): 'predicted' | Failure;
  gate(gate: string): 'approve' | 'reject' | 'expire';
  resolve(node: string): Resolution;
}

/** Box that a stray of this node puts on the shelf. */
export const LOST_BOX = 'lost ';

/** Id of the plan's node behind an instance of a for-each. */
const planId = (instance: string): string => instance.slice(instance.lastIndexOf('/') + 1);

/**
 * A gate is always decided the same way, so an escalation that opened one again would never end: it goes back. `trouble` is the share of firings that fail, in percent; undos fail half as often, and are tried again. */
export function seededOracle(plan: Plan, seed: number, trouble: number): SeededOracle {
  const layout = layoutOf(plan);
  const isGate = (node: string): boolean => planNodeOf(layout, node)?.kind === 'gate';
  const asked = new Map<string, number>();
  const fenced = new Set<string>();
  const strays = new Set<string>();
  /** In [0, 100); each time a question is asked again it may be answered differently. */
  const ask = (text: string): number => {
    const times = (asked.get(text) ?? 0) + 1;
    asked.set(text, times);
    return roll(seed, `${text}#${times}`);
  };
  return {
    fire: (node) => {
      const answer = ask(`fire ${node}`);
      if (answer >= trouble) return { as: 'predicted' };
      if (answer % 4 === 0) return { as: 'unanswered', happened: true };
      if (answer % 4 === 1) return { as: 'unanswered', happened: false };
      return { as: 'refused', failure: injected(answer % 4 === 2 ? 'full' : 'broken') };
    },
    undo: (node) => (ask(`undo ${node}`) < trouble / 2 ? injected('SYSTEM_UNAVAILABLE') : 'predicted'),
    gate: (gate) =>
      (['approve', 'approve', 'reject', 'expire'] as const)[roll(seed, `gate ${planId(gate)}`) % 4]!,
    resolve: (node) => (isGate(node) ? { as: 'backstep', reason: 'asked often enough' } : { as: 'retry' }),
    lost: (fence, known) => {
      const open = fence.filter((node) => known[node] === undefined && !fenced.has(node));
      for (const node of fence) fenced.add(node);
      for (const node of open.filter((one) => roll(seed, `lost ${one}`) < trouble / 4)) strays.add(node);
      // An answer may come too late to be taken: what it told is told again.
      const untold = [...strays].filter((node) => known[node] === undefined);
      return untold.map((node) => ({
        node,
        input: { box: LOST_BOX + node },
        isCommitted: roll(seed, `known ${node}`) % 2 === 0,
      }));
    },
    latencyMs: (node, what) => 10 + ask(`latency ${what} ${node}`),
  };
}

export const injected = (code: string): Failure => ({
  class: 'permanent',
  code,
  message: 'injected',
  effect: 'none',
});

function roll(seed: number, text: string): number {
  let hash = seed;
  for (const letter of text) hash = (Math.imul(hash ^ letter.charCodeAt(0), 2654435761) >>> 0) % 1_000_003;
  return hash % 100;
}
