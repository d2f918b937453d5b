/**
 * What is signed when a person decides, and how it is read back.
 * Adapter ring; data and a reader. A payload that was signed is still read with care: keys rotate, forms change.
 */
import { z } from 'zod';
import { APPROVAL_TYPES, APPROVER_LEVELS, REVERSIBILITIES, RISK_CLASSES } from '../governance/mode';
import type { Json } from '../kernel/json';

const text = z.string().min(1).max(2_000);
const time = z.number().int().nonnegative();

const covered = z.object({
  node: text,
  awf: text,
  risk: z.enum(RISK_CLASSES),
  score: z.number(),
  external: z.boolean(),
  reversibility: z.enum(REVERSIBILITIES),
  asks: z.enum(APPROVAL_TYPES).optional(),
  input: text.optional(),
});

/** Stands for the card where whoever decided saw none: there was none. */
export const NO_CARD = 'none';

const decision = z.object({
  v: z.literal(1),
  outcome: text,
  /** The gate, or the action that is held. */
  node: text,
  /** SHA-256 of the card that they saw, or `NO_CARD`. */
  card: text,
  verdict: z.enum(['approve', 'reject']),
  by: text,
  /** Roles of their token when they decided. */
  roles: z.array(text).max(50),
  as: z.enum(APPROVER_LEVELS).nullable(),
  for: text.optional(),
  reason: text.optional(),
  /** They pass the chain in an emergency. */
  glass: z.literal(true).optional(),
  at: time,
  /** After that it no longer counts where it arrives. */
  expiresAt: time,
  /** Why it did not count where it was signed: it is signed to be on record, and lets nothing through anywhere. */
  refused: text.optional(),
  covers: z.array(covered).max(100),
});

export type SignedDecision = z.output<typeof decision>;

/** How long a signed decision may be on its way, in milliseconds. One that has arrived counts for as long as it is kept. */
export const ON_ITS_WAY_MS = 10 * 60_000;

/** Clocks of two machines may differ by so much, in milliseconds. */
export const SKEW_MS = 60_000;

export function readDecision(payload: Json): SignedDecision | undefined {
  const read = decision.safeParse(payload);
  return read.success ? read.data : undefined;
}

const grant = z.object({
  v: z.literal(1),
  id: text,
  from: text,
  to: text,
  level: z.enum(APPROVER_LEVELS).nullable(),
  /** `absent`: only while the grantor is away, and has said so after this was granted. */
  when: z.enum(['always', 'absent']),
  /** `<outcome id>#<node>` where it is for one task alone. */
  task: text.optional(),
  at: time,
  until: time,
  by: text,
});

/** Somebody lets another decide in their place. */
export type Grant = z.output<typeof grant>;

/** Nobody decides in another's place any more by what was granted before it. */
const withdrawal = z.object({
  v: z.literal(1),
  from: text,
  to: text,
  /** `<outcome id>#<node>` where what is withdrawn was for one task alone. */
  task: text.optional(),
  at: time,
  by: text,
});
export type Withdrawal = z.output<typeof withdrawal>;

const absence = z.object({ v: z.literal(1), person: text, from: time, until: time, at: time, by: text });
export type Absence = z.output<typeof absence>;

export const readGrant = (payload: Json): Grant | undefined => grant.safeParse(payload).data;
export const readAbsence = (payload: Json): Absence | undefined => absence.safeParse(payload).data;
export const readWithdrawal = (payload: Json): Withdrawal | undefined => withdrawal.safeParse(payload).data;

/** What came of the look at an emergency. */
const review = z.object({
  v: z.literal(1),
  id: text,
  verdict: z.enum(['sound', 'unsound']),
  by: text,
  reason: z.string(),
  at: time,
});
export type Review = z.output<typeof review>;
export const readReview = (payload: Json): Review | undefined => review.safeParse(payload).data;

/** The row of all that one grants another, and of its withdrawal; what is for one task stands beside what is for all. */
export const grantRow = ({ from, to, task }: Pick<Grant, 'from' | 'to' | 'task'>): string =>
  task === undefined ? `grant:${from}:${to}` : `grant:${task}:${from}:${to}`;
export const absenceRow = (person: string): string => `absence:${person}`;
export const reviewRow = (id: string): string => `reviewed:${id}`;
