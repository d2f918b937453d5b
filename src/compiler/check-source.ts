/**
 * Checks of a runbook's source as a whole, before anything is bound: its ids.
 * Authoring ring.
 */
import type { SourceBlock, SourceCourse, SourceNode } from '../dsl/source';
import type { Diagnostic } from '../kernel/diagnostic';
import { isInherited } from '../kernel/json';
import { PLAN_LIMITS } from '../plan/limits';

const ID = /^[a-z0-9][a-z0-9_.-]*$/i;

/** Malformed ids. That ids are unique is a matter of the plan: of the cases of a choice only one may be left. */
export function checkSource(runbook: string, body: SourceBlock): readonly Diagnostic[] {
  const malformed = [...nodesOfSource(body)].filter(
    ({ id }) => !ID.test(id) || id.length > PLAN_LIMITS.nodeIdLength || isInherited(id),
  );
  return malformed.map(({ id }) => ({
    code: 'PLAN_NODE_ID_MALFORMED',
    at: `runbook ${runbook} › node ${id}`,
    message: `\`${id}\` is no id of a node`,
    help: isInherited(id)
      ? 'every object has something of that name: call it otherwise'
      : `write letters, digits, \`-\`, \`_\` and \`.\`, at most ${PLAN_LIMITS.nodeIdLength} of them`,
  }));
}

/** Every node of a source block and of the blocks inside it, in the order declared. */
export function* nodesOfSource(block: SourceBlock): Generator<SourceNode> {
  for (const node of block.nodes) {
    yield node;
    for (const inner of innerBlocks(node)) yield* nodesOfSource(inner);
  }
}

function innerBlocks(node: SourceNode): readonly SourceBlock[] {
  switch (node.kind) {
    case 'action':
      return node.exits.flatMap(({ course }) => blocksOfCourse(course));
    case 'gate':
      return [...blocksOfCourse(node.onRejected), ...blocksOfCourse(node.onExpired)];
    case 'wait':
      return 'signal' in node.for ? blocksOfCourse(node.for.onTimeout) : [];
    case 'choice':
      return Object.values(node.cases);
    case 'each':
      return [node.body];
    case 'use':
    case 'checkpoint':
    case 'end':
      return [];
  }
}

function blocksOfCourse(course: SourceCourse): readonly SourceBlock[] {
  if (course.do === 'retry') return blocksOfCourse(course.then);
  return (course.do === 'branch' || course.do === 'backstep') && course.body !== undefined
    ? [course.body]
    : [];
}
