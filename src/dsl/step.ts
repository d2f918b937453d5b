/**
 * How a runbook names its own nodes and the people it asks. Types only.
 * Authoring ring.
 */
import type { RefTo } from './ref';

/** Who decides: a rank above the entity, a role or a named person; or a reference that is known at compile time. */
export type Approver =
  'manager' | 'director' | 'executive' | `role:${string}` | `person:${string}` | RefTo<string>;

/** A declared node, to be named in `after`: what `run`, `gate`, `wait` and the others return, or an id. */
export type Step = RefTo<unknown> | string;

declare const marksCheckpoint: unique symbol;

/** What `checkpoint` returns, for `backstep({ to })`. */
export interface Checkpoint extends RefTo<void> {
  readonly [marksCheckpoint]: true;
}
