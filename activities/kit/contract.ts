/**
 * Pieces that contracts share: schemas of personal data and small pure readers of captured state.
 * Authoring ring: zod, no I/O, no SDK. Nothing of one system stands here.
 */
import { z } from 'zod';
import type { Json } from '../../src/kernel/json';

/** Text that names or describes a person: masked in logs, encrypted where the tenant has a key. */
export const personal = z.string().min(1).max(320).meta({ sensitive: true });

/** A calendar day, `YYYY-MM-DD`. */
export const day = z.iso.date();

/** Name or id of an object inside a system. */
export const handle = z.string().min(1).max(512);

/** One or more names or ids; the same one twice counts once. */
export const handles = z.array(handle).max(200);

/** What every compensating AWF answers: false where there was nothing to undo. */
export const undone = z.object({ changed: z.boolean() });

/** Reads captured state as an object; `undefined` where nothing was captured, so that nothing can have been written. */
export function captured<T>(prior: Json | undefined): T | undefined {
  return prior === undefined || prior === null ? undefined : (prior as T);
}

/** Elements of `all` that are not in `some`, each once, in order. */
export function without(all: readonly string[], some: readonly string[]): string[] {
  return [...new Set(all)].filter((one) => !some.includes(one));
}
