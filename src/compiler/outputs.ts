/**
 * Part of pass 2: outputs that nothing reads are forgotten, so that a case or a branch may return what it likes, and the
 * plan carries only what it uses.
 * Authoring ring.
 */
import { referencesOf, type Expression } from '../plan/expression';
import type { Context } from './context';
import { coursesOf, ownExpressions, type DraftCourse, type DraftNode } from './draft';

export function forgetUnreadOutputs(context: Context): void {
  const read = readNodes(context);
  for (const node of context.nodes.values()) {
    if (read.has(node.id)) continue;
    switch (node.kind) {
      case 'choice':
        node.outputs = {};
        break;
      case 'action':
        if (node.exits.length > 0) {
          node.exits = node.exits.map(({ codes, course }) => ({ codes, course: withoutOutput(course) }));
        }
        break;
      case 'gate':
        node.onRejected = withoutOutput(node.onRejected);
        node.onExpired = withoutOutput(node.onExpired);
        break;
      case 'wait':
        if ('signal' in node.for) {
          node.for = { ...node.for, onTimeout: withoutOutput(node.for.onTimeout) };
        }
        break;
      case 'each':
      case 'checkpoint':
      case 'end':
        break;
    }
  }
}

/** Ids of the nodes whose output is read by something that runs, or that is read itself. */
function readNodes(context: Context): ReadonlySet<string> {
  const read = new Set<string>();
  const pending: string[] = [];
  const add = (expression: Expression): void => {
    if ('lit' in expression) return;
    for (const reference of referencesOf(expression)) {
      if (reference.from !== 'node' || read.has(reference.node)) continue;
      read.add(reference.node);
      pending.push(reference.node);
    }
  };
  for (const node of context.nodes.values()) for (const { of } of ownExpressions(node)) add(of);
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const node = context.nodes.get(id);
    if (node !== undefined) for (const output of outputsOf(node)) add(output);
  }
  return read;
}

/** What may stand for the output of a node. */
function outputsOf(node: DraftNode): readonly Expression[] {
  if (node.kind === 'choice') return Object.values(node.outputs);
  return coursesOf(node).flatMap(({ course }) =>
    (course.do === 'skip' || course.do === 'branch') && course.output !== undefined ? [course.output] : [],
  );
}

function withoutOutput(course: DraftCourse): DraftCourse {
  if (course.do === 'retry') return { ...course, then: withoutOutput(course.then) };
  return course.do === 'skip' || course.do === 'branch' ? { ...course, output: undefined } : course;
}
