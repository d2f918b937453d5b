/**
 * A plan for people: a tree of its nodes with what each waits for, how it is undone and what happens when it fails.
 * Pure ring. Names of entity and event fields are shown, their values are not: they may be personal data.
 */
import { printDuration } from '../kernel/duration';
import type { Expression, Reference } from './expression';
import { PLAN_LIMITS } from './limits';
import type { Block, BoundValue, Course, Plan, PlanNode, WaitNode } from './plan';

/** The whole plan as lines, without a last line feed. */
export function printPlan(plan: Plan): string {
  const { runbook, entity } = plan;
  const undo =
    plan.undoWindowMs === 0 ? 'no undo once complete' : `undo for ${printDuration(plan.undoWindowMs)}`;
  return [
    `${plan.outcome} ${runbook.id} v${runbook.version} for ${entity.id} (${plan.tenant})`,
    `  ${undo} · ruleset ${plan.ruleset.slice(0, 12)}`,
    ...section('reads', [
      ...Object.keys(entity.fields).map((name) => `entity.${name}`),
      ...Object.keys(plan.event).map((name) => `event.${name}`),
    ]),
    ...section(
      'parameters',
      aligned(Object.entries(plan.params).map(([name, bound]) => printBound(name, bound))),
    ),
    ...section('nodes', printBlock(plan, plan.body)),
  ].join('\n');
}

/** An expression as its author wrote it, near enough: `identity.id`, `params.groups`, `"text"`. */
export function printExpression(expression: Expression): string {
  if ('lit' in expression) return JSON.stringify(expression.lit);
  if ('ref' in expression) return printReference(expression.ref);
  if ('list' in expression) return `[${expression.list.map(printExpression).join(', ')}]`;
  if ('join' in expression) return expression.join.map(printExpression).join(' + ');
  const members = Object.entries(expression.obj).map(([key, member]) => `${key}: ${printExpression(member)}`);
  return `{ ${members.join(', ')} }`;
}

/** What a wait waits for, in words. */
export function printWait(what: WaitNode['for']): string {
  if ('time' in what) return printDuration(what.time);
  if ('until' in what) return `until ${printExpression(what.until)}`;
  if ('signal' in what) {
    const limited = what.timeoutMs !== undefined && what.timeoutMs < PLAN_LIMITS.waitMs;
    return `signal ${what.signal}${limited ? ` for ${printDuration(what.timeoutMs)}` : ''}`;
  }
  const { timezone, days, from, to } = what.businessHours;
  const names = days.map((day) => 'Mon Tue Wed Thu Fri Sat Sun'.split(' ')[day - 1]).join(' ');
  return `business hours ${clock(from)}-${clock(to)} ${names} ${timezone}`;
}

/** A course in one line, without the block it may run. */
export function printCourse(course: Course): string {
  switch (course.do) {
    case 'retry': {
      const times = course.max === 1 ? 'once' : `${course.max} times`;
      return `retry ${times} after ${printDuration(course.afterMs)}, then ${printCourse(course.then)}`;
    }
    case 'skip':
      return course.output === undefined ? 'skip' : `skip with ${printExpression(course.output)}`;
    case 'branch':
      return course.output === undefined ? 'branch' : `branch giving ${printExpression(course.output)}`;
    case 'escalate':
      return `escalate to ${course.to.join(', ')} for ${printDuration(course.expiresAfterMs)}`;
    case 'backstep':
      return `backstep${course.to === undefined ? '' : ` to ${course.to}`}${course.body === undefined ? '' : ', then'}`;
  }
}

/** Courses of a node with the name of their place, the usual `backstep` left out. */
export function coursesOf(node: PlanNode): readonly { readonly on: string; readonly course: Course }[] {
  switch (node.kind) {
    case 'action':
      return (node.exits ?? []).map(({ codes, course }) => ({ on: codes.join(', '), course }));
    case 'gate':
      return [
        { on: 'rejected', course: node.onRejected },
        { on: 'expired', course: node.onExpired },
      ].filter(({ course }) => !isPlainBackstep(course));
    case 'wait':
      return 'signal' in node.for && node.for.onTimeout !== undefined && !isPlainBackstep(node.for.onTimeout)
        ? [{ on: 'timeout', course: node.for.onTimeout }]
        : [];
    default:
      return [];
  }
}

/** The block that a course runs, also behind its retries. */
export function blockOf(course: Course): Block | undefined {
  if (course.do === 'retry') return blockOf(course.then);
  return course.do === 'branch' || course.do === 'backstep' ? course.body : undefined;
}

const isPlainBackstep = (course: Course): boolean =>
  course.do === 'backstep' && course.to === undefined && course.body === undefined;

function printBlock(plan: Plan, block: Block): readonly string[] {
  const heads = aligned(block.nodes.map((node) => printNode(plan, node)));
  return block.nodes.flatMap((node, i) => [heads[i]!, ...printInside(plan, node).map((line) => `  ${line}`)]);
}

/** Columns of one node: id, what it does, how it is undone, the rest. */
function printNode(plan: Plan, node: PlanNode): readonly string[] {
  const after = node.after === undefined ? '' : `after ${node.after.join(', ')}`;
  switch (node.kind) {
    case 'action': {
      const awf = plan.awfs[node.awf];
      const undo = awf?.compensation;
      const pivot = node.pivot === true ? 'pivot ' : '';
      const how = awf?.effect === 'read' ? 'reads' : undo === undefined ? 'no undo' : `undo ${undo}`;
      return [node.id, node.awf, how, `${pivot}${node.lane}`, after];
    }
    case 'gate':
      return [
        node.id,
        `gate ${node.approval}`,
        `by ${node.by.join(' then ')}`,
        printDuration(node.expiresAfterMs),
        after,
      ];
    case 'wait':
      return [node.id, `wait ${printWait(node.for)}`, '', '', after];
    case 'choice':
      return [node.id, `choice on ${printExpression(node.on)}`, '', '', after];
    case 'each': {
      const how = node.parallel ? 'parallel' : 'in sequence';
      return [node.id, `each of ${printExpression(node.over)}`, `at most ${node.max}`, how, after];
    }
    case 'checkpoint':
      return [node.id, 'checkpoint', '', '', after];
    case 'end':
      return [node.id, `end ${node.how}`, node.reason ?? '', '', after];
  }
}

function printInside(plan: Plan, node: PlanNode): readonly string[] {
  const courses = coursesOf(node).flatMap(({ on, course }) => {
    const block = blockOf(course);
    return [
      `on ${on}: ${printCourse(course)}`,
      ...(block === undefined ? [] : indented(printBlock(plan, block))),
    ];
  });
  if (node.kind === 'choice') {
    return Object.entries(node.cases).flatMap(([value, block]) => {
      const output = node.outputs?.[value];
      const gives = output === undefined ? '' : ` giving ${printExpression(output)}`;
      return [`case ${value}${gives}`, ...indented(printBlock(plan, block))];
    });
  }
  return node.kind === 'each' ? printBlock(plan, node.body) : courses;
}

function printBound(name: string, { value, from, at }: BoundValue): readonly string[] {
  return [name, JSON.stringify(value), at === undefined ? from : `${from} (${at})`];
}

function printReference(ref: Reference): string {
  const roots = { param: 'params', entity: 'entity', event: 'event' } as const;
  const root = ref.from === 'node' ? ref.node : ref.from === 'item' ? `item of ${ref.each}` : roots[ref.from];
  return [root, ...ref.path].join('.');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...indented(lines)];
}

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);

/** Wider cells push what stands behind them, instead of everything else. */
const WIDEST = 48;

/** Rows in columns, two spaces apart. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      if (cell.length <= WIDEST) widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return rows.map((row) => {
    const wide = row.findIndex((cell, i) => cell.length > (widths[i] ?? 0));
    const cells = row.map((cell, i) => (wide >= 0 && i >= wide ? cell : cell.padEnd(widths[i] ?? 0)));
    return cells
      .filter((cell) => cell !== '')
      .join('  ')
      .trimEnd();
  });
}

const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
