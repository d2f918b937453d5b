/**
 * What people are told of, as data: enough to show the card without asking anybody, and nothing that decides.
 * Adapter ring; types and names, no I/O.
 */

import type { NoticeKind } from '../config/notice-kinds';

export interface NoticeBody {
  readonly kind: NoticeKind;
  /** Outcome id, and the node in it that waits, where one does. */
  readonly outcome: string;
  readonly node?: string;
  /** When it happened, in milliseconds since the epoch. */
  readonly at: number;
  /** One line, such as `approval of onboard.contractor for person:sarah.chen`. */
  readonly title: string;
  /** Why people are told, in words. */
  readonly because?: string;
  /** Who is asked, where somebody is: names or roles. */
  readonly asked?: readonly string[];
  /** Lines of the card: steps, risk, cost, what can be undone. */
  readonly card?: readonly { readonly label: string; readonly value: string }[];
  /** SHA-256 of the card that a decision has to name. */
  readonly hash?: string;
}

/** A notice of a tenant. The same id is told once, whoever says it and however often. */
export interface Notice {
  readonly tenant: string;
  /** `noticeIdOf`. */
  readonly id: string;
  readonly body: NoticeBody;
}

/**
 * The id of what happened at one event of one history.
 * @param occasion what tells two of a kind at one place apart: the event of the history, or the number of the reminder
 */
export const noticeIdOf = (
  { kind, outcome, node }: Pick<NoticeBody, 'kind' | 'outcome' | 'node'>,
  occasion: string | number,
): string => [kind, outcome, node ?? '', String(occasion)].join('|');
