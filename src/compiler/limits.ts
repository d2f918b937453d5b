/**
 * Pass 9, limits: a plan that Temporal or its people could not carry is refused before it starts.
 * Authoring ring.
 */
import { utf8Length } from '../plan/bytes';
import { PLAN_LIMITS } from '../plan/limits';
import type { Block, Course, Plan, PlanNode } from '../plan/plan';
import type { Context } from './context';

/**
 * Events of Temporal's history that one thing costs at most: three of its own and three of the workflow task that follows.
 * A local action leaves a marker inside the task of its predecessor.
 */
const EVENTS = { remote: 6, local: 4, gate: 24, wait: 6, start: 5 } as const;

export function checkLimits(context: Context, plan: Plan, bytes: string): void {
  const size = utf8Length(bytes);
  const told = (code: Parameters<Context['complain']>[0], message: string, help: string): void =>
    context.complain(code, [], message, help);
  if (size > PLAN_LIMITS.planBytes) {
    const message = `the plan has ${size} bytes: at most ${PLAN_LIMITS.planBytes} may be`;
    told(
      'PLAN_TOO_LARGE',
      message,
      'read large values by an AWF, or split the runbook over several outcomes',
    );
  }
  const sum = measureBlock(plan.body);
  if (sum.nodes > PLAN_LIMITS.nodes) {
    const message = `the plan has up to ${sum.nodes} nodes, every element of a for-each counted: at most ${PLAN_LIMITS.nodes} may be`;
    told(
      'PLAN_TOO_MANY_NODES',
      message,
      'lower the bounds of its for-each, or split it over several outcomes',
    );
  }
  if (sum.width > PLAN_LIMITS.fanOut) {
    const message = `up to ${sum.width} nodes can be in flight at once: at most ${PLAN_LIMITS.fanOut} may be`;
    told('PLAN_TOO_WIDE', message, 'run the elements one after the other, or in groups');
  }
  const events = EVENTS.start + sum.events;
  if (events > PLAN_LIMITS.historyEvents) {
    const message = `its history could have ${events} events: at most ${PLAN_LIMITS.historyEvents} may be`;
    told('PLAN_HISTORY_TOO_LONG', message, 'ask for fewer retries, or split it over several outcomes');
  }
}

interface Measure {
  /** Nodes, as often as they can run. */
  readonly nodes: number;
  /** Nodes that can be in flight at once: the largest number that stand at the same distance from the start. */
  readonly width: number;
  /** Events if all of it ran, failed as often as its exits allow, and was undone. */
  readonly events: number;
}

function measureBlock(block: Block): Measure {
  const level = new Map<string, number>();
  const widths: number[] = [];
  let nodes = 0;
  let events = 0;
  for (const node of block.nodes) {
    const at = (node.after ?? []).reduce((most, id) => Math.max(most, (level.get(id) ?? 0) + 1), 0);
    level.set(node.id, at);
    const measure = measureNode(node);
    widths[at] = (widths[at] ?? 0) + measure.width;
    nodes += measure.nodes;
    events += measure.events;
  }
  return { nodes, events, width: widths.reduce((most, width) => Math.max(most, width), 0) };
}

function measureNode(node: PlanNode): Measure {
  switch (node.kind) {
    case 'action': {
      const exits = node.exits ?? [];
      const courses = exits.map(({ course }) => measureCourse(course));
      const tries = 1 + exits.reduce((sum, { course }) => sum + retriesOf(course), 0);
      const inner = add(courses);
      // Once more for the undo.
      return {
        nodes: 1 + inner.nodes,
        width: Math.max(1, inner.width),
        events: EVENTS[node.lane] * (tries + 1) + inner.events,
      };
    }
    case 'gate':
      return withCourses(EVENTS.gate, [node.onRejected, node.onExpired]);
    case 'wait':
      return withCourses(EVENTS.wait, 'signal' in node.for && node.for.onTimeout ? [node.for.onTimeout] : []);
    case 'choice': {
      const cases = Object.values(node.cases).map(measureBlock);
      const inner = add(cases);
      const events = cases.reduce((most, one) => Math.max(most, one.events), 0);
      return { nodes: 1 + inner.nodes, width: Math.max(1, inner.width), events };
    }
    case 'each': {
      const inner = measureBlock(node.body);
      return {
        nodes: 1 + node.max * inner.nodes,
        width: Math.max(1, node.parallel ? node.max * inner.width : inner.width),
        events: node.max * inner.events,
      };
    }
    case 'checkpoint':
    case 'end':
      return { nodes: 1, width: 1, events: 0 };
  }
}

function withCourses(events: number, courses: readonly Course[]): Measure {
  const inner = add(courses.map(measureCourse));
  return { nodes: 1 + inner.nodes, width: Math.max(1, inner.width), events: events + inner.events };
}

function measureCourse(course: Course): Measure {
  switch (course.do) {
    case 'retry':
      return measureCourse(course.then);
    case 'branch':
      return measureBlock(course.body);
    case 'backstep':
      return course.body === undefined ? NOTHING : measureBlock(course.body);
    case 'escalate':
      return { ...NOTHING, events: EVENTS.gate };
    case 'skip':
      return NOTHING;
  }
}

const retriesOf = (course: Course): number =>
  course.do === 'retry' ? course.max + retriesOf(course.then) : 0;

const NOTHING: Measure = { nodes: 0, width: 0, events: 0 };

function add(measures: readonly Measure[]): Measure {
  return measures.reduce(
    (sum, one) => ({
      nodes: sum.nodes + one.nodes,
      width: Math.max(sum.width, one.width),
      events: sum.events + one.events,
    }),
    NOTHING,
  );
}
