/**
 * Numbers as they are typed and shown.
 * Entry ring.
 */

/** A whole number of 0 or more, in decimal digits and nothing else; `undefined` for any other text, an empty one among them. */
export function wholeOf(text: string): number | undefined {
  const value = /^[0-9]+$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** `1 flaw`, `2 flaws`, `0 histories`. */
export const counted = (count: number, what: string): string =>
  `${count} ${count === 1 ? what : what.endsWith('y') ? `${what.slice(0, -1)}ies` : `${what}s`}`;
