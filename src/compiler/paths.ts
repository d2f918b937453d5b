/**
 * Pass 5, paths: what each way through the plan really passes. No reference to an output that a path may lack, no backstep
 * to a checkpoint that need not have been passed, no node behind the end.
 * Authoring ring.
 */
import { helpForName, isWithin, type Context } from './context';
import { coursesOf, type DraftCourse, type DraftNode } from './draft';
import type { Read } from './order';

export function checkPaths(context: Context, reads: readonly Read[]): void {
  for (const node of context.nodes.values()) {
    checkReachable(context, node);
    checkCheckpoints(context, node);
  }
  for (const read of reads) checkRead(context, read);
  for (const node of context.nodes.values()) checkReplaced(context, node, reads);
}

/** Whether the outcome has ended once `node` would be done, so that nothing behind it runs. */
function alwaysEnds(node: DraftNode): boolean {
  if (node.kind === 'end') return true;
  return node.kind === 'choice' && Object.values(node.cases).every((block) => block.nodes.some(alwaysEnds));
}

function checkReachable(context: Context, node: DraftNode): void {
  const ended = node.after.map((id) => context.nodes.get(id)).find((before) => before && alwaysEnds(before));
  if (ended === undefined) return;
  context.complainAt(
    node,
    '',
    'PLAN_NODE_UNREACHABLE',
    `it never runs: it stands behind \`${ended.id}\`, where the outcome has ended`,
    'remove it, or end the outcome in one case of a choice only',
  );
}

function checkCheckpoints(context: Context, node: DraftNode): void {
  for (const { slot, course } of coursesOf(node)) {
    if (course.do !== 'backstep') continue;
    if (course.to === undefined) {
      if (course.body !== undefined) {
        const message = '`then` has no place to run: everything is undone';
        const help = 'name the checkpoint to return to: `backstep({ to, then })`';
        context.complainAt(node, slot, 'PLAN_CHECKPOINT_UNKNOWN', message, help);
      }
      continue;
    }
    const checkpoint = context.nodes.get(course.to);
    if (checkpoint?.kind !== 'checkpoint') {
      const known = [...context.nodes.values()]
        .filter(({ kind }) => kind === 'checkpoint')
        .map(({ id }) => id);
      const message = `there is no checkpoint \`${course.to}\``;
      const help = helpForName(course.to, known, 'checkpoints');
      context.complainAt(node, slot, 'PLAN_CHECKPOINT_UNKNOWN', message, help);
    } else if (!isPassed(checkpoint, node)) {
      const message = `\`${checkpoint.id}\` need not have been passed when \`${node.id}\` fails`;
      const help = 'return to a checkpoint that stands before the node, in its block or one around it';
      context.complainAt(node, slot, 'PLAN_CHECKPOINT_NOT_REACHED', message, help);
    }
  }
}

/** Whether `earlier` is done whenever `node` runs. */
function isPassed(earlier: DraftNode, node: DraftNode): boolean {
  let at = node;
  while (at.block !== earlier.block) {
    if (at.block.inside === undefined) return false;
    at = at.block.inside.node;
  }
  return at !== earlier && at.block.reach!.isBehind(at.position, earlier.position);
}

function checkRead(context: Context, read: Read): void {
  const { by, slot, target } = read;
  const written = `\`${[read.reference.node, ...read.reference.path].join('.')}\``;
  const lack = whyMissing(target);
  if (lack !== undefined) {
    context.complainAt(by, slot, 'PLAN_OUTPUT_MISSING', `${written} may not exist: ${lack.why}`, lack.help);
  }
  for (const name of read.replaced) {
    const checkpoint = context.nodes.get(name);
    if (checkpoint === undefined || isKept(target, checkpoint)) continue;
    context.complainAt(
      by,
      slot,
      'PLAN_OUTPUT_MISSING',
      `${written} may not exist: \`${target.id}\` is undone, or never ran, when this runs after the return to \`${name}\``,
      `read only what stands before \`${name}\``,
    );
  }
}

/** Whether `node` is still done after everything behind `checkpoint` has been undone. */
function isKept(node: DraftNode, checkpoint: DraftNode): boolean {
  if (node.block === checkpoint.block) {
    return node.block.reach!.isBehind(checkpoint.position, node.position);
  }
  return isWithin(checkpoint.block, node.block);
}

/** Why a node may be done without an output, and what to do; `undefined` where it always has one. */
function whyMissing(node: DraftNode): { readonly why: string; readonly help: string } | undefined {
  switch (node.kind) {
    case 'action':
    case 'gate':
      return whyCourseMissing(node);
    case 'wait':
      if (!('signal' in node.for))
        return { why: `\`${node.id}\` is a wait and gives nothing`, help: NO_OUTPUT };
      return node.for.hasData
        ? whyCourseMissing(node)
        : {
            why: `the signal of \`${node.id}\` carries nothing`,
            help: 'declare what it carries with `data`',
          };
    case 'choice': {
      const silent = Object.entries(node.cases).find(
        ([value, block]) => !Object.hasOwn(node.outputs, value) && !block.nodes.some(alwaysEnds),
      );
      if (silent === undefined) return undefined;
      return {
        why: `the case \`${silent[0]}\` of \`${node.id}\` returns nothing`,
        help: 'return a value of the same type from every case',
      };
    }
    case 'each':
    case 'checkpoint':
    case 'end':
      return { why: `\`${node.id}\` gives nothing`, help: NO_OUTPUT };
  }
}

const NO_OUTPUT = 'read the output of an action or a choice';

function whyCourseMissing(node: DraftNode): { readonly why: string; readonly help: string } | undefined {
  const gap = coursesOf(node).find(({ course }) => leavesNothing(course));
  if (gap === undefined) return undefined;
  const how = gap.course.do === 'skip' ? 'skipped' : 'replaced by a branch';
  return {
    why: `\`${node.id}\` can be ${how} without an output (${gap.slot})`,
    help:
      gap.course.do === 'skip' ? 'give one: `skip({ output })`' : 'return one from the function of `branch`',
  };
}

function leavesNothing(course: DraftCourse): boolean {
  if (course.do === 'skip') return course.output === undefined;
  return course.do === 'branch' && course.output === undefined && !course.body.nodes.some(alwaysEnds);
}

/** What a block gives must survive every return to a checkpoint inside that block. */
function checkReplaced(context: Context, node: DraftNode, reads: readonly Read[]): void {
  for (const { course } of coursesOf(node)) {
    if (course.do !== 'backstep' || course.to === undefined) continue;
    const checkpoint = context.nodes.get(course.to);
    if (checkpoint?.kind !== 'checkpoint' || !isPassed(checkpoint, node)) continue;
    const { block } = checkpoint;
    for (const { by, slot, reference, target } of reads) {
      const givesOutOfBlock = target.block === block && by === block.inside?.node;
      if (!givesOutOfBlock || !block.reach!.isBehind(target.position, checkpoint.position)) continue;
      context.complainAt(
        by,
        slot,
        'PLAN_OUTPUT_MISSING',
        `\`${[reference.node, ...reference.path].join('.')}\` may not exist: \`${node.id}\` can return to \`${checkpoint.id}\`, which undoes \`${target.id}\``,
        `give only what stands before \`${checkpoint.id}\``,
      );
    }
  }
}
