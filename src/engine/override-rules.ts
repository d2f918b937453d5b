/**
 * What a person may change of a step before it commits, and what not: the rules of overrides, for the engine and for the doors
 * that want to say no in words.
 * Pure ring. Who may do it is judged before; whether an input fits its AWF is for those who know the contract.
 */
import type { OVERRIDE_PROBLEMS } from '../kernel/catalogue';
import { assertNever } from '../kernel/invariant';
import type { Json } from '../kernel/json';
import type { ActionNode, Block, ChoiceNode, Course, PlannedAwf, PlanNode } from '../plan/plan';
import type { Override, OverrideChange } from './effects';
import { approvedBefore } from './gate-proofs';
import { planNodeOf, type Layout } from './layout';
import { readersOf } from './readers';
import { isStopped, place, type Placed, type Run } from './run';
import type { NodeState } from './state';

/** Why an override is not taken; also the answer to whoever sent it. */
export type Refusal = Exclude<keyof typeof OVERRIDE_PROBLEMS, 'TASK_UNKNOWN' | 'OVERRIDE_INPUT_INVALID'>;

/** Here by name, because no page of texts belongs into the bundle of the workflows. */
const REFUSALS: { readonly [Code in Refusal]: true } = {
  OVERRIDE_TOO_LATE: true,
  OVERRIDE_NOT_POSSIBLE: true,
  OVERRIDE_OUTPUT_NEEDED: true,
  OVERRIDE_BYPASSES_GATE: true,
  OVERRIDE_AFTER_APPROVAL: true,
  OVERRIDE_AWF_UNFIT: true,
  TASK_CLAIMED: true,
};

export const isRefusal = (answer: string): answer is Refusal => Object.hasOwn(REFUSALS, answer);

export interface Refused {
  readonly code: Refusal;
  /** Lower case, no final stop. */
  readonly because: string;
}

/** Overrides of one node of the plan that are kept: more are a mistake, or an attempt to fill the state. */
const PER_NODE = 20;

/** The case that a choice would take as things stand; `undefined` where what it reads is not there yet. */
type CaseOf = (node: ChoiceNode) => string | undefined;

/**
 * Why the override is refused; `undefined` where it can be taken. `node` is the plan's node.
 */
export function refusalOf(
  run: Run,
  node: PlanNode,
  { override, caseOf }: { readonly override: Override; readonly caseOf: CaseOf },
): Refused | undefined {
  const { change } = override;
  if (change.do === 'withdraw') return wrongWithdrawal(run, node, override) ?? notTheirs(run, node, override);
  const kept = run.state.overrides?.[node.id]?.length ?? 0;
  if (kept >= PER_NODE) return no('OVERRIDE_NOT_POSSIBLE', `it was overridden ${PER_NODE} times`);
  const instances = instancesOf(run, node, override);
  const open = instances.filter((id) => isOpen(run, id));
  // A for-each may still bring elements that have not fired.
  if (instances.length > 0 && open.length === 0 && !isOfEach(run, node, override)) {
    return no('OVERRIDE_TOO_LATE', tooLate(run.state.nodes[instances[0]!]));
  }
  return wrongKind(node, change) ?? notTheirs(run, node, override) ?? wrongChange(run, node, change, caseOf);
}

/** Only what was said, of what has not fired, can be taken back. */
function wrongWithdrawal(run: Run, node: PlanNode, override: Override): Refused | undefined {
  const { change } = override;
  if (change.do !== 'withdraw') return undefined;
  const { withdrawn } = withdrawal(run, node, override);
  if (withdrawn.length === 0) {
    const what = change.what === undefined ? 'nothing' : `no \`${change.what}\``;
    return no('OVERRIDE_NOT_POSSIBLE', `${what} was said of it in the scope ${override.scope}`);
  }
  const instances = instancesOf(run, node, override);
  if (instances.length === 0 || isOfEach(run, node, override)) return undefined;
  return instances.some((id) => isOpen(run, id))
    ? undefined
    : no('OVERRIDE_TOO_LATE', tooLate(run.state.nodes[instances[0]!]));
}

/** What a withdrawal takes back of what was said of a node, and what it leaves; each oldest first. */
export function withdrawal(
  run: Run,
  node: PlanNode,
  { change, node: id, scope }: Override,
): { readonly withdrawn: readonly Override[]; readonly left: readonly Override[] } {
  const what = change.do === 'withdraw' ? change.what : undefined;
  const isMeant = (one: Override): boolean =>
    (what === undefined || one.change.do === what) &&
    // What the automation brought along holds for the whole outcome, and is taken back for that.
    (scope === 'step' ? one.scope === 'step' && one.node === id : one.scope !== 'step');
  const said = run.state.overrides?.[node.id] ?? [];
  return { withdrawn: said.filter(isMeant), left: said.filter((one) => !isMeant(one)) };
}

/** Instances of a node that an override is about and that are in the state. */
export function instancesOf(run: Run, node: PlanNode, { node: id, scope }: Override): readonly string[] {
  if (scope === 'step') return run.state.nodes[id] === undefined ? [] : [id];
  if ((run.layout.blocks.get(run.layout.home.get(node.id) ?? '')?.eachDepth ?? 0) === 0)
    return run.state.nodes[node.id] === undefined ? [] : [node.id];
  return Object.keys(run.state.nodes).filter((one) => planNodeOf(run.layout, one)?.id === node.id);
}

/** Whether nothing of it has been asked of the world, or what was asked was held before it did anything. */
export function isOpen(run: Run, id: string): boolean {
  const state = run.state.nodes[id];
  if (state === undefined) return true;
  if (isStopped(run, id) || state.isUnclear === true || state.isReleased === true) return false;
  switch (state.status) {
    case 'ready':
    case 'held':
      return true;
    case 'sleeping':
      return place(run, id).node.kind === 'wait';
    default:
      return false;
  }
}

const isOfEach = (run: Run, node: PlanNode, { scope }: Override): boolean =>
  scope !== 'step' && (run.layout.blocks.get(run.layout.home.get(node.id) ?? '')?.eachDepth ?? 0) > 0;

function tooLate(state: NodeState | undefined): string {
  switch (state?.status) {
    case 'acting':
      return 'it is being fired';
    case 'inside':
      return 'it is under way';
    case 'asking':
      return 'it waits for a decision';
    case 'incident':
      return 'it needs somebody to resolve it';
    default:
      return state?.isUnclear === true ? 'it may have happened' : 'it is over';
  }
}

/**
 * What people have approved is changed by nobody but who approved it: not what a step does, nor which way is taken, nor what those
 * behind it read, from wherever they read it. To leave a step out, to stop there or to do it by hand is less than was approved, as
 * long as nothing is put in the place of an output that others read.
 */
function notTheirs(run: Run, node: PlanNode, { change, by, node: id, scope }: Override): Refused | undefined {
  const isLess =
    change.do === 'decline' ||
    (change.do === 'attest' && readersOf(run.layout, node.id).length === 0) ||
    (change.do === 'skip' && (change.output ?? null) === null);
  return isLess ? undefined : boundToOthers(run, { id, node, isAny: scope !== 'step' }, by);
}

/**
 * Why somebody may not say what came of a step that has failed: others read it behind a gate that was not approved by them alone. It
 * is no less than was approved, as to attest it before is none.
 */
export const notTheirsToSupply = (run: Run, { id, node }: Placed, by: string): Refused | undefined =>
  readersOf(run.layout, node.id).length === 0
    ? undefined
    : boundToOthers(run, { id, node, isAny: false }, by);

/** Why who approved a step, or what others make of it, is asked, and not `by`; undefined where nobody else has. */
function boundToOthers(run: Run, of: Parameters<typeof approvedBefore>[1], by: string): Refused | undefined {
  for (const { gate, people } of approvedBefore(run, of)) {
    if (people.length === 1 && people[0] === by) continue;
    return no(
      'OVERRIDE_AFTER_APPROVAL',
      `\`${gate}\` was approved by ${people.map((one) => `\`${one}\``).join(' and ')}, for the step as it was`,
    );
  }
  return undefined;
}

type Change = Exclude<OverrideChange, { readonly do: 'withdraw' }>;

const TAKES: { readonly [Do in Exclude<OverrideChange['do'], 'withdraw'>]: readonly PlanNode['kind'][] } = {
  skip: ['action', 'wait'],
  edit: ['action'],
  choose: ['choice'],
  replace: ['action'],
  decline: ['action', 'wait', 'choice', 'each', 'checkpoint'],
  attest: ['action'],
};

function wrongKind(node: PlanNode, { do: what }: Change): Refused | undefined {
  if (TAKES[what].includes(node.kind)) return undefined;
  if (node.kind === 'gate') return no('OVERRIDE_NOT_POSSIBLE', 'a gate is decided, and not overridden');
  return no(
    'OVERRIDE_NOT_POSSIBLE',
    `\`${what}\` is for ${TAKES[what].join(' or ')}, and it is ${node.kind}`,
  );
}

function wrongChange(run: Run, node: PlanNode, change: Change, caseOf: CaseOf): Refused | undefined {
  switch (change.do) {
    case 'skip':
    case 'attest':
      return wrongOutput(run.layout, node.id, change.output);
    case 'choose':
      return wrongCase(node as ChoiceNode, change.value, caseOf);
    case 'replace':
      return wrongAwf(run, node as ActionNode, change);
    case 'edit':
    case 'decline':
      return undefined;
    default:
      return assertNever(change);
  }
}

/** Whatever is read of the node's output must be in the one that takes its place. */
export function wrongOutput(layout: Layout, node: string, output: Json | undefined): Refused | undefined {
  const missing = readersOf(layout, node).filter(({ path }) => output === undefined || !has(output, path));
  if (missing.length === 0) return undefined;
  const told = missing.map(({ by, path }) => `\`${by}\` reads \`${[node, ...path].join('.')}\``);
  return no('OVERRIDE_OUTPUT_NEEDED', [...new Set(told)].slice(0, 5).join(', '));
}

/** A choice may not be led around people: whoever is asked on the way that it would take is asked on the new one too. */
function wrongCase({ cases, ...node }: ChoiceNode, value: string, caseOf: CaseOf): Refused | undefined {
  const chosen = Object.hasOwn(cases, value) ? cases[value] : undefined;
  if (chosen === undefined) {
    return no('OVERRIDE_NOT_POSSIBLE', `\`${value}\` is none of the cases ${Object.keys(cases).join(', ')}`);
  }
  const own = caseOf({ cases, ...node });
  const left = Object.entries(cases).filter(([name]) => (own === undefined ? name !== value : name === own));
  const asked = gatesIn(chosen);
  const around = left.flatMap(([, block]) => gatesIn(block)).filter((gate) => !asked.includes(gate));
  if (around.length === 0) return undefined;
  return no(
    'OVERRIDE_BYPASSES_GATE',
    `the case \`${value}\` does not ask ${[...new Set(around)].join(', ')}`,
  );
}

const ORDER = ['irreversible', 'partial', 'full'] as const;

function wrongAwf(
  run: Run,
  node: ActionNode,
  { awf, awfs }: Extract<OverrideChange, { do: 'replace' }>,
): Refused | undefined {
  const unfit = (because: string): Refused => no('OVERRIDE_AWF_UNFIT', `\`${awf}\` ${because}`);
  const known = { ...awfs, ...run.state.awfs, ...run.plan.awfs };
  const is = known[awf];
  const was = known[node.awf];
  if (is === undefined || was === undefined) return unfit('did not come with what it is');
  const domainOf = ({ domain }: PlannedAwf): string => domain ?? run.plan.runbook.domain;
  if (domainOf(is) !== domainOf(was)) return unfit(`is of another domain than \`${node.awf}\``);
  if (is.effect !== was.effect) return unfit(`is a ${is.effect}, and \`${node.awf}\` a ${was.effect}`);
  if (ORDER.indexOf(is.reversibility) < ORDER.indexOf(was.reversibility)) {
    return unfit(`can be undone less than \`${node.awf}\``);
  }
  if (is.effect === 'mutate' && known[is.compensation ?? ''] === undefined)
    return unfit('has no compensation');
  return undefined;
}

function has(value: Json, path: readonly string[]): boolean {
  let at: Json = value;
  for (const step of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, step)) return false;
    at = (at as Readonly<Record<string, Json>>)[step]!;
  }
  return true;
}

/** What each gate in a block asks, and of whom; those in its branches and exits included. */
function gatesIn(block: Block): readonly string[] {
  return block.nodes.flatMap((node) => {
    switch (node.kind) {
      case 'gate':
        return [
          `${node.approval} by ${node.by.join(', ')}`,
          ...gatesInCourse(node.onRejected),
          ...gatesInCourse(node.onExpired),
        ];
      case 'choice':
        return Object.values(node.cases).flatMap(gatesIn);
      case 'each':
        return gatesIn(node.body);
      case 'action':
        return (node.exits ?? []).flatMap(({ course }) => gatesInCourse(course));
      default:
        return [];
    }
  });
}

function gatesInCourse(course: Course): readonly string[] {
  if (course.do === 'retry') return gatesInCourse(course.then);
  return (course.do === 'branch' || course.do === 'backstep') && course.body ? gatesIn(course.body) : [];
}

const no = (code: Refusal, because: string): Refused => ({ code, because });
