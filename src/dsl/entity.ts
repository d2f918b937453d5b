/**
 * The type of an entity: its name in the entity graph and the fields a runbook may read.
 * Authoring ring.
 */
import type { z } from 'zod';

/** `type` is the part of an entity's id before the colon: `person` in `person:sarah.chen`. */
export interface EntityType<Shape extends z.ZodObject = z.ZodObject> {
  readonly type: string;
  readonly fields: Shape;
}

/** Declares a type of entity. A field that may be absent reads as `null` inside a runbook. */
export function defineEntity<Shape extends z.ZodObject>(type: string, fields: Shape): EntityType<Shape> {
  return { type, fields };
}
