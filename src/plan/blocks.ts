/** Walks over a plan's blocks, however deep they are nested. Pure ring. */
import type { Block, Course, Plan, PlanNode } from './plan';

/** The same plan with every node replaced, outer nodes before inner ones. */
export function mapBlocks(plan: Plan, replace: (node: PlanNode) => PlanNode): Plan {
  const block = (from: Block): Block => ({ nodes: from.nodes.map((node) => inner(replace(node))) });
  const course = (from: Course): Course => {
    if (from.do === 'retry') return { ...from, then: course(from.then) };
    if (from.do === 'branch') return { ...from, body: block(from.body) };
    if (from.do === 'backstep' && from.body !== undefined) return { ...from, body: block(from.body) };
    return from;
  };
  const inner = (node: PlanNode): PlanNode => {
    switch (node.kind) {
      case 'action':
        if (node.exits === undefined) return node;
        return { ...node, exits: node.exits.map((exit) => ({ ...exit, course: course(exit.course) })) };
      case 'gate':
        return { ...node, onRejected: course(node.onRejected), onExpired: course(node.onExpired) };
      case 'wait':
        if (!('signal' in node.for) || node.for.onTimeout === undefined) return node;
        return { ...node, for: { ...node.for, onTimeout: course(node.for.onTimeout) } };
      case 'choice':
        return {
          ...node,
          cases: Object.fromEntries(Object.entries(node.cases).map(([value, body]) => [value, block(body)])),
        };
      case 'each':
        return { ...node, body: block(node.body) };
      case 'checkpoint':
      case 'end':
        return node;
    }
  };
  return { ...plan, body: block(plan.body) };
}

/** The blocks that stand inside a node: cases, bodies and branches. */
export function blocksIn(node: PlanNode): readonly Block[] {
  switch (node.kind) {
    case 'action':
      return (node.exits ?? []).flatMap(({ course }) => blocksOf(course));
    case 'gate':
      return [...blocksOf(node.onRejected), ...blocksOf(node.onExpired)];
    case 'wait':
      return 'signal' in node.for && node.for.onTimeout !== undefined ? blocksOf(node.for.onTimeout) : [];
    case 'choice':
      return Object.values(node.cases);
    case 'each':
      return [node.body];
    case 'checkpoint':
    case 'end':
      return [];
  }
}

/** Every node of a block, outer nodes before inner ones. */
export const nodesOf = (block: Block): readonly PlanNode[] =>
  block.nodes.flatMap((node) => [node, ...blocksIn(node).flatMap(nodesOf)]);

function blocksOf(course: Course): readonly Block[] {
  if (course.do === 'retry') return blocksOf(course.then);
  return (course.do === 'branch' || course.do === 'backstep') && course.body !== undefined
    ? [course.body]
    : [];
}
