/**
 * The card that an approver sees, as the data that is hashed: what will happen, why, at what risk and cost, what can be
 * undone, and who is asked. A decision is bound to the hash of all of it.
 * Pure ring; no digest is computed here. It leaves out what moves by itself, such as counters and ages: a card that is still
 * true keeps its hash, and what has moved since is judged again when the action fires.
 * @source DESIGN §5; execution model 5.3, 9.1
 */
import type { Override, OverrideChange } from '../engine/effects';
import type { Json, JsonObject } from '../kernel/json';
import { blocksIn, nodesOf } from '../plan/blocks';
import type { ActionNode, Block, GateNode, Plan, PlannedAwf, PlanNode } from '../plan/plan';
import { decide, decideAgain, type Decision } from './decide';
import type { ActionFacts, Facts } from './facts';
import { CATEGORIES } from './figures/authority';
import { overrideFigures, SPEC_FIGURES, type Figures } from './figures';
import {
  APPROVAL_TYPES,
  atLeast,
  later,
  REVERSIBILITIES,
  RISK_CLASSES,
  type ApprovalType,
  type Mode,
  type Reversibility,
  type RiskClass,
} from './mode';
import { riskClassOf, riskScore, severer } from './risk';

/** One action that the decision lets happen. */
export interface CardStep {
  readonly node: string;
  readonly awf: string;
  readonly risk: RiskClass;
  /** In [0, 1]. */
  readonly score: number;
  readonly external: boolean;
  readonly reversibility: Reversibility;
  /** The AWF that takes it back; null where nothing does. */
  readonly undo: string | null;
  /** What this action itself asks of people; absent where it stands behind a gate. */
  readonly asks?: ApprovalType;
  /** Canonical JSON of its input, where it is known before it fires. */
  readonly input?: Json;
}

/** One word of a person on a step that stands behind the card, or whose output goes into one. */
export interface CardChange {
  /** The step, or its instance inside a for-each. */
  readonly node: string;
  readonly by: string;
  readonly reason: string;
  readonly scope: Override['scope'];
  /** Of the scope `automation`, in milliseconds since the epoch. */
  readonly until?: number;
  /** The change as it was said: what is put in the place of an AWF stands among the steps. */
  readonly change: Omit<OverrideChange, 'awfs'>;
}

export interface Card {
  readonly v: 1;
  readonly kind: 'gate' | 'hold';
  readonly outcome: string;
  /** SHA-256 of the plan: what is approved is this plan and no other. */
  readonly plan: string;
  readonly runbook: string;
  readonly entity: string;
  /** The gate, or the action that is held. */
  readonly node: string;
  /** What is asked, in words. */
  readonly ask: string | null;
  readonly because: readonly string[];
  readonly approval: ApprovalType;
  readonly reasonRequired: boolean;
  /** Who is asked, in order. */
  readonly by: readonly string[];
  /** Of a held action: the authority it was judged to have. */
  readonly mode: Mode | null;
  readonly risk: { readonly class: RiskClass; readonly score: number };
  /** How sure the engine is, in a word; null behind a gate, where nothing has been assessed yet. */
  readonly confidence: string | null;
  /** Expected, by guardrail unit. */
  readonly cost: { readonly [unit: string]: number };
  readonly undo: { readonly [Kind in Reversibility]: number };
  readonly steps: readonly CardStep[];
  /** Steps beyond those listed; the plan's hash holds them all the same. */
  readonly more: number;
  /** What people have changed so far of the steps that it lets go, in the order of the plan, and of those they read from; absent where nothing is. */
  readonly changes?: readonly CardChange[];
  /** The rules that bound it, each with its reason. */
  readonly rules: readonly { readonly rule: string; readonly because: string; readonly spec: string }[];
}

/** What a card is about, beside the plan. */
export interface CardOf {
  readonly outcome: string;
  readonly planId: string;
  readonly plan: Plan;
  /** Overrides of the figures in force. */
  readonly figures: JsonObject;
  /** What people have changed of any step so far, oldest first by step. */
  readonly overrides: readonly Override[];
}

/** Most steps that a card lists: what is longer nobody reads, and the plan's hash binds it. */
const CARD_STEPS = 50;

/** Types that are gathered: one card for all actions of a plan that ask no more than this. @source DESIGN §5 */
const GATHERED: readonly ApprovalType[] = ['confirm', 'review'];

/** The card of a gate. It follows from the plan alone, so a decision that comes before the gate opens is about the same card. */
export function gateCard(
  about: CardOf,
  instance: string,
  {
    gate,
    steps,
    feeding = [],
  }: {
    readonly gate: GateNode;
    readonly steps: readonly string[];
    /** Nodes of the plan that do not wait for the gate and whose output goes into what it lets go. */
    readonly feeding?: readonly string[];
  },
): Card {
  const { plan } = about;
  const figures = figuresOf(about);
  const nodes = behind(plan.body, gate.id);
  const said = (node: PlanNode): readonly Override[] => saidOf(about.overrides, node.id, instance);
  const actions = nodes.flatMap((node) =>
    node.kind === 'action' ? stepsOf(plan, { node, said: said(node) }, figures) : [],
  );
  return cardOf(about, instance, actions, {
    ...changesOf([
      ...nodes.flatMap(said),
      ...feeding.flatMap((node) => saidOf(about.overrides, node, instance)),
    ]),
    kind: 'gate',
    ask: gate.ask ?? null,
    because: ['the runbook asks before it goes on'],
    approval: gate.approval,
    reasonRequired: figures.approvals.types[gate.approval].reasonRequired,
    by: steps,
    mode: null,
    confidence: null,
    rules: [],
  });
}

/** An action that the authority rules hold for people. */
export interface HeldAction {
  readonly node: string;
  readonly awf: string;
  readonly input: Json;
  /** The record of the decision that holds it. */
  readonly record: Json;
}

/**
 * The card of a held action, or undefined where its record is none, or asks nobody. Where it asks for no more than a review, the
 * other actions of the plan that ask no more are gathered in it.
 */
export function holdCard(about: CardOf, held: HeldAction): Card | undefined {
  const again = decideAgain(held.record as { readonly facts: unknown; readonly figures: Json });
  if (!again.ok || again.value.approval.type === 'none') return undefined;
  const decision = again.value;
  const { approval, facts } = decision;
  const figures = figuresNamed(decision.figures);
  const own: CardStep = { ...viewOf(held, decision), asks: approval.type, input: held.input };
  const others = GATHERED.includes(approval.type) ? gathered(about, held.node, facts, figures) : [];
  const template = templateOf(held.node);
  const bound = decision.rules.filter(({ rule }) => decision.boundBy.includes(rule) || rule === 'approval');
  return cardOf(about, held.node, [own, ...others], {
    ...changesOf(saidOf(about.overrides, template, held.node)),
    kind: 'hold',
    ask: null,
    because: decision.blocks.filter(({ rule }) => rule === 'approval').map(({ because }) => because),
    approval: approval.type,
    reasonRequired: approval.reasonRequired,
    by: approval.steps.map(({ by }) => by),
    mode: decision.mode,
    confidence: decision.confidence.band,
    rules: bound.map(({ rule, because, spec }) => ({ rule, because, spec })),
  });
}

/**
 * Whether an approval of `then` still holds for `now`: the same action, and no risk that was not approved.
 * @source DESIGN §5: sticky only on a subset of the approved risk
 */
export function stillCovers(then: CardStep, now: CardStep): boolean {
  return (
    then.awf === now.awf &&
    atLeast(RISK_CLASSES, then.risk, now.risk) &&
    then.score >= now.score &&
    (then.external || !now.external) &&
    atLeast(REVERSIBILITIES, then.reversibility, now.reversibility) &&
    (then.asks === undefined || now.asks === undefined || atLeast(APPROVAL_TYPES, then.asks, now.asks))
  );
}

/** One action as a decision sees it, for `stillCovers`. */
export const viewOf = ({ node, awf }: Pick<HeldAction, 'node' | 'awf'>, decision: Decision): CardStep => ({
  node,
  awf,
  risk: decision.risk.class,
  score: decision.risk.score ?? 1,
  external: decision.facts.action.external,
  reversibility: decision.facts.action.reversibility,
  undo: null,
  asks: decision.approval.type,
});

type Rest = Pick<
  Card,
  | 'kind'
  | 'ask'
  | 'because'
  | 'approval'
  | 'reasonRequired'
  | 'by'
  | 'mode'
  | 'confidence'
  | 'rules'
  | 'changes'
>;

function cardOf(about: CardOf, node: string, acting: readonly CardStep[], rest: Rest): Card {
  const { plan, outcome, planId, overrides } = about;
  const foreign = overrides.flatMap(({ change }) =>
    change.do === 'replace' ? Object.entries(change.awfs) : [],
  );
  const awfs: Plan['awfs'] = { ...Object.fromEntries(foreign), ...plan.awfs };
  const steps = acting.map((step) => ({ ...step, undo: awfs[step.awf]?.compensation ?? null }));
  const cost: Record<string, number> = {};
  const undo: Record<Reversibility, number> = { full: 0, partial: 0, irreversible: 0 };
  let [worst, score]: [RiskClass, number] = ['low', 0];
  for (const step of steps) {
    worst = later(RISK_CLASSES, worst, step.risk);
    score = Math.max(score, step.score);
    undo[step.undo === null && step.reversibility !== 'full' ? 'irreversible' : step.reversibility] += 1;
    for (const [unit, amount] of Object.entries(awfs[step.awf]?.cost ?? {}))
      cost[unit] = (cost[unit] ?? 0) + amount;
  }
  return {
    v: 1,
    ...{ outcome, plan: planId, runbook: `${plan.runbook.id} v${plan.runbook.version}` },
    entity: plan.entity.id,
    node,
    ...rest,
    risk: { class: worst, score },
    ...{ cost, undo },
    steps: steps.slice(0, CARD_STEPS),
    more: Math.max(0, steps.length - CARD_STEPS),
  };
}

/** What of an action may fire, with what people have made of it: nothing, the plan's AWF, another one, or one for some elements. */
function stepsOf(
  plan: Plan,
  { node, said }: { readonly node: ActionNode; readonly said: readonly Override[] },
  figures: Figures,
): readonly CardStep[] {
  const isWhole = ({ scope, node: id }: Override): boolean => scope !== 'step' || id === node.id;
  const whole = said.filter(isWhole);
  const last = whole.at(-1)?.change.do;
  const own = last === 'skip' || last === 'attest' ? [] : [stepOf(plan, replaced(node, whole), figures)];
  const some = said.filter((one) => !isWhole(one) && one.change.do === 'replace');
  return [...own, ...some.map((one) => stepOf(plan, { ...replaced(node, [one]), id: one.node }, figures))];
}

interface Replaced extends Pick<ActionNode, 'id' | 'awf'> {
  /** Absent: the plan's. */
  readonly planned?: PlannedAwf;
}

function replaced({ id, awf }: ActionNode, said: readonly Override[]): Replaced {
  const change = said.findLast((one) => one.change.do === 'replace')?.change;
  if (change?.do !== 'replace') return { id, awf };
  const planned = change.awfs[change.awf];
  return { id, awf: change.awf, ...(planned === undefined ? {} : { planned }) };
}

/** What was said of a node of the plan, as far as it concerns this instance of a gate or an action. */
function saidOf(overrides: readonly Override[], node: string, instance: string): readonly Override[] {
  const here = prefixOf(instance);
  return overrides.filter((one) => {
    if (templateOf(one.node) !== node) return false;
    const there = prefixOf(one.node);
    return one.scope !== 'step' || here.startsWith(there) || there.startsWith(here);
  });
}

/** An instance inside a for-each is named by its elements, then by its node. */
function prefixOf(instance: string): string {
  const ends = instance.lastIndexOf(']/');
  return ends < 0 ? '' : instance.slice(0, ends + 2);
}
const templateOf = (instance: string): string => instance.slice(prefixOf(instance).length);

function changesOf(said: readonly Override[]): Pick<Card, 'changes'> {
  const changes = said.map(({ node, change, by, reason, scope, until }): CardChange => {
    const { awfs: _, ...shown } = change.do === 'replace' ? change : { awfs: undefined, ...change };
    const ends = until === undefined ? {} : { until };
    return { node, by, reason, scope, ...ends, change: shown };
  });
  return changes.length === 0 ? {} : { changes };
}

function stepOf(plan: Plan, { id, awf, planned = plan.awfs[awf] }: Replaced, figures: Figures): CardStep {
  if (planned === undefined) {
    return {
      node: id,
      awf,
      risk: 'critical',
      score: 1,
      external: true,
      reversibility: 'irreversible',
      undo: null,
    };
  }
  const score = riskScore(planned.risk, figures);
  const { external, reversibility, compensation } = planned;
  const risk = severer(riskClassOf(score, figures), planned.riskClass ?? null);
  return { node: id, awf, risk, score, external, reversibility, undo: compensation ?? null };
}

/** Other actions of the plan that, by the same facts, would ask for no more than a review. */
function gathered(
  { plan, overrides }: CardOf,
  own: string,
  facts: Facts,
  figures: Figures,
): readonly CardStep[] {
  const steps: CardStep[] = [];
  // What people have changed asks for itself, with the input that it really has.
  const changed = new Set(overrides.map(({ node }) => templateOf(node)));
  for (const node of nodesOf(plan.body)) {
    const awf = node.kind === 'action' && !changed.has(node.id) ? plan.awfs[node.awf] : undefined;
    if (node.kind !== 'action' || awf === undefined || node.id === own || steps.length >= CARD_STEPS)
      continue;
    const decision = decide({ ...facts, approvals: [], action: actionFacts(node.awf, awf, facts) }, figures);
    if (!GATHERED.includes(decision.approval.type) || decision.fire === 'deny') continue;
    steps.push({ ...viewOf({ node: node.id, awf: node.awf }, decision), asks: decision.approval.type });
  }
  return steps;
}

const actionFacts = (type: string, awf: PlannedAwf, { action }: Facts): ActionFacts => ({
  ...action,
  type,
  category: CATEGORIES.find((known) => known === awf.category) ?? null,
  external: awf.external,
  reversibility: awf.reversibility,
  risk: awf.risk,
  declaredRisk: awf.riskClass ?? null,
});

/** Nodes that wait for a gate, directly or not, in the order of the plan: what is approved with it. */
function behind(body: Block, gate: string): readonly PlanNode[] {
  const way = wayTo(body, gate) ?? [];
  return way.flatMap(({ block, node }) => {
    const after = new Set([node]);
    const found: PlanNode[] = [];
    // In canonical order every node stands behind all it waits for.
    for (const other of block.nodes) {
      if (!(other.after ?? []).some((before) => after.has(before))) continue;
      after.add(other.id);
      found.push(...nodesOf({ nodes: [other] }));
    }
    return found;
  });
}

/** The blocks around a node, innermost first, each with the node of it that the way goes through. */
function wayTo(
  block: Block,
  id: string,
): readonly { readonly block: Block; readonly node: string }[] | undefined {
  for (const node of block.nodes) {
    if (node.id === id) return [{ block, node: id }];
    for (const inner of blocksIn(node)) {
      const way = wayTo(inner, id);
      if (way !== undefined) return [...way, { block, node: node.id }];
    }
  }
  return undefined;
}

function figuresOf({ figures }: Pick<CardOf, 'figures'>): Figures {
  return figuresNamed(figures);
}

function figuresNamed(overrides: JsonObject): Figures {
  if (Object.keys(overrides).length === 0) return SPEC_FIGURES;
  const figures = overrideFigures(overrides);
  // They were in force when they were recorded; of another version's the spec's own are the safest reading.
  return figures.ok ? figures.value : SPEC_FIGURES;
}
