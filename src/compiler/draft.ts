/**
 * The draft: a plan in the making. Ids are final, blocks still know where they stand, and edges are not yet sorted.
 * Authoring ring.
 */
import type { SourceBusinessHours } from '../dsl/source';
import type { Expression } from '../plan/expression';
import type { GateNode } from '../plan/plan';
import type { Reachability } from './reachability';

export interface DraftBlock {
  /** In order of declaration until the order pass sorts them. */
  nodes: DraftNode[];
  /** The node this block is part of; absent for the plan's body. */
  readonly inside?: {
    readonly node: DraftNode;
    /** As shown in addresses: `cases.mac`, `onError.taken`, `each`. */
    readonly slot: string;
    /** Where the block replaces what stands behind a checkpoint. */
    readonly replaces?: string;
  };
  /** Blocks around this one. */
  readonly depth: number;
  /** Who stands behind whom; set by the order pass. */
  reach?: Reachability;
}

interface DraftBase {
  readonly id: string;
  readonly block: DraftBlock;
  /** The runbook and the id under which the author declared it. */
  readonly origin: { readonly runbook: string; readonly node: string };
  /** Names as declared; after the order pass ids of the same block, without those implied by others. */
  after: readonly string[];
  /** Place in `block.nodes`; set by the order pass. */
  position: number;
}

export interface DraftAction extends DraftBase {
  readonly kind: 'action';
  readonly awf: string;
  readonly input: Expression;
  readonly pivot: boolean;
  exits: readonly DraftExit[];
}

export interface DraftGate extends DraftBase {
  readonly kind: 'gate';
  readonly approval: GateNode['approval'];
  readonly by: readonly Expression[];
  readonly expiresAfter: string | undefined;
  readonly ask: Expression | undefined;
  onRejected: DraftCourse;
  onExpired: DraftCourse;
}

export interface DraftWait extends DraftBase {
  readonly kind: 'wait';
  for:
    | { readonly time: string }
    | { readonly until: Expression }
    | {
        readonly signal: string;
        readonly hasData: boolean;
        readonly timeout: string | undefined;
        readonly onTimeout: DraftCourse;
      }
    | { readonly businessHours: SourceBusinessHours };
}

export interface DraftChoice extends DraftBase {
  readonly kind: 'choice';
  readonly on: Expression;
  cases: { readonly [value: string]: DraftBlock };
  outputs: { readonly [value: string]: Expression };
}

export interface DraftEach extends DraftBase {
  readonly kind: 'each';
  readonly over: Expression;
  readonly max: number;
  readonly parallel: boolean;
  body: DraftBlock;
}

export interface DraftCheckpoint extends DraftBase {
  readonly kind: 'checkpoint';
}

export interface DraftEnd extends DraftBase {
  readonly kind: 'end';
  readonly how: 'complete' | 'backstep';
  readonly reason: string | undefined;
}

export type DraftNode =
  DraftAction | DraftGate | DraftWait | DraftChoice | DraftEach | DraftCheckpoint | DraftEnd;

export interface DraftExit {
  readonly codes: readonly string[];
  readonly course: DraftCourse;
}

export type DraftCourse =
  | { readonly do: 'retry'; readonly after: string; readonly max: number; readonly then: DraftCourse }
  | { readonly do: 'skip'; readonly output: Expression | undefined }
  | { readonly do: 'branch'; readonly body: DraftBlock; readonly output: Expression | undefined }
  | {
      readonly do: 'escalate';
      readonly to: readonly Expression[];
      readonly ask: Expression | undefined;
      readonly expiresAfter: string | undefined;
    }
  | { readonly do: 'backstep'; readonly to: string | undefined; readonly body: DraftBlock | undefined };

/** A course under the name of its place: `onError.taken`, `onRejected`. A retry's `then` has the same place. */
export interface Slot {
  readonly slot: string;
  readonly course: DraftCourse;
}

/** Every course of a node, those behind a retry included. */
export function coursesOf(node: DraftNode): readonly Slot[] {
  switch (node.kind) {
    case 'action':
      if (node.exits.length === 0) return NO_SLOTS;
      return node.exits.flatMap((exit) => chain(`onError.${exit.codes.join(',')}`, exit.course));
    case 'gate':
      return [...chain('onRejected', node.onRejected), ...chain('onExpired', node.onExpired)];
    case 'wait':
      return 'signal' in node.for ? chain('onTimeout', node.for.onTimeout) : [];
    default:
      return NO_SLOTS;
  }
}

const NO_SLOTS: readonly Slot[] = [];
const NO_BLOCKS: readonly DraftBlock[] = [];

/** Every block directly inside a node. */
export function blocksOf(node: DraftNode): readonly DraftBlock[] {
  if (node.kind === 'choice') return Object.values(node.cases);
  if (node.kind === 'each') return [node.body];
  const courses = coursesOf(node);
  if (courses.length === 0) return NO_BLOCKS;
  return courses.flatMap(({ course }) =>
    (course.do === 'branch' || course.do === 'backstep') && course.body !== undefined ? [course.body] : [],
  );
}

/** A node and all nodes inside it. */
export function deepNodes(node: DraftNode, into: DraftNode[] = []): readonly DraftNode[] {
  into.push(node);
  for (const block of blocksOf(node)) for (const inner of block.nodes) deepNodes(inner, into);
  return into;
}

/** Every expression that is evaluated when `node` itself runs or follows a course, with its place. */
export function expressionsOf(
  node: DraftNode,
): readonly { readonly slot: string; readonly of: Expression }[] {
  const own = ownExpressions(node);
  const courses = coursesOf(node);
  if (courses.length === 0) return own;
  const ofCourses = courses.flatMap(({ slot, course }) =>
    course.do === 'skip' && course.output !== undefined
      ? [{ slot: `${slot}.output`, of: course.output }]
      : [],
  );
  return [...own, ...ofCourses];
}

/** Every expression that is evaluated when `node` runs, with its place. */
export function ownExpressions(
  node: DraftNode,
): readonly { readonly slot: string; readonly of: Expression }[] {
  switch (node.kind) {
    case 'action':
      return [{ slot: 'input', of: node.input }];
    case 'wait':
      return 'until' in node.for ? [{ slot: 'until', of: node.for.until }] : [];
    case 'choice':
      return [{ slot: 'on', of: node.on }];
    case 'each':
      return [{ slot: 'over', of: node.over }];
    default:
      return [];
  }
}

function chain(slot: string, course: DraftCourse): readonly Slot[] {
  return course.do === 'retry' ? [{ slot, course }, ...chain(slot, course.then)] : [{ slot, course }];
}
