/**
 * Messages that change nothing, put on record: the first ones each, then some of many, so that a flood leaves little behind.
 * Pure ring.
 */
import type { Run } from './run';

/** Refused messages that are told one by one; after so many only each that doubles their number is, with the number. */
const TOLD_ONE_BY_ONE = 20;

export interface Why {
  readonly code: string;
  readonly because: string;
}

/** Puts on record what changed nothing; the answer says why. */
export function refuse(
  run: Run,
  of: { readonly act: string; readonly by: string; readonly node?: string },
  { code, because }: Why,
): 'refused' {
  const count = (run.state.refusals = (run.state.refusals ?? 0) + 1);
  run.refusal = { code, because };
  if (count <= TOLD_ONE_BY_ONE || Number.isInteger(Math.log2(count))) {
    const many = count <= TOLD_ONE_BY_ONE ? {} : { count };
    run.notes.push({ kind: 'act.refused', ...of, code, because, ...many });
  }
  return 'refused';
}
