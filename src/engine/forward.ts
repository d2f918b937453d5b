/**
 * Forward: nodes become ready, start, finish, fail and follow their courses.
 * Pure ring. What an action does is in `firing.ts`, going back in `back.ts`, people's acts in `people.ts`.
 */
import { assertNever, invariant } from '../kernel/invariant';
import type { Failure } from '../kernel/failure';
import type { Json } from '../kernel/json';
import type { ChoiceNode, EachNode, GateNode, WaitNode } from '../plan/plan';
import { askAuto, beginAsking, startReminding } from './approvals';
import { nextOpening } from './business-hours';
import { hasCompensation, isPivot, startAction } from './firing';
import { caseKey, courseKey, eachKey, thenKey } from './layout';
import { caseText, chosenCase, standsIn } from './overrides';
import {
  blockOf,
  dependentsOf,
  drop,
  isStopped,
  layoutAt,
  place,
  prefixOf,
  stateOf,
  valueIn,
  type Placed,
  type Run,
} from './run';
import type { BlockState } from './state';

/** Enters a block: everything that waits for nothing becomes ready. */
export function enter(run: Run, id: string, block: Omit<BlockState, 'left'>): void {
  const layout = layoutAt(run, block.key);
  run.state.blocks[id] = { ...block, left: layout.nodes.length };
  if (block.parent !== null) (stateOf(run, block.parent).inner ??= []).push(id);
  if (layout.nodes.length === 0) {
    run.agenda.push({ step: 'leave', block: id });
    return;
  }
  const prefix = block.prefixes[block.prefixes.length - 1] ?? '';
  for (const node of layout.nodes) {
    if ((node.after ?? []).length === 0) makeReady(run, prefix + node.id, id);
  }
}

function makeReady(run: Run, node: string, block: string): void {
  run.state.nodes[node] ??= { status: 'ready', block };
  run.agenda.push({ step: 'ready', node });
}

/** Starts a node whose predecessors are done. */
export function start(run: Run, id: string): void {
  const placed = place(run, id);
  if (isStopped(run, id)) return drop(run, id);
  if (standsIn(run, placed)) return;
  const { node } = placed;
  switch (node.kind) {
    case 'action':
      return startAction(run, placed);
    case 'gate':
      return openGate(run, placed, node);
    case 'wait':
      return startWait(run, placed, node);
    case 'choice':
      return choose(run, placed, node);
    case 'each':
      return startEach(run, placed, node);
    case 'checkpoint':
      run.notes.push({ kind: 'checkpoint', node: id });
      run.agenda.push({ step: 'finish', node: id, output: null });
      return;
    case 'end':
      if (node.how === 'backstep') {
        const reason = node.reason === undefined ? {} : { reason: node.reason };
        run.notes.push({ kind: 'backstep', from: id, code: 'OUTCOME_ENDED', ...reason });
      }
      placed.state.status = 'done';
      run.agenda.push({ step: 'stop', then: node.how });
      return;
    default:
      assertNever(node);
  }
}

/** A node is done: its block may be, and those that waited for it may start. */
export function finish(run: Run, id: string, output: Json): void {
  const placed = place(run, id);
  if (placed.state.status === 'done') return;
  placed.state.status = 'done';
  placed.state.output = output;
  placed.block.left -= 1;
  if (placed.block.left === 0) {
    run.agenda.push({ step: 'leave', block: placed.state.block });
    return;
  }
  if (isStopped(run, id)) return;
  const prefix = prefixOf(placed.block);
  for (const dependent of dependentsOf(placed)) {
    if (run.state.nodes[dependent] !== undefined) continue;
    const after = placed.layout.byId.get(dependent.slice(prefix.length))?.after ?? [];
    const open = after.some((before) => run.state.nodes[prefix + before]?.status !== 'done');
    if (!open) makeReady(run, dependent, placed.state.block);
  }
}

/** A node failed: the first exit that names the code is followed, else the outcome goes back, or, past the pivot, asks. */
export function fail(run: Run, id: string, failure: Failure): void {
  const placed = place(run, id);
  placed.state.failure = failure;
  placed.state.status = 'failed';
  // It may have happened, and nothing takes it back: whoever went back now might leave it standing alone.
  if (isUnclearPivot(placed)) run.state.pivoted = true;
  if (isStopped(run, id)) return;
  const course = courseFor(placed, failure.code);
  if (course !== undefined) {
    run.agenda.push({ step: 'follow', node: id, course });
  } else if (run.state.pivoted) {
    openIncident(run, placed, failure.code);
  } else {
    run.notes.push({ kind: 'backstep', from: id, code: failure.code });
    run.agenda.push({ step: 'stop', then: 'backstep' });
  }
}

const isUnclearPivot = (placed: Placed): boolean => isPivot(placed) && placed.state.isUnclear === true;

function openIncident(run: Run, { id, state }: Placed, code: string): void {
  state.status = 'incident';
  run.notes.push({ kind: 'incident.open', node: id, code });
}

/** Follows a course: what the runbook says comes next when a node did not go well. */
export function follow(run: Run, id: string, key: string): void {
  const placed = place(run, id);
  if (isStopped(run, id)) return;
  const course = run.layout.courses.get(key);
  invariant(course !== undefined, `the plan has a course \`${key}\``);
  const code = placed.state.failure?.code ?? 'UNKNOWN';
  if ((course.do === 'skip' || course.do === 'branch') && undoUnknownFirst(run, placed, key)) return;
  switch (course.do) {
    case 'retry': {
      const used = placed.state.retries ?? 0;
      if (used >= course.max) {
        run.agenda.push({ step: 'follow', node: id, course: thenKey(key) });
        return;
      }
      placed.state.retries = used + 1;
      placed.state.status = 'sleeping';
      run.notes.push({ kind: 'awf.retry', node: id, afterMs: course.afterMs });
      run.commands.push({ do: 'startTimer', timer: `retry:${id}`, ms: course.afterMs });
      return;
    }
    case 'skip': {
      run.notes.push({ kind: 'awf.skipped', node: id, code });
      const output = course.output === undefined ? null : valueIn(run, placed.block, course.output);
      run.agenda.push({ step: 'finish', node: id, output });
      return;
    }
    case 'branch':
      run.notes.push({ kind: 'branch', node: id, code });
      placed.state.status = 'inside';
      enter(run, prefixOf(placed.block) + key, { key, parent: id, prefixes: placed.block.prefixes });
      return;
    case 'escalate':
      placed.state.status = 'incident';
      run.notes.push({ kind: 'escalation.open', node: id, code });
      run.commands.push({ do: 'startTimer', timer: `ask:${id}`, ms: course.expiresAfterMs });
      return;
    case 'backstep':
      if (isUnclearPivot(placed)) return openIncident(run, placed, code);
      run.notes.push({
        kind: 'backstep',
        from: id,
        code,
        ...(course.to === undefined ? {} : { to: course.to }),
      });
      run.agenda.push(
        course.to === undefined
          ? { step: 'stop', then: 'backstep' }
          : { step: 'return', node: id, course: key },
      );
      return;
    default:
      assertNever(course);
  }
}

/** All nodes of a block are done: what it stands in goes on. */
export function leave(run: Run, id: string): void {
  const block = blockOf(run, id);
  if (block.parent === null) {
    if (run.state.stopping === null) run.agenda.push({ step: 'stop', then: 'complete' });
    return;
  }
  const parent = place(run, block.parent);
  if (parent.node.kind === 'each') {
    if (isStopped(run, parent.id)) return;
    return nextElement(run, parent, parent.node);
  }
  if (parent.node.kind === 'checkpoint') {
    parent.state.status = 'done';
    resettle(run, parent.state.block);
    return;
  }
  const output = outputOf(run, parent, block);
  run.agenda.push({ step: 'finish', node: parent.id, output });
}

/** Counts again what is left in a block after nodes of it were dropped and replaced. */
export function resettle(run: Run, id: string): void {
  const block = blockOf(run, id);
  const prefix = prefixOf(block);
  const nodes = layoutAt(run, block.key).nodes;
  const settled = ['done', 'dropped'];
  block.left = nodes.filter(
    (node) => !settled.includes(run.state.nodes[prefix + node.id]?.status ?? ''),
  ).length;
  if (block.left === 0) run.agenda.push({ step: 'leave', block: id });
}

function outputOf(run: Run, parent: Placed, block: BlockState): Json {
  if (parent.node.kind === 'choice') {
    const value = block.key.slice(caseKey(parent.node.id, '').length);
    const output = parent.node.outputs?.[value];
    return output === undefined ? null : valueIn(run, block, output);
  }
  const course = run.layout.courses.get(block.key);
  return course?.do === 'branch' && course.output !== undefined ? valueIn(run, block, course.output) : null;
}

function openGate(run: Run, placed: Placed, node: GateNode): void {
  placed.state.status = 'asking';
  beginAsking(run, placed);
  run.notes.push({ kind: 'gate.open', gate: placed.id, approval: node.approval, by: node.by });
  run.commands.push({ do: 'startTimer', timer: `gate:${placed.id}`, ms: node.expiresAfterMs });
  startReminding(run, placed.id, node);
  askAuto(run, placed);
}

function startWait(run: Run, placed: Placed, node: WaitNode): void {
  const { id, state, block } = placed;
  const wait = node.for;
  const sleep = (ms: number, what: string): void => {
    state.status = 'sleeping';
    run.notes.push({ kind: 'wait', node: id, for: what });
    run.commands.push({ do: 'startTimer', timer: `wait:${id}`, ms });
  };
  const over = (): void => void run.agenda.push({ step: 'finish', node: id, output: null });
  if ('time' in wait) {
    sleep(wait.time, `${wait.time}ms`);
  } else if ('until' in wait) {
    const text = valueIn(run, block, wait.until);
    const until = typeof text === 'string' ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(until)) {
      const message = `\`${JSON.stringify(text)}\` is not an ISO 8601 instant`;
      run.agenda.push({ step: 'fail', node: id, failure: engineFailure('WAIT_UNREADABLE', message) });
    } else if (until <= run.at) over();
    else sleep(until - run.at, new Date(until).toISOString());
  } else if ('businessHours' in wait) {
    const opening = nextOpening(wait.businessHours, run.at);
    if (opening <= run.at) over();
    else sleep(opening - run.at, new Date(opening).toISOString());
  } else {
    const letter = run.state.mail.findIndex((mail) => mail.name === wait.signal);
    if (letter >= 0) {
      const [mail] = run.state.mail.splice(letter, 1);
      run.agenda.push({ step: 'finish', node: id, output: mail?.data ?? null });
      return;
    }
    state.status = 'sleeping';
    run.notes.push({ kind: 'wait', node: id, for: wait.signal });
    if (wait.timeoutMs !== undefined)
      run.commands.push({ do: 'startTimer', timer: `wait:${id}`, ms: wait.timeoutMs });
  }
}

function choose(run: Run, placed: Placed, node: ChoiceNode): void {
  const text = chosenCase(run, placed) ?? caseText(valueIn(run, placed.block, node.on));
  // What data says is no case: `constructor` would be found in any table.
  if (!Object.hasOwn(node.cases, text)) {
    const message = `\`${text}\` is none of the cases ${Object.keys(node.cases).join(', ')}`;
    run.agenda.push({ step: 'fail', node: placed.id, failure: engineFailure('CHOICE_UNEXPECTED', message) });
    return;
  }
  run.notes.push({ kind: 'choice', node: placed.id, value: text });
  placed.state.status = 'inside';
  const key = caseKey(node.id, text);
  enter(run, prefixOf(placed.block) + key, { key, parent: placed.id, prefixes: placed.block.prefixes });
}

function startEach(run: Run, placed: Placed, node: EachNode): void {
  const list = valueIn(run, placed.block, node.over);
  if (!Array.isArray(list) || list.length > node.max) {
    const found = Array.isArray(list) ? `${list.length} elements` : 'no list';
    const message = `expected a list of at most ${node.max} elements, found ${found}`;
    run.agenda.push({ step: 'fail', node: placed.id, failure: engineFailure('EACH_TOO_MANY', message) });
    return;
  }
  run.notes.push({ kind: 'each', node: placed.id, count: list.length });
  placed.state.status = 'inside';
  placed.state.queue = [...(list as Json[])];
  if (!node.parallel || list.length === 0) return nextElement(run, placed, node);
  while (placed.state.queue.length > 0) enterElement(run, placed, node);
}

/** A for-each goes on with its next element, or is done when all of them are. */
function nextElement(run: Run, placed: Placed, node: EachNode): void {
  const { state } = placed;
  if ((state.queue ?? []).length > 0) return enterElement(run, placed, node);
  const open = (state.inner ?? []).some((block) => blockOf(run, block).left > 0);
  if (!open && state.status === 'inside') run.agenda.push({ step: 'finish', node: placed.id, output: null });
}

function enterElement(run: Run, placed: Placed, node: EachNode): void {
  const item = placed.state.queue?.shift() ?? null;
  const prefix = `${placed.id}[${(placed.state.inner ?? []).length}]/`;
  const prefixes = [...placed.block.prefixes, prefix];
  enter(run, prefix, { key: eachKey(node.id), parent: placed.id, prefixes, item });
}

/** Before going on without an action whose effect is unknown, its compensation runs. Whether it has to. */
function undoUnknownFirst(run: Run, placed: Placed, course: string): boolean {
  const { node, state } = placed;
  if (node.kind !== 'action' || state.undo !== 'intended' || !hasCompensation(run, placed)) return false;
  state.courseAfterUndo = course;
  run.agenda.push({ step: 'undoNode', node: placed.id });
  return true;
}

function courseFor(placed: Placed, code: string): string | undefined {
  const { node } = placed;
  switch (node.kind) {
    case 'action': {
      const exit = (node.exits ?? []).findIndex(({ codes }) => codes.includes(code) || codes.includes('*'));
      return exit < 0 ? undefined : courseKey(node.id, exit);
    }
    case 'gate':
      return courseKey(node.id, code === 'GATE_REJECTED' ? 'rejected' : 'expired');
    case 'wait':
      return code === 'WAIT_TIMED_OUT' && 'signal' in node.for && node.for.onTimeout !== undefined
        ? courseKey(node.id, 'timeout')
        : undefined;
    default:
      return undefined;
  }
}

export const engineFailure = (code: string, message: string): Failure => ({
  class: 'permanent',
  code,
  message,
  effect: 'none',
});
