/**
 * Courses: what happens next when an action fails, a gate says no or a wait runs out. Each is data; the functions inside
 * `branch` and `backstep` run once, while the runbook is recorded.
 * Authoring ring.
 */
import type { DurationText } from '../kernel/duration';
import type { Bindable, Bound } from './ref';
import type { Approver, Step } from './step';

declare const standsIn: unique symbol;

/** A course; `Output` is what it leaves in place of the node's own output, `never` where it leaves none. */
export interface Course<out Output = unknown> {
  readonly [standsIn]?: Output;
  readonly spec: CourseSpec;
}

export type CourseSpec =
  | { readonly do: 'retry'; readonly after: DurationText; readonly max?: number; readonly then?: Course }
  | { readonly do: 'skip'; readonly output?: unknown }
  | { readonly do: 'branch'; readonly body: () => unknown }
  | {
      readonly do: 'escalate';
      readonly to: Approver | readonly Approver[];
      readonly ask?: Bindable<string>;
      readonly expiresAfter?: DurationText;
    }
  | { readonly do: 'backstep'; readonly to?: Step; readonly then?: () => unknown };

/** Fires the action again, `max` times (default 1, at most 10) `after` a fixed delay; then follows `then` (default: backstep). */
export function retryAfter<Output = never>(
  after: DurationText,
  options: { readonly max?: number; readonly then?: Course<Output> } = {},
): Course<Output> {
  return { spec: { do: 'retry', after, ...options } };
}

/** Goes on without the action. Give an `output` where a later node reads one. */
export function skip(): Course<never>;
export function skip<const Output>(options: { readonly output: Output }): Course<Bound<Output>>;
export function skip(options: { readonly output?: unknown } = {}): Course {
  return { spec: { do: 'skip', ...options } };
}

/** Runs other nodes instead and rejoins behind the action; what `body` returns stands in for the action's output. */
export function branch<Output>(body: () => Output): Course<Bound<Output>> {
  return { spec: { do: 'branch', body } };
}

/** Asks a person, who retries, supplies the result or backsteps; expires into a backstep (default after 48 h). */
export function escalate(options: {
  readonly to: Approver | readonly Approver[];
  readonly ask?: Bindable<string>;
  readonly expiresAfter?: DurationText;
}): Course<never> {
  return { spec: { do: 'escalate', ...options } };
}

/**
 * Undoes everything, or everything behind the checkpoint `to`; with `to`, `then` declares what runs in its place.
 */
export function backstep(options: { readonly to?: Step; readonly then?: () => unknown } = {}): Course<never> {
  return { spec: { do: 'backstep', ...options } };
}
