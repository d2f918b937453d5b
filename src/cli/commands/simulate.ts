/** `backstep simulate`: the trace an outcome would have, over predicted effects. Entry ring; nothing is executed. */
import { shipped } from '../../app/catalog';
import type { AwfContract } from '../../dsl/awf';
import { FAILURES } from '../../kernel/catalogue';
import type { Failure } from '../../kernel/failure';
import { layoutOf, planNodeOf } from '../../engine/layout';
import type { Plan } from '../../plan/plan';
import { simulate, type FireMode } from '../../simulator/simulator';
import { usage } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import type { Pairs } from '../context';
import { didYouMean } from '../../kernel/diagnostic';
import { runbookOf } from '../refuse';
import { TracePrinter, widthOf } from '../trace-lines';
import { compileFor } from './compile';

interface SimulateOptions extends CommonOptions {
  readonly entity: string;
  readonly param?: Pairs;
  readonly fail?: Pairs;
  readonly lost?: readonly string[];
  readonly reject?: readonly string[];
}

export async function simulateOutcome(
  context: CommandContext,
  [outcome]: readonly [outcome: string],
  options: SimulateOptions,
): CommandResult {
  const { plan } = await compileFor(context, runbookOf(outcome), options);
  const failing = new Map((options.fail ?? []).map(([node, code]) => [node, code]));
  const lost = new Set(options.lost);
  const rejected = new Set(options.reject);
  checkNodes(plan, [...failing.keys(), ...lost], 'action');
  checkNodes(plan, [...rejected], 'gate');
  const { contracts } = shipped();
  checkCodes(plan, failing, contracts);
  const { trace } = await simulate({
    plan,
    contracts,
    oracle: {
      fire: (node, awf): FireMode => {
        const code = failing.get(node);
        if (code !== undefined) return { as: 'refused', failure: refusal(code, awf.errors) };
        return lost.has(node) ? { as: 'unanswered', happened: true } : { as: 'predicted' };
      },
      gate: (gate) => (rejected.has(gate) ? 'reject' : 'approve'),
    },
  });
  const json = options.json === true;
  new TracePrinter(context.terminal, { json, width: widthOf(trace) }).printAll(trace);
  return 0;
}

const refusal = (
  code: string,
  errors: Readonly<Record<string, { readonly class: Failure['class'] } | undefined>>,
): Failure => ({
  class: errors[code]?.class ?? 'permanent',
  code,
  message: 'simulated',
  effect: 'none',
});

/** A code that no action can give takes the way of all others, and the trace would tell a story that cannot happen. */
function checkCodes(
  plan: Plan,
  failing: ReadonlyMap<string, string>,
  contracts: ReadonlyMap<string, Pick<AwfContract, 'errors'>>,
): void {
  const layout = layoutOf(plan);
  for (const [name, code] of failing) {
    const node = planNodeOf(layout, name);
    if (node?.kind !== 'action') continue;
    const own = Object.keys(contracts.get(node.awf)?.errors ?? {});
    const known = [...own, ...Object.keys(FAILURES)];
    if (known.includes(code)) continue;
    throw usage(
      `\`${node.awf}\` gives no code \`${code}\``,
      didYouMean(code, known) ?? `there are ${known.map((one) => `\`${one}\``).join(', ')}`,
    );
  }
}

/** A name that no node has would disturb nothing, and the trace would say that all is well. */
function checkNodes(plan: Plan, names: readonly string[], kind: 'action' | 'gate'): void {
  const layout = layoutOf(plan);
  for (const name of names) {
    if (planNodeOf(layout, name)?.kind === kind) continue;
    const known = [...layout.home.keys()].filter((id) => planNodeOf(layout, id)?.kind === kind);
    throw usage(
      `\`${name}\` is no ${kind} of ${plan.outcome}`,
      didYouMean(name, known) ??
        (known.length === 0
          ? `this plan has no ${kind}`
          : `there are ${known.map((id) => `\`${id}\``).join(', ')}`),
    );
  }
}
