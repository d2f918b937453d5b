/**
 * Numbers as they are typed.
 * Entry ring.
 */

/** A whole number of 0 or more, in decimal digits and nothing else; `undefined` for any other text, an empty one among them. */
export function wholeOf(text: string): number | undefined {
  const value = /^[0-9]+$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}
