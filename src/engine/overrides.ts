/**
 * Overrides before commit: a person skips a step, edits its input, chooses another case or another AWF, declines, or attests that
 * it was done elsewhere. Kept with the step until its turn comes; what is held or ready takes it at once.
 * Pure ring. Nothing here fires anything: a step that goes on does so by the way of all others, with its compensation.
 */
import type { Json } from '../kernel/json';
import { differences, mergePatch, type Difference } from '../kernel/merge-patch';
import { referencesOf, type Expression } from '../plan/expression';
import type { ActionNode, ChoiceNode, PlanNode } from '../plan/plan';
import { letGo, renewGates } from './approvals';
import type { Override, OverrideChange } from './effects';
import { planNodeOf } from './layout';
import { instancesOf, isOpen, refusalOf, withdrawal, type Refusal, type Refused } from './override-rules';
import { firingOf, place, valueIn, type Placed, type Run } from './run';
import { nextUndo } from './state';
import type { TraceNote } from './trace';

/**
 * Takes an override: `done` where a step took it at once, `kept` where its turn has yet to come. One that is refused stands in the
 * trace too.
 */
export function override(run: Run, given: Override): 'done' | 'kept' | 'late' | 'unknown' | Refusal {
  const { phase, stopping } = run.state;
  if (phase !== 'running' || stopping !== null) return 'late';
  const node = planNodeOf(run.layout, given.node);
  if (node === undefined) return 'unknown';
  const refused = judge(run, given);
  const diff = inputDiff(run, node, given);
  const told = noteOf(given, diff);
  if (refused !== undefined) {
    run.notes.push({ ...told, kind: 'override.refused', code: refused.code });
    return refused.code;
  }
  const until = given.until === undefined ? {} : { until: given.until };
  run.notes.push({ ...told, kind: 'override', ...until });
  const isWithdrawn = given.change.do === 'withdraw';
  if (isWithdrawn) (run.state.overrides ??= {})[node.id] = [...withdrawal(run, node, given).left];
  else ((run.state.overrides ??= {})[node.id] ??= []).push(given);
  run.state.isSwayed = true;
  run.state.changes = (run.state.changes ?? 0) + 1;
  renewGates(run, node.id);
  if (given.change.do === 'replace') run.state.awfs = { ...run.state.awfs, ...given.change.awfs };
  const open = instancesOf(run, node, given).filter((id) => isOpen(run, id));
  for (const id of open) takeNow(run, place(run, id), given.change);
  return open.length > 0 ? 'done' : 'kept';
}

/** Why the outcome would refuse the override; `undefined` where it would take it. */
export function judge(run: Run, given: Override): Refused | undefined {
  const node = planNodeOf(run.layout, given.node);
  if (node === undefined) return undefined;
  const caseOf = (choice: ChoiceNode): string | undefined => {
    const value = known(run, given.node, choice, choice.on);
    return value === undefined ? undefined : caseText(value);
  };
  return refusalOf(run, node, { override: given, caseOf });
}

/** The input of an action as it was, and as the override makes it; absent where it is not known before its turn. */
export function inputsOf(run: Run, given: Override): { readonly was: Json; readonly is: Json } | undefined {
  const node = planNodeOf(run.layout, given.node);
  if (node?.kind !== 'action') return undefined;
  const own = run.state.nodes[given.node]?.input;
  if (given.change.do === 'withdraw') {
    const plain = known(run, given.node, node, node.input);
    if (plain === undefined) return undefined;
    const left = withdrawal(run, node, given).left.filter((one) => isAbout(one, given.node));
    const is = left.reduce((value, { change }) => patchedBy(change, value), plain);
    return { was: own ?? patched(run, { id: given.node, node }, plain), is };
  }
  const computed = own ?? known(run, given.node, node, node.input);
  if (computed === undefined) return undefined;
  const was = own ?? patched(run, { id: given.node, node }, computed);
  return { was, is: patchedBy(given.change, was) };
}

function inputDiff(run: Run, node: PlanNode, given: Override): readonly Difference[] {
  const { do: what } = given.change;
  if (node.kind !== 'action' || !['edit', 'replace', 'withdraw'].includes(what)) return [];
  const inputs = inputsOf(run, given);
  return inputs === undefined ? [] : differences(inputs.was, inputs.is);
}

function noteOf(
  { node, change, by, reason, scope }: Override,
  diff: readonly Difference[],
): Omit<Extract<TraceNote, { kind: 'override' }>, 'kind'> {
  return { node, change, by, reason, scope, ...(diff.length === 0 ? {} : { diff }) };
}

/** A step that is held, ready or asleep goes on with what was said; others find it when their turn comes. */
function takeNow(run: Run, placed: Placed, change: OverrideChange): void {
  const { id, state } = placed;
  if (change.do === 'withdraw') takeBack(run, placed);
  else if (state.input !== undefined) state.input = patchedBy(change, state.input);
  if (change.do === 'replace') state.awf = change.awf;
  switch (state.status) {
    case 'sleeping':
      run.commands.push({ do: 'stopTimer', timer: `wait:${id}` });
      break;
    case 'held':
      // Whatever was decided was decided on what it would have done: it asks again.
      delete state.counted;
      run.notes.push({ kind: 'awf.released', node: id, awf: firingOf(run, placed).awf });
      if (isLast(change)) letGo(run, placed);
      break;
    case 'ready':
      if (!isLast(change)) return;
      run.state.ready = run.state.ready.filter((ready) => ready !== id);
      break;
    default:
      return;
  }
  run.agenda.push({ step: 'ready', node: id });
}

/** What was said is gone: the step is again what the plan makes of it, with what else was said. */
function takeBack(run: Run, placed: Placed): void {
  const { state, node } = placed;
  if (node.kind !== 'action' || state.input === undefined) return;
  delete state.awf;
  state.input = inputOf(run, placed);
  state.wasChanged = true;
}

/** Whether a change ends the step's turn without a firing. */
const isLast = ({ do: what }: OverrideChange): boolean =>
  what === 'skip' || what === 'decline' || what === 'attest';

/** What people have said of a node instance, oldest first. */
function saidOf(run: Run, { id, node }: Pick<Placed, 'id' | 'node'>): readonly Override[] {
  const said = run.state.overrides?.[node.id] ?? [];
  return said.filter((one) => isAbout(one, id));
}

const isAbout = ({ scope, node }: Override, instance: string): boolean =>
  scope !== 'step' || node === instance;

/** At a step's turn: whether a person's word stands in its place. */
export function standsIn(run: Run, placed: Placed): boolean {
  const { id, state, node } = placed;
  const last = saidOf(run, placed).at(-1);
  // What may have happened is not done in another way besides: it is asked for again, and is there once.
  if (last === undefined || state.isUnclear === true) return false;
  const { change, by, reason } = last;
  switch (change.do) {
    case 'skip':
      run.notes.push({ kind: 'awf.skipped', node: id, code: 'OVERRIDDEN' });
      run.agenda.push({ step: 'finish', node: id, output: change.output ?? null });
      return true;
    case 'attest':
      attest(run, placed, { change, by });
      return true;
    case 'decline':
      if (change.then === 'backstep')
        run.notes.push({ kind: 'backstep', from: id, code: 'DECLINED', by, reason });
      state.status = 'done';
      run.agenda.push({ step: 'stop', then: change.then });
      return true;
    case 'choose':
      return node.kind !== 'choice';
    case 'edit':
    case 'replace':
    case 'withdraw':
      return false;
  }
}

function attest(
  run: Run,
  placed: Placed,
  { change, by }: { readonly change: Extract<OverrideChange, { do: 'attest' }>; readonly by: string },
): void {
  const { id, state, node } = placed;
  const { output, evidence, undo, args } = change;
  state.input ??= inputOf(run, placed);
  const { awf, planned } = firingOf(run, placed);
  const comp = planned.compensation;
  state.attested = { undo, ...(args === undefined ? {} : { args }) };
  if (planned.effect === 'mutate') state.undo = nextUndo(state.undo ?? 'intended', 'commit');
  if (args !== undefined) state.undoArgs = args;
  if (node.kind === 'action' && node.pivot === true) run.state.pivoted = true;
  const undoneBy = comp === undefined ? {} : { comp };
  run.notes.push({ kind: 'awf.attested', node: id, awf, by, evidence, ...undoneBy });
  run.agenda.push({ step: 'finish', node: id, output });
}

/** The case that a person chose. */
export function chosenCase(run: Run, placed: Placed): string | undefined {
  const last = saidOf(run, placed).findLast(({ change }) => change.do === 'choose');
  return last?.change.do === 'choose' ? last.change.value : undefined;
}

/** Whether a person has changed what an action does, of those that it was going to do. */
export const isChanged = (run: Run, of: Pick<Placed, 'id' | 'node'>): boolean =>
  run.state.nodes[of.id]?.wasChanged === true ||
  saidOf(run, of).some(({ change }) => change.do === 'edit' || change.do === 'replace');

/** The input of an action at its first firing, with what people have changed of it; also puts the AWF in place that they chose. */
export function inputOf(run: Run, placed: Placed): Json {
  const node = placed.node as ActionNode;
  for (const { change } of saidOf(run, placed)) if (change.do === 'replace') placed.state.awf = change.awf;
  return patched(run, placed, valueIn(run, placed.block, node.input));
}

const patched = (run: Run, of: Pick<Placed, 'id' | 'node'>, input: Json): Json =>
  saidOf(run, of).reduce((value, { change }) => patchedBy(change, value), input);

function patchedBy(change: OverrideChange, input: Json): Json {
  if (change.do === 'edit') return mergePatch(input, change.input);
  if (change.do === 'replace' && change.input !== undefined) return mergePatch(input, change.input);
  return input;
}

/** The value of a node's expression, where all that it reads is there; `undefined` where something is not. */
function known(run: Run, instance: string, node: PlanNode, expression: Expression): Json | undefined {
  const prefix = instance.slice(0, instance.length - node.id.length);
  const isThere = referencesOf(expression).every((ref) => {
    // Elements, and what stands beside a node inside a for-each, are known once its block was entered.
    if (ref.from === 'item') return run.state.nodes[instance] !== undefined;
    if (ref.from !== 'node') return true;
    if (prefix !== '' && run.state.nodes[instance] === undefined) return false;
    return (
      run.state.nodes[ref.node]?.output !== undefined ||
      run.state.nodes[prefix + ref.node]?.output !== undefined
    );
  });
  if (!isThere) return undefined;
  const state = run.state.nodes[instance];
  const block = state === undefined ? Object.values(run.state.blocks)[0] : run.state.blocks[state.block];
  return block === undefined ? undefined : valueIn(run, block, expression);
}

/** How a value names a case. */
export const caseText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
