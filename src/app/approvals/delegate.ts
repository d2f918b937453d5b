/**
 * Use cases around approvals: letting somebody decide in one's place, saying that one is away, and reviewing afterwards what
 * was let through in an emergency. Each is an act of control with a signed word: a row that somebody wrote by hand is none.
 * Entry ring.
 * @source execution model 9.4
 */
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import {
  absenceRow,
  grantRow,
  reviewRow,
  type Absence,
  type Grant,
  type Review,
  type Withdrawal,
} from '../../approvals/decision';
import { rankOf } from '../../approvals/people';
import type { SignedKind } from '../../approvals/signing';
import { REVIEW, saidIn } from '../../approvals/words';
import { APPROVER_LEVELS, atLeast, type ApproverLevel } from '../../governance/mode';
import { jsonCopy, type JsonObject } from '../../kernel/json';
import { ok, type Result } from '../../kernel/result';
import { OPENED_REVIEW } from '../../store/decision-keys';
import { performControl, type ControlDone } from '../../temporal/controls';
import { refuse, type Refusal } from '../refusal';
import type { Services } from '../services';

/** What these use cases work with. */
export type PeopleServices = Pick<Services, 'outcomes' | 'approvals' | 'now'>;

/** Who says it, with the roles of their token, and why. */
export interface Speaker {
  readonly by: string;
  readonly roles: readonly string[];
  readonly reason: string;
}

/** Longest that one may decide in another's place, in milliseconds: who is away for longer needs a successor. */
export const LONGEST_MS = 90 * 86_400_000;

export interface Delegation {
  readonly from: string;
  readonly to: string;
  /** The most that is handed on; absent: all of it. */
  readonly level?: ApproverLevel;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Counts only while the grantor is away, and has said so after this. */
  readonly onlyWhenAbsent?: boolean;
  /** `<outcome id>#<node>` where it is for one task alone. */
  readonly task?: string;
}

/** Begins the names of all rows that delegate tasks of one outcome. */
export const grantsWithin = (outcome: string): string => `grant:${outcome}#`;

/** Lets somebody of the same tier, or a higher one, decide in one's place. Errors: `DELEGATION_REFUSED`. */
export async function delegate(
  services: PeopleServices,
  tenant: string,
  { from, to, level, until, onlyWhenAbsent = false, task, by, roles, reason }: Delegation & Speaker,
): Promise<Result<ControlDone, Refusal>> {
  const at = services.now();
  if (from !== by && !roles.includes('admin')) return no(`\`${by}\` hands on what is \`${from}\`'s`);
  if (from === to) return no('nobody stands in for themselves');
  // An admin hands on what is another's, and to somebody else.
  if (from !== by && to === by) return no(`\`${by}\` takes what is \`${from}\`'s for themselves`);
  if (until <= at || until > at + LONGEST_MS) return no('it has to end, within 90 days from now');
  const { judging } = services.approvals;
  const [theirs, own] = await Promise.all([rankOf(judging, tenant, to), rankOf(judging, tenant, from)]);
  const handed = level ?? own;
  if (!atLeast(APPROVER_LEVELS, own, handed))
    return no(`\`${from}\` is no ${handed}, and cannot hand that on`);
  if (!atLeast(APPROVER_LEVELS, theirs, handed)) {
    return no(`\`${to}\` is a ${theirs}, and what is handed on takes a ${handed}`);
  }
  const grant = {
    ...{ v: 1, id: randomUUID(), from, to, level: level ?? null, at, until, by },
    when: onlyWhenAbsent ? 'absent' : 'always',
    ...(task === undefined ? {} : { task }),
  } as const satisfies Grant;
  return ok(
    await say(services, { tenant, by, reason }, { kind: 'grant', row: grantRow(grant), said: grant }),
  );
}

/** Takes a delegation back: the signed word stands in its place, so that nobody who kept the grant can put that there again. */
export async function withdraw(
  services: PeopleServices,
  tenant: string,
  { by, roles, reason, ...of }: Pick<Delegation, 'from' | 'to' | 'task'> & Speaker,
): Promise<Result<ControlDone, Refusal>> {
  const { from } = of;
  if (from !== by && !roles.includes('admin')) return no(`\`${by}\` takes back what is \`${from}\`'s`);
  const { to, task } = of;
  const said: Withdrawal = {
    ...{ v: 1, from, to, at: services.now(), by },
    ...(task === undefined ? {} : { task }),
  };
  return ok(await say(services, { tenant, by, reason }, { kind: 'withdrawal', row: grantRow(said), said }));
}

/** Says that somebody is away: what they had delegated for that case counts from now on. */
export async function sayAbsent(
  services: PeopleServices,
  tenant: string,
  { person, from, until, by, roles, reason }: Pick<Absence, 'person' | 'from' | 'until'> & Speaker,
): Promise<Result<ControlDone, Refusal>> {
  if (person !== by && !roles.includes('admin')) return no(`\`${by}\` says it of \`${person}\``);
  if (until <= from) return no('it ends before it begins');
  const absence: Absence = { v: 1, person, from, until, at: services.now(), by };
  const row = absenceRow(person);
  return ok(await say(services, { tenant, by, reason }, { kind: 'absence', row, said: absence }));
}

/** A word, and where it goes. */
interface Saying {
  readonly kind: SignedKind;
  readonly row: string;
  readonly said: Grant | Withdrawal | Absence | Review;
}

/** Words of one row that come from two doors at once: the one that lost says it again, behind the other. */
const TRIES = 3;

/**
 * Signs a word and puts it in its row. It is dated behind what stands there: the clock of who said that may be ahead of this one, and
 * the row keeps what was said last.
 */
async function say(
  { approvals, outcomes }: PeopleServices,
  { tenant, by, reason }: { readonly tenant: string; readonly by: string; readonly reason: string },
  { kind, row, said }: Saying,
): Promise<ControlDone> {
  for (let tries = 1; ; tries++) {
    const before = await approvals.words.standing(tenant, row);
    const dated = { ...said, at: Math.max(said.at, (before?.at ?? 0) + 1) };
    const token = await approvals.signatures.sign(tenant, kind, dated);
    const value = jsonCopy({ ...dated, token }) as JsonObject;
    try {
      return await performControl(outcomes.client, { tenant, act: { do: 'people', row, value }, by, reason });
    } catch (error) {
      if (tries === TRIES || !(error instanceof WorkflowFailedError)) throw error;
    }
  }
}

/** What was let through in an emergency and nobody has looked at since. */
export interface OpenReview {
  /** `<outcome id>#<node>:<mark of the decision>`: whoever passes the same chain again is reviewed again. */
  readonly id: string;
  readonly outcome: string;
  readonly node: string;
  readonly by: string;
  readonly reason: string;
  readonly at: number;
  /** Who has said that they look at it. */
  readonly claimedBy?: string;
}

/** Rows of people around reviews, each followed by its id. The first is the check's alone to write. */
const ROWS = { opened: OPENED_REVIEW, claimed: 'claimed:' } as const;

/** Oldest first. */
export async function openReviews(
  { approvals }: Pick<Services, 'approvals'>,
  tenant: string,
): Promise<readonly OpenReview[]> {
  const rows = new Map((await approvals.store.people(tenant)).map((row) => [row.kind, row]));
  const open: OpenReview[] = [];
  for (const { kind, by, reason, at } of rows.values()) {
    if (!kind.startsWith(ROWS.opened)) continue;
    const id = kind.slice(ROWS.opened.length);
    const closed = rows.get(reviewRow(id));
    // A row that only says so is no review: the word has to be signed, and about this one.
    if (closed && (await saidIn(approvals.signatures, tenant, closed, REVIEW)) !== undefined) continue;
    const [outcome = '', place = ''] = id.split('#');
    const [node = ''] = place.split(':');
    const claimed = rows.get(`${ROWS.claimed}${id}`);
    open.push({
      id,
      outcome,
      node,
      by,
      reason,
      at,
      ...(claimed === undefined ? {} : { claimedBy: claimed.by }),
    });
  }
  return open;
}

/** The open review of this id; of a task without a mark the one that is open there. Errors: `REVIEW_REFUSED`. */
export async function openReview(
  services: Pick<Services, 'approvals'>,
  tenant: string,
  id: string,
): Promise<Result<OpenReview, Refusal>> {
  const open = await openReviews(services, tenant);
  const found = open.filter((one) => one.id === id || `${one.outcome}#${one.node}` === id);
  const [first, second] = found;
  if (first === undefined) return refuse('REVIEW_REFUSED', `nothing of \`${id}\` is to be reviewed`);
  if (second === undefined) return ok(first);
  return refuse('REVIEW_REFUSED', `${found.length} reviews of \`${id}\` are open`, {
    help: `name one of them: ${found.map((one) => one.id).join(', ')}`,
  });
}

/** Says what came of the look afterwards. Errors: `REVIEW_REFUSED`: see `unfitToReview`, or where there is none. */
export async function review(
  services: PeopleServices,
  tenant: string,
  {
    id: of,
    verdict,
    by,
    roles,
    reason,
  }: Speaker & { readonly id: string; readonly verdict: 'sound' | 'unsound' },
): Promise<Result<ControlDone, Refusal>> {
  const found = await openReview(services, tenant, of);
  if (!found.ok) return found;
  const { id } = found.value;
  const unfit = await unfitToReview(services, tenant, { review: found.value, by });
  if (unfit !== undefined) return unfit;
  if (!roles.some((role) => REVIEWERS.includes(role))) {
    return refuse('REVIEW_REFUSED', `\`${by}\` may not review`, {
      help: 'it takes one of the roles auditor, admin',
    });
  }
  const said: Review = { v: 1, id, verdict, by, reason, at: services.now() };
  return ok(await say(services, { tenant, by, reason }, { kind: 'review', row: reviewRow(id), said }));
}

const REVIEWERS: readonly string[] = ['auditor', 'admin'];

/**
 * Why somebody may not look at an emergency: it is their own, or nobody has looked at one of their own yet. Two who broke the glass
 * would clear each other.
 */
export async function unfitToReview(
  services: Pick<Services, 'approvals'>,
  tenant: string,
  { review: { by: passedBy }, by }: { readonly review: OpenReview; readonly by: string },
): Promise<Result<never, Refusal> | undefined> {
  if (passedBy === by)
    return refuse('REVIEW_REFUSED', `\`${by}\` broke the glass, and somebody else reviews it`);
  const own = (await openReviews(services, tenant)).find((one) => one.by === by);
  if (own === undefined) return undefined;
  return refuse('REVIEW_REFUSED', `\`${by}\` broke the glass too, and \`${own.id}\` is not reviewed yet`, {
    help: 'somebody who did not reviews either; after theirs, they may',
  });
}

export const no = (because: string): Result<never, Refusal> => refuse('DELEGATION_REFUSED', because);
