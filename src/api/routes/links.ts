/**
 * Where links of notices lead: a page that says nothing and changes nothing, with a button; and behind the button the card, once.
 * Mail servers and chats open links before people do, so opening uses nothing up. Nothing here decides.
 * Entry ring.
 */
import { z } from 'zod';
import { followLink } from '../../app/notices';
import { ok } from '../../kernel/result';
import { escapeHtml } from '../../notices/message';
import type { NoticeBody } from '../../notices/notice';
import { defineRoute, type Reply } from '../route';

const token = z.string().max(300).describe('as the link has it');

/** Styles of its own, a form to itself, and nothing else. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";

export const openLink = defineRoute({
  id: 'openLink',
  method: 'GET',
  path: '/links',
  access: 'public',
  summary: 'The page that a link of a notice opens',
  description: 'The same for every token, of whomever and whether there is one: nothing is looked up.',
  query: z.object({ token: token.default('') }),
  answer: z.never(),
  answers: { 200: 'a page with a button' },
  texts: ['text/html'],
  handle: ({ query }) => {
    const field = `<input type="hidden" name="token" value="${escapeHtml(query.token)}">`;
    return Promise.resolve(
      ok(
        page(200, 'Backstep', [
          '<p>Somebody is asked for something. The card can be opened once with this link.</p>',
          `<form method="post" action="/links">${field}<button>Open the card</button></form>`,
          '<p>Opening it decides nothing.</p>',
        ]),
      ),
    );
  },
});

export const followLinkRoute = defineRoute({
  id: 'followLink',
  method: 'POST',
  path: '/links',
  access: 'public',
  summary: 'The card that a link of a notice leads to, once',
  description:
    'Whoever has the token is shown what the message already said. To decide takes a token of the API.',
  body: z.object({ token }),
  takesForms: true,
  answer: z.never(),
  answers: { 200: 'the card', 404: 'there is no such link', 410: 'it was used, or is too old' },
  texts: ['text/html'],
  async handle({ body }, { services }) {
    const found = await followLink(services, body.token);
    if (found === undefined) return ok(page(404, 'No such link', ['<p>This link leads nowhere.</p>']));
    if (found.state === 'fresh') return ok(page(200, found.body.title, cardOf(found.body)));
    const why = found.state === 'used' ? 'was used before' : 'is too old';
    return ok(
      page(410, 'The link is over', [
        `<p>This link ${why}. <code>backstep inbox</code> lists what waits.</p>`,
      ]),
    );
  },
});

function cardOf(body: NoticeBody): readonly string[] {
  const task = body.node === undefined ? body.outcome : `${body.outcome}#${body.node}`;
  const lines = [
    { label: 'Task', value: task },
    { label: 'Since', value: new Date(body.at).toISOString() },
    ...(body.asked === undefined ? [] : [{ label: 'Asked', value: body.asked.join(', ') }]),
    ...(body.card ?? []),
    ...(body.hash === undefined ? [] : [{ label: 'Card', value: body.hash }]),
  ];
  const rows = lines.map(
    ({ label, value }) => `<tr><th>${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return [
    ...(body.because === undefined ? [] : [`<p>${escapeHtml(body.because)}</p>`]),
    `<table>${rows.join('')}</table>`,
    `<p>Decide under your own name: <code>backstep approve ${escapeHtml(task)} --reason …</code>, or <code>reject</code>.</p>`,
  ];
}

const STYLE = 'body{font:16px system-ui;max-width:40em;margin:3em auto}th{text-align:left;padding-right:1em}';

const page = (status: number, title: string, lines: readonly string[]): Reply<never> => ({
  status,
  type: 'text/html; charset=utf-8',
  headers: { 'content-security-policy': PAGE_POLICY },
  text: [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="robots" content="noindex">',
    `<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><h1>${escapeHtml(title)}</h1>`,
    ...lines,
    '</body></html>',
    '',
  ].join('\n'),
});
