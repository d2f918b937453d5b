/**
 * What an outcome that goes on from a node of another one takes along: the actions that were done there, as words that stand from
 * its beginning, so that none of them is fired again.
 * Entry ring; pure. It starts nothing.
 */
import type { Override } from '../engine/effects';
import { layoutOf, planNodeOf, type Layout } from '../engine/layout';
import type { NodeState } from '../engine/state';
import type { AwfContract } from '../dsl/awf';
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import { err, ok, type Result } from '../kernel/result';
import type { Plan } from '../plan/plan';
import { behind } from '../replay/fork-point';
import type { Story } from '../replay/history-source';
import { simulate } from '../simulator/simulator';

export interface ResumeWish {
  readonly from: string;
  /** Who goes on with it. */
  readonly by: string;
  /** Whether what was done before is undone along, if this outcome goes back. */
  readonly inherits: boolean;
  /** Actions whose effect is not known: somebody has looked, and they are to be fired. */
  readonly anew: readonly string[];
}

export interface Taken {
  readonly overrides: readonly Override[];
  /** Actions that were done, by instance id. */
  readonly carried: readonly string[];
  /** Those of them that are undone along. */
  readonly inherited: readonly string[];
}

/**
 * What the new outcome takes along from the old one's story.
 * Errors, all at once: `PLAN_NODE_UNKNOWN`, `RESUME_NODE_UNCLEAR`, `RESUME_NODE_UNDONE`, `RESUME_NODE_DIFFERS`.
 */
export async function takeAlong(
  { id, start, told }: Story,
  plan: Plan,
  wish: ResumeWish & { readonly contracts: ReadonlyMap<string, AwfContract> },
): Promise<Result<Taken, readonly Diagnostic[]>> {
  const layout = layoutOf(plan);
  if (planNodeOf(layout, wish.from) === undefined) return err([noSuchNode(layout, wish.from)]);
  const open = behind(layout, wish.from);
  const nodes = Object.entries(told.state.nodes);
  const found: Diagnostic[] = nodes.flatMap(([node, state]) =>
    isUnclear(state) && !wish.anew.includes(node) ? [unclear(node)] : [],
  );
  const overrides: Override[] = [];
  const inherited: string[] = [];
  const then = layoutOf(start.plan);
  for (const [node, state] of nodes) {
    const was = planNodeOf(then, node);
    const is = planNodeOf(layout, node);
    if (was?.kind !== 'action' || is?.kind !== 'action' || open.has(is.id) || state.status !== 'done')
      continue;
    if ((state.awf ?? was.awf) !== is.awf) continue;
    if (state.undo === 'undone') continue;
    const args = state.undoArgs;
    const isOwed = wish.inherits && state.undo === 'acted' && args !== undefined && args !== null;
    const base = { node, by: wish.by, reason: `done in ${id}`, scope: 'step' } as const;
    const output = state.output ?? null;
    if (isOwed) inherited.push(node);
    overrides.push({
      ...base,
      change: isOwed
        ? { do: 'attest', output, evidence: `outcome ${id}`, undo: 'compensation', args }
        : { do: 'skip', output },
    });
  }
  found.push(...(await missingBefore(plan, layout, { wish, overrides, told })));
  if (found.length > 0) return err(found);
  return ok({ overrides, carried: overrides.map(({ node }) => node), inherited });
}

/** Actions before the node that would fire, found by walking the new plan: a choice may lead another way than it did. */
async function missingBefore(
  plan: Plan,
  layout: Layout,
  {
    wish,
    overrides,
    told,
  }: {
    readonly wish: ResumeWish & { readonly contracts: ReadonlyMap<string, AwfContract> };
    readonly overrides: readonly Override[];
    readonly told: Story['told'];
  },
): Promise<readonly Diagnostic[]> {
  const from = planNodeOf(layout, wish.from)?.id ?? '';
  const fired: string[] = [];
  await simulate({
    plan,
    contracts: wish.contracts,
    overrides,
    oracle: {
      fire: (node) => {
        fired.push(node);
        return { as: 'predicted' };
      },
    },
  });
  const open = behind(layout, from);
  return [...new Set(fired)].flatMap((node) => {
    const id = planNodeOf(layout, node)?.id ?? '';
    if (open.has(id) || !behind(layout, id).has(from) || wish.anew.includes(node)) return [];
    const state = told.state.nodes[node];
    return [state?.undo === 'undone' ? undone(node) : differs(node, wish.from)];
  });
}

/** Asked for and never answered, or answered so that nobody knows what it did. */
const isUnclear = ({ status, undo, firings = 0 }: NodeState): boolean =>
  status === 'acting' ||
  status === 'undoing' ||
  undo === 'undo_failed' ||
  (undo === 'intended' && firings > 0);

const unclear = (node: string): Diagnostic => ({
  code: 'RESUME_NODE_UNCLEAR',
  at: `node ${node}`,
  message: 'it was under way when the outcome ended, so whether it happened is not known',
  help: `look at the system; if it is to be fired, say \`--anew ${node}\``,
});

const undone = (node: string): Diagnostic => ({
  code: 'RESUME_NODE_UNDONE',
  at: `node ${node}`,
  message: 'it stands before the node, and what it did was undone',
  help: 'run the outcome anew',
});

const differs = (node: string, from: string): Diagnostic => ({
  code: 'RESUME_NODE_DIFFERS',
  at: `node ${node}`,
  message: `it would fire before \`${from}\`, and was not done then, or by another AWF`,
  help: `go on from \`${node}\`, or say \`--anew ${node}\` where it is to be fired`,
});

function noSuchNode(layout: Layout, node: string): Diagnostic {
  const known = [...layout.home.keys()];
  return {
    code: 'PLAN_NODE_UNKNOWN',
    at: `node ${node}`,
    message: `the plan of today has no node \`${node}\``,
    help: didYouMean(node, known) ?? `there are ${known.map((one) => `\`${one}\``).join(', ')}`,
  };
}
