/**
 * Brings what would have happened into the order of what happened, where that order says nothing: of steps that stand beside each
 * other either may be done first. What waits for something is never brought before it, and nothing passes a word about the whole outcome.
 * Adapter ring; pure.
 */
import { planNodeOf, type Layout } from '../engine/layout';
import type { TraceEvent } from '../engine/trace';
import { behind } from './fork-point';

/** How far ahead an event is looked for: steps beside each other are seldom told further apart, and a story of any length is short work. */
const LOOK_AHEAD = 100;

export function inOrderOf(
  then: readonly TraceEvent[],
  fork: readonly TraceEvent[],
  layout: Layout,
): readonly TraceEvent[] {
  const nodeOf = (event: TraceEvent): string | undefined => {
    const instance = instanceOf(event);
    return instance === undefined ? undefined : planNodeOf(layout, instance)?.id;
  };
  const known = new Map<string, ReadonlySet<string>>();
  const behindOf = (node: string): ReadonlySet<string> => {
    const found = known.get(node) ?? behind(layout, node);
    known.set(node, found);
    return found;
  };
  const areBeside = (a: TraceEvent, b: TraceEvent): boolean => {
    const [one, other] = [nodeOf(a), nodeOf(b)];
    if (one === undefined || other === undefined) return false;
    return !behindOf(one).has(other) && !behindOf(other).has(one);
  };
  const left = placed(then, fork);
  const ordered: TraceEvent[] = [];
  while (left.length > 0) {
    let first = 0;
    for (let i = 1; i < Math.min(left.length, LOOK_AHEAD); i++) {
      const { place, event } = left[i]!;
      if (place >= left[first]!.place) continue;
      if (left.slice(0, i).every((one) => areBeside(one.event, event))) first = i;
    }
    ordered.push(...left.splice(first, 1).map(({ event }) => event));
  }
  return ordered;
}

/** Each event of the fork with the place of the same step's in what happened; what has none there stays behind the one before it. */
function placed(then: readonly TraceEvent[], fork: readonly TraceEvent[]) {
  const places = new Map<string, number[]>();
  then.forEach((event, i) => {
    const instance = instanceOf(event) ?? '';
    places.set(instance, [...(places.get(instance) ?? []), i]);
  });
  let last = -1;
  return fork.map((event) => {
    last = places.get(instanceOf(event) ?? '')?.shift() ?? last;
    return { event, place: last };
  });
}

/** Whose step it tells of; `undefined` where it is about the outcome as a whole, its way back or an act of a person on it. */
function instanceOf(event: TraceEvent): string | undefined {
  const [family = ''] = event.kind.split('.');
  if ('gate' in event && family === 'gate') return event.gate;
  return 'node' in event && STEPS.has(family) ? event.node : undefined;
}

/** First words of the notes that tell of a step on the way forward. */
const STEPS: ReadonlySet<string> = new Set(['awf', 'branch', 'choice', 'each', 'checkpoint', 'wait']);
