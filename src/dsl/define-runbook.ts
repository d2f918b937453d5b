/**
 * `defineRunbook`: declares a runbook. Its function runs once, when the source is first asked for, and only records.
 * Authoring ring.
 */
import { z } from 'zod';
import type { DurationText } from '../kernel/duration';
import type { Builder } from './builder';
import type { EntityType } from './entity';
import { record } from './recorder';
import type { Bound } from './ref';
import type { Runbook } from './runbook';
import type { RunbookSource } from './source';

const NOTHING = z.object({});

/** An object without fields has no members, whereas zod's own type for it has every one. */
type FieldsOf<Shape extends z.ZodObject> = string extends keyof z.output<Shape> ? object : z.output<Shape>;

export interface RunbookHead<
  Entity extends z.ZodObject,
  Params extends z.ZodObject,
  Event extends z.ZodObject,
> {
  /** `verb.object`, such as `onboard.contractor`. */
  readonly id: string;
  /** Outcome code, such as `EMP-R-001`. */
  readonly outcome: string;
  readonly version: string;
  readonly domain: string;
  readonly summary?: string;
  readonly entity: EntityType<Entity>;
  /** Default: none. */
  readonly params?: Params;
  /** Data of the events that may start it. Default: it reads none. */
  readonly event?: Event;
  /** Shortens the undo window that its AWFs give. */
  readonly undoWindow?: DurationText;
}

/** Declares a runbook; every type is inferred. */
export function defineRunbook<
  Entity extends z.ZodObject,
  Output,
  Params extends z.ZodObject = typeof NOTHING,
  Event extends z.ZodObject = typeof NOTHING,
>(
  head: RunbookHead<Entity, Params, Event>,
  build: (builder: Builder<z.output<Entity>, FieldsOf<Params>, FieldsOf<Event>>) => Output,
): Runbook<z.output<Entity>, z.input<Params>, FieldsOf<Event>, Bound<Output>> {
  let source: RunbookSource | undefined;
  return {
    ...head,
    params: head.params ?? NOTHING,
    source: () =>
      (source ??= record(head.id, build as (builder: Builder<unknown, unknown, unknown>) => unknown)),
  };
}
