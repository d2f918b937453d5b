/**
 * The static index of a plan: blocks, who waits for whom, courses, each under a key that a state can hold.
 * Pure ring. Derived from the plan alone, so it is never part of a state.
 */
import { invariant } from '../kernel/invariant';
import type { Block, Course, Plan, PlanNode } from '../plan/plan';

export interface BlockLayout {
  readonly key: string;
  /** In canonical order. */
  readonly nodes: readonly PlanNode[];
  readonly byId: ReadonlyMap<string, PlanNode>;
  readonly dependents: ReadonlyMap<string, readonly string[]>;
  /** For-each nodes around this block. */
  readonly eachDepth: number;
}

export interface Layout {
  readonly blocks: ReadonlyMap<string, BlockLayout>;
  /** Block key of each node of the plan. */
  readonly home: ReadonlyMap<string, string>;
  readonly courses: ReadonlyMap<string, Course>;
  /** The node that each block stands inside, by block key; none for the body of the plan. */
  readonly owners: ReadonlyMap<string, string>;
}

/** Where strays can hide in a plan. */
export interface Hideouts {
  /** Changing actions of the local lane, and every node with one inside. */
  readonly nodes: ReadonlySet<string>;
  /**
   * Whether the way through the plan may hang on what people do, in a block that only some of their acts open. Then even an
   * outcome that ran to its end may have gone another way in a lost task.
   */
  readonly areSwayed: boolean;
}

/** Key of the plan's body. */
export const BODY = '';

export const caseKey = (node: string, value: string): string => `${node}?${value}`;
export const eachKey = (node: string): string => `${node}*`;
/** `slot` is the exit's number, or `rejected`, `expired`, `timeout`. */
export const courseKey = (node: string, slot: string | number): string => `${node}!${slot}`;
/** Course that follows when a `retry` is used up. */
export const thenKey = (course: string): string => `${course}.then`;

export function layoutOf(plan: Plan): Layout {
  const blocks = new Map<string, BlockLayout>();
  const home = new Map<string, string>();
  const courses = new Map<string, Course>();
  const owners = new Map<string, string>();

  const addBlock = (key: string, block: Block, eachDepth: number, owner?: string): void => {
    if (owner !== undefined) owners.set(key, owner);
    const byId = new Map<string, PlanNode>();
    const dependents = new Map<string, string[]>();
    for (const node of block.nodes) {
      byId.set(node.id, node);
      dependents.set(node.id, []);
      home.set(node.id, key);
      for (const before of node.after ?? []) {
        const list = dependents.get(before);
        invariant(list !== undefined, `node \`${node.id}\` stands behind \`${before}\`, which it waits for`);
        list.push(node.id);
      }
    }
    blocks.set(key, { key, nodes: block.nodes, byId, dependents, eachDepth });
    for (const node of block.nodes) addInner(node, eachDepth);
  };

  const addCourse = (key: string, course: Course, eachDepth: number, owner: string): void => {
    courses.set(key, course);
    if (course.do === 'retry') addCourse(thenKey(key), course.then, eachDepth, owner);
    if (course.do === 'branch') addBlock(key, course.body, eachDepth, owner);
    // What replaces a scope stands inside the checkpoint.
    if (course.do === 'backstep' && course.body !== undefined)
      addBlock(key, course.body, eachDepth, course.to ?? owner);
  };

  const addInner = (node: PlanNode, eachDepth: number): void => {
    switch (node.kind) {
      case 'action':
        node.exits?.forEach((exit, i) => addCourse(courseKey(node.id, i), exit.course, eachDepth, node.id));
        return;
      case 'gate':
        addCourse(courseKey(node.id, 'rejected'), node.onRejected, eachDepth, node.id);
        addCourse(courseKey(node.id, 'expired'), node.onExpired, eachDepth, node.id);
        return;
      case 'wait':
        if ('signal' in node.for && node.for.onTimeout !== undefined) {
          addCourse(courseKey(node.id, 'timeout'), node.for.onTimeout, eachDepth, node.id);
        }
        return;
      case 'choice':
        for (const [value, block] of Object.entries(node.cases))
          addBlock(caseKey(node.id, value), block, eachDepth, node.id);
        return;
      case 'each':
        addBlock(eachKey(node.id), node.body, eachDepth + 1, node.id);
        return;
      case 'checkpoint':
      case 'end':
        return;
    }
  };

  addBlock(BODY, plan.body, 0);
  return { blocks, home, courses, owners };
}

/** The plan's node behind an instance id; `undefined` where the plan has none. */
export function planNodeOf(layout: Layout, instance: string): PlanNode | undefined {
  for (let rest = instance; ; rest = rest.slice(rest.indexOf(']/') + 2)) {
    const home = layout.home.get(rest);
    if (home !== undefined) return layout.blocks.get(home)?.byId.get(rest);
    if (!rest.includes(']/')) return undefined;
  }
}
