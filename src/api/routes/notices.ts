/** What people could not be told. Entry ring. */
import { z } from 'zod';
import { ok } from '../../kernel/result';
import { defineRoute } from '../route';

/** Most of the dead that are shown; the newest come first. */
const SHOWN = 100;

export const listNotices = defineRoute({
  id: 'listNotices',
  method: 'GET',
  path: '/v1/notices',
  access: { roles: ['operator', 'auditor', 'admin'] },
  summary: 'How many notices wait, and those that nobody could be given',
  answer: z.object({
    waiting: z.int(),
    dead: z.int(),
    items: z.array(
      z.object({
        kind: z.string(),
        outcome: z.string(),
        node: z.string().optional(),
        title: z.string(),
        channel: z.string(),
        attempts: z.int(),
        failure: z.string().nullable(),
      }),
    ),
  }),
  answers: { 200: `the newest ${SHOWN} of the dead` },
  async handle({ caller: { tenant } }, { services: { notices } }) {
    const [{ waiting, dead }, rows] = await Promise.all([
      notices.backlog(tenant),
      notices.dead(tenant, SHOWN),
    ]);
    const items = rows.map(({ body: { kind, outcome, node, title }, channel, attempts, failure }) => ({
      ...{ kind, outcome, title, channel, attempts, failure },
      ...(node === undefined ? {} : { node }),
    }));
    return ok({ status: 200, body: { waiting, dead, items } });
  },
});

export const reviveNotices = defineRoute({
  id: 'reviveNotices',
  method: 'POST',
  path: '/v1/notices/revive',
  access: { roles: ['operator', 'admin'] },
  summary: 'Gives the dead another series of attempts',
  description: 'Once what kept them from being delivered is mended.',
  answer: z.object({ revived: z.int() }),
  answers: { 200: 'how many' },
  keepsAnswers: true,
  handle: async ({ caller: { tenant } }, { services: { notices } }) =>
    ok({ status: 200, body: { revived: await notices.revive(tenant) } }),
});
