/**
 * A declared runbook: its head and, on demand, its source. What it needs and gives is kept in the type alone.
 * Authoring ring.
 */
import type { z } from 'zod';
import type { DurationText } from '../kernel/duration';
import type { EntityType } from './entity';
import type { RunbookSource } from './source';

declare const needs: unique symbol;
declare const gives: unique symbol;

export interface Runbook<in Entity, in Params, in Event, out Output> {
  /** `verb.object`, such as `onboard.contractor`. */
  readonly id: string;
  /** Outcome code, such as `EMP-R-001`; also the Temporal workflow type. */
  readonly outcome: string;
  readonly version: string;
  readonly domain: string;
  /** One sentence, verb first, for people: shown in the catalog and on cards. */
  readonly summary?: string;
  readonly entity: EntityType;
  readonly params: z.ZodObject;
  /** Data of the events that may start it; absent where it reads none. */
  readonly event?: z.ZodObject;
  /** Shortens the undo window that its AWFs give. */
  readonly undoWindow?: DurationText;
  /** Recorded on the first call, the same afterwards. Never throws: what is wrong stands in `problems`. */
  readonly source: () => RunbookSource;
  readonly [needs]?: (entity: Entity, params: Params, event: Event) => void;
  readonly [gives]?: Output;
}

/** Any runbook, whatever it needs. */
export type AnyRunbook = Runbook<never, never, never, unknown>;
