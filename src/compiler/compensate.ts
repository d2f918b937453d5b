/**
 * Pass 6, compensate: every action that changes something has its compensation, or stands at or behind the pivot. Before the
 * pivot all can be undone, behind it all can be repeated until it succeeds, and nothing runs beside it.
 * Authoring ring.
 */
import { helpForName, type Context } from './context';
import { blocksOf, coursesOf, deepNodes, type DraftAction, type DraftBlock, type DraftNode } from './draft';

export function compensate(context: Context, body: DraftBlock): void {
  const behind = new Set<DraftNode>();
  arrangePivot(context, body, behind);
  for (const node of context.nodes.values()) {
    if (node.kind === 'action') checkCompensation(context, node, behind.has(node));
  }
  for (const node of behind) checkBehindPivot(context, node, behind);
}

function checkCompensation(context: Context, node: DraftAction, isBehind: boolean): void {
  const awf = context.awf(node.awf);
  if (awf?.effect !== 'mutate') return;
  if (awf.compensation === undefined) {
    if (node.pivot || isBehind) return;
    const message = `\`${node.awf}\` changes something and nothing undoes it`;
    const help = 'give its contract a compensation, or declare this action the pivot: `{ pivot: true }`';
    context.complainAt(node, '', 'PLAN_COMPENSATION_MISSING', message, help);
  } else if (context.awf(awf.compensation.awf) === undefined) {
    const known = Object.keys(context.request.catalog.awfs);
    const message = `\`${node.awf}\` is undone by \`${awf.compensation.awf}\`, which the catalog does not have`;
    const help = helpForName(awf.compensation.awf, known, 'AWFs');
    context.complainAt(node, '', 'PLAN_COMPENSATION_UNKNOWN', message, help);
  }
}

/** Finds the pivot of each path, and gathers what stands behind it. */
function arrangePivot(context: Context, block: DraftBlock, behind: Set<DraftNode>): void {
  const [pivot, ...others] = block.nodes.filter(holdsPivot);
  if (pivot === undefined) return;
  for (const other of others) {
    const message = `\`${pivot.id}\` is or holds the pivot already: a path has one at most`;
    context.complainAt(
      other,
      '',
      'PLAN_PIVOT_TWICE',
      message,
      'keep one, and make the others compensable or retriable',
    );
  }
  if (pivot.kind === 'each') {
    const message = 'a pivot inside a for-each is one for each element: a path has one at most';
    context.complainAt(pivot, '', 'PLAN_PIVOT_TWICE', message, 'put it behind the for-each');
  }
  for (const node of block.nodes) {
    if (node === pivot || others.includes(node)) continue;
    if (block.reach!.isBehind(node.position, pivot.position))
      deepNodes(node).forEach((inner) => behind.add(inner));
    else if (!block.reach!.isBehind(pivot.position, node.position)) {
      const message = `it can run at the same time as the pivot \`${pivotIn(pivot).id}\``;
      const help = 'put it before the pivot, if it can be undone, or behind it, if it can be repeated';
      context.complainAt(node, '', 'PLAN_PIVOT_CONCURRENT', message, help);
    }
  }
  for (const inner of blocksOf(pivot)) arrangePivot(context, inner, behind);
}

const holdsPivot = (node: DraftNode): boolean =>
  (node.kind === 'action' && node.pivot) || blocksOf(node).some((block) => block.nodes.some(holdsPivot));

function pivotIn(node: DraftNode): DraftNode {
  if (node.kind === 'action' && node.pivot) return node;
  for (const block of blocksOf(node)) {
    const found = block.nodes.find(holdsPivot);
    if (found !== undefined) return pivotIn(found);
  }
  return node;
}

function checkBehindPivot(context: Context, node: DraftNode, behind: ReadonlySet<DraftNode>): void {
  if (node.kind === 'action') {
    const awf = context.awf(node.awf);
    if (awf?.effect === 'mutate' && awf.retriable !== true) {
      const message = `it stands behind the pivot, and \`${node.awf}\` is not declared retriable`;
      const help =
        'put it before the pivot, or declare the AWF `retriable` if it may be repeated until it succeeds';
      context.complainAt(node, '', 'PLAN_PIVOT_NOT_RETRIABLE', message, help);
    }
  }
  if (node.kind === 'end' && node.how === 'backstep') {
    context.complainAt(node, '', 'PLAN_PIVOT_NO_WAY_BACK', NO_WAY, 'end with `complete`');
  }
  for (const { slot, course } of coursesOf(node)) {
    if (course.do !== 'backstep') continue;
    const checkpoint = course.to === undefined ? undefined : context.nodes.get(course.to);
    if (checkpoint !== undefined && behind.has(checkpoint)) continue;
    const help = 'retry, skip, branch or escalate, or return to a checkpoint behind the pivot';
    context.complainAt(node, slot, 'PLAN_PIVOT_NO_WAY_BACK', NO_WAY, help);
  }
}

const NO_WAY = 'it stands behind the pivot, and there is no way back past it';
