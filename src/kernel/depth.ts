/**
 * How deep things stand inside each other. Pure ring; without recursion, because what is looked at may be a tower, and however
 * many stand side by side.
 */

/** Whether anything stands so many levels below `first`, which is level 0. */
export function reaches<T>(depth: number, first: readonly T[], inside: (one: T) => readonly T[]): boolean {
  let level = first;
  for (let at = 0; at < depth && level.length > 0; at++) {
    const below: T[] = [];
    for (const one of level) for (const inner of inside(one)) below.push(inner);
    level = below;
  }
  return level.length > 0;
}
