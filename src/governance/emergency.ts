/**
 * How facts name who passed a chain in an emergency: they stand for each of its steps, under a name for each.
 * Pure ring; names only. Who may do so is decided elsewhere.
 */

/** The name of such a person at one step, from 1. */
export const emergencyName = (by: string, step: number): string => `${by}!${step}`;

/** Whose name that is; `undefined` for every other approval. */
export const emergencyBy = (name: string): string | undefined => /^(.+)!\d+$/s.exec(name)?.[1];
