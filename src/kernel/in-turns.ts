/**
 * Many things, a few at a time.
 * Pure ring.
 */

/** What `each` makes of the items, in their order; never more than `atOnce` of them are under way. */
export async function inTurns<T, R>(
  items: readonly T[],
  atOnce: number,
  each: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const made: R[] = [];
  for (let at = 0; at < items.length; at += atOnce)
    made.push(...(await Promise.all(items.slice(at, at + atOnce).map(each))));
  return made;
}
