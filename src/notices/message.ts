/**
 * A notice as people read it: subject, plain text, HTML and Slack's blocks, all from one card. What comes from a tenant's data is
 * text everywhere, and never markup.
 * Adapter ring; no I/O.
 */
import { createHash } from 'node:crypto';
import type { KnownBlock } from '@slack/web-api';
import type { NoticeKind } from '../config/notice-kinds';
import type { Notice } from './notice';

export interface Message {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly blocks: readonly KnownBlock[];
}

const HEADS: Readonly<Record<NoticeKind, string>> = {
  approval_asked: 'Approval asked',
  approval_reminded: 'Still waiting for approval',
  approval_escalated: 'Approval escalated',
  review_due: 'Review due',
  action_held: 'Action held',
  incident_opened: 'Incident',
  escalation_opened: 'Escalation',
  outcome_backstepped: 'Outcome taken back',
  limit_near: 'A limit is near',
  limit_reached: 'A limit is reached, and actions wait',
  limit_passed: 'EMERGENCY: a limit is passed, and actions are blocked',
  outcome_terminated: 'Outcome ended by force',
};

const LIMITS: ReadonlySet<NoticeKind> = new Set(['limit_near', 'limit_reached', 'limit_passed']);

/** Lines of a card that are shown; the rest is behind the link. Slack takes 3,000 characters in a section. */
const LINES_MAX = 20;
const VALUE_LENGTH = 120;
const SUBJECT_LENGTH = 150;

/** The same through all attempts and for every channel: what a receiver drops a second delivery by. */
export const deliveryKey = ({ tenant, id }: Pick<Notice, 'tenant' | 'id'>, channel: string): string =>
  createHash('sha256')
    .update(JSON.stringify([tenant, id, channel]))
    .digest('hex')
    .slice(0, 32);

/** @param link where the card is; absent where the tenant has no address for links */
export function messageOf({ body }: Notice, link: string | undefined): Message {
  const head = HEADS[body.kind];
  const title = oneLine(body.title);
  const lines = linesOf(body);
  const task = body.node === undefined ? body.outcome : `${body.outcome}#${body.node}`;
  const decide = LIMITS.has(body.kind)
    ? 'What is in use, and who waits: backstep guardrails'
    : `Nothing is decided by opening it. Without it: backstep inbox, ${task}`;
  const subject = `${head}: ${title}`.slice(0, SUBJECT_LENGTH);
  return {
    subject,
    text: [
      `${head}: ${title}`,
      ...(body.because === undefined ? [] : ['', body.because]),
      '',
      ...lines.map(({ label, value }) => `${label}: ${value}`),
      '',
      ...(link === undefined ? [] : [`The card, once: ${link}`]),
      decide,
      '',
    ].join('\n'),
    html: htmlOf({ title: `${head}: ${title}`, because: body.because, lines, link, decide }),
    blocks: blocksOf({ head, title, because: body.because, lines, link, task }),
  };
}

interface Line {
  readonly label: string;
  readonly value: string;
}

function linesOf(body: Notice['body']): readonly Line[] {
  const asked =
    body.asked === undefined || body.asked.length === 0
      ? []
      : [{ label: 'Asked', value: body.asked.join(', ') }];
  const about = body.node === undefined ? [] : [{ label: 'Node', value: body.node }];
  return [{ label: 'Outcome', value: body.outcome }, ...about, ...asked, ...(body.card ?? [])]
    .slice(0, LINES_MAX)
    .map(({ label, value }) => ({ label: oneLine(label), value: oneLine(value).slice(0, VALUE_LENGTH) }));
}

/** No header of a mail and no line of a card is broken by what somebody is called. */
const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim();

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);

function htmlOf(of: {
  readonly title: string;
  readonly because: string | undefined;
  readonly lines: readonly Line[];
  readonly link: string | undefined;
  readonly decide: string;
}): string {
  const rows = of.lines.map(
    ({ label, value }) => `<tr><th align="left">${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return [
    `<h2>${escapeHtml(of.title)}</h2>`,
    ...(of.because === undefined ? [] : [`<p>${escapeHtml(of.because)}</p>`]),
    `<table cellpadding="4">${rows.join('')}</table>`,
    ...(of.link === undefined ? [] : [`<p><a href="${escapeHtml(of.link)}">Open the card</a></p>`]),
    `<p><small>${escapeHtml(of.decide)}</small></p>`,
  ].join('\n');
}

/** @source https://docs.slack.dev/reference/block-kit */
function blocksOf(of: {
  readonly head: string;
  readonly title: string;
  readonly because: string | undefined;
  readonly lines: readonly Line[];
  readonly link: string | undefined;
  readonly task: string;
}): readonly KnownBlock[] {
  const fields = of.lines.map(({ label, value }) => `*${mrkdwn(label)}*: ${mrkdwn(value)}`).join('\n');
  return [
    { type: 'header', text: { type: 'plain_text', text: oneLine(of.head) } },
    section(`${mrkdwn(of.title)}${of.because === undefined ? '' : `\n_${mrkdwn(oneLine(of.because))}_`}`),
    section(fields),
    ...(of.link === undefined
      ? []
      : [
          {
            type: 'actions' as const,
            elements: [
              {
                type: 'button' as const,
                text: { type: 'plain_text' as const, text: 'Open the card' },
                url: of.link,
              },
            ],
          },
        ]),
    { type: 'context', elements: [{ type: 'mrkdwn', text: `\`${mrkdwn(of.task)}\`` }] },
  ];
}

const section = (text: string): KnownBlock => ({
  type: 'section',
  text: { type: 'mrkdwn', text: text.slice(0, 3_000) },
});

/** @source https://docs.slack.dev/messaging/formatting-message-text#escaping */
const mrkdwn = (text: string): string =>
  text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[*_~`]/g, '\u200b$&');
