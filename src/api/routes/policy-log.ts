/** The PolicyLog over REST: records, signed heads, proofs, and exports that are themselves on record. Entry ring. */
import { z } from 'zod';
import { proveConsistency, proveRecord } from '../../app/log-proofs';
import { spanOf } from '../../app/moments';
import { checkpointsOf, exportRecords, listRecords, type ListedRecord } from '../../app/policy-log';
import { RECORD_FORMS } from '../../app/record-forms';
import { refuse } from '../../app/refusal';
import { ok } from '../../kernel/result';
import { defineRoute } from '../route';
import { pageQuery, reason } from '../schemas';

const AUDITORS = { roles: ['auditor', 'admin'] } as const;

const filters = {
  kind: z.string().min(1).max(60).optional().meta({ description: '`gate.approved`, or all of `gate`' }),
  outcome: z.string().min(1).max(2_000).optional(),
  actor: z.string().min(1).max(2_000).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  at: z
    .string()
    .max(40)
    .refine((text) => spanOf(text, 0) !== undefined, 'no time')
    .optional()
    .meta({
      description:
        'when it happened, as finely as it is said: `2026-11-17T04:14`, `tuesday 4:14`; UTC where no zone is named',
    }),
};

interface Asked {
  readonly kind?: string | undefined;
  readonly outcome?: string | undefined;
  readonly actor?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly at?: string | undefined;
}

const filterOf = ({ kind, outcome, actor, since, until, at }: Asked, now: number) => ({
  ...(kind === undefined ? {} : { kind }),
  ...(outcome === undefined ? {} : { outcome }),
  ...(actor === undefined ? {} : { actor }),
  ...(since === undefined ? {} : { since: Date.parse(since) }),
  ...(until === undefined ? {} : { until: Date.parse(until) }),
  ...(at === undefined ? {} : spanOf(at, now)),
});

/** Where to go on from a record: its story, its action, its proof, and the report of its day. */
function linksOf({ seq, record }: ListedRecord): Readonly<Record<string, string>> {
  const { outcome, node, at, kind } = record;
  const day = String(at).slice(0, 10);
  const next = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
  return {
    proof: `/v1/policy-log/${seq}/proof`,
    report: `/v1/reports/actions?from=${day}&to=${next}`,
    ...(typeof outcome === 'string' ? { trace: `/v1/outcomes/${encodeURIComponent(outcome)}/trace` } : {}),
    ...(typeof outcome === 'string' && typeof node === 'string' && String(kind).startsWith('action.')
      ? { action: `/v1/actions/${encodeURIComponent(`${outcome}#${node}`)}` }
      : {}),
  };
}

export const listPolicyLog = defineRoute({
  id: 'listPolicyLog',
  method: 'GET',
  path: '/v1/policy-log',
  access: AUDITORS,
  summary: 'Records of the PolicyLog, the newest first',
  query: pageQuery.extend(filters),
  answer: z.object({
    items: z.array(z.record(z.string(), z.unknown())).meta({ description: 'each as it was hashed' }),
    links: z.record(z.string(), z.record(z.string(), z.string())).meta({
      description: 'by `seq`: where its proof, its story, its action and the report of its day are',
    }),
    next: z.string().nullable(),
  }),
  answers: { 200: 'one page' },
  problems: ['CURSOR_UNKNOWN', 'LOG_KIND_UNKNOWN'],
  async handle({ caller, query }, { services }) {
    const { limit, cursor, ...asked } = query;
    const before = cursor === undefined ? undefined : Number(cursor);
    if (before !== undefined && !Number.isSafeInteger(before))
      return refuse('CURSOR_UNKNOWN', 'the cursor is none that a page of this list gave');
    const listed = await listRecords(services, caller.tenant, {
      ...filterOf(asked, services.now()),
      ...(before === undefined ? {} : { before }),
      ...{ newestFirst: true, limit },
    });
    if (!listed.ok) return listed;
    const last = listed.value.length < limit ? undefined : listed.value.at(-1);
    const items = listed.value.map(({ record }) => ({ ...record }));
    const links = Object.fromEntries(listed.value.map((one) => [String(one.seq), linksOf(one)]));
    return ok({ status: 200, body: { items, links, next: last === undefined ? null : String(last.seq) } });
  },
});

export const listCheckpoints = defineRoute({
  id: 'listCheckpoints',
  method: 'GET',
  path: '/v1/policy-log/checkpoints',
  access: AUDITORS,
  summary: 'Signed heads of the PolicyLog, oldest first',
  description:
    'Signed notes in the form of C2SP. Keep one: a log that is put back to before it is found out by it.',
  query: z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(100) }),
  answer: z.object({
    items: z.array(
      z.object({
        at: z.string(),
        size: z.int(),
        note: z.string(),
        signer: z.string(),
        publicKey: z.string(),
      }),
    ),
  }),
  answers: { 200: 'the newest so many' },
  async handle({ caller, query }, { services }) {
    const heads = await checkpointsOf(services, caller.tenant, query.limit);
    const items = heads.map(({ at, size, note, signer, publicKey }) => ({
      at: new Date(at).toISOString(),
      ...{ size, note, signer },
      publicKey: Buffer.from(publicKey).toString('base64'),
    }));
    return ok({ status: 200, body: { items } });
  },
});

const size = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const signedBy = {
  signer: z.string(),
  publicKey: z
    .string()
    .meta({ description: 'Ed25519, base64 of 32 bytes: compare it with what is published' }),
};

export const getRecordProof = defineRoute({
  id: 'getRecordProof',
  method: 'GET',
  path: '/v1/policy-log/{seq}/proof',
  about: 'own',
  access: AUDITORS,
  summary: 'A record, with what shows that it is in a signed head',
  description: 'The answer as a file is checked anywhere: `backstep log verify <file>`.',
  params: z.object({ seq: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER) }),
  query: z.object({
    head: size
      .optional()
      .meta({ description: 'size of the signed head to prove it against; default the newest' }),
  }),
  answer: z.object({
    seq: z.int(),
    record: z.string().meta({ description: 'the text that was hashed' }),
    head: z.string(),
    size: z.int(),
    proof: z.array(z.string()).readonly(),
    ...signedBy,
  }),
  answers: { 200: 'the path of RFC 6962, sibling of the record first' },
  problems: ['LOG_RECORD_UNKNOWN', 'LOG_HEAD_UNKNOWN'],
  async handle({ caller, params: { seq }, query: { head } }, { services }) {
    const against = head === undefined ? {} : { size: head };
    const proof = await proveRecord(services, caller.tenant, { seq, ...against });
    return proof.ok ? ok({ status: 200, body: proof.value }) : proof;
  },
});

export const getConsistency = defineRoute({
  id: 'getConsistencyProof',
  method: 'GET',
  path: '/v1/policy-log/checkpoints/{size}/proof',
  about: 'own',
  access: AUDITORS,
  summary: 'What shows that a later signed head is the continuation of this one',
  description: 'The answer as a file is checked anywhere: `backstep log verify <file>`.',
  params: z.object({ size }),
  query: z.object({
    head: size.optional().meta({ description: 'size of the later head; default the newest' }),
  }),
  answer: z.object({
    from: z.string().meta({ description: 'the earlier head, a signed note' }),
    to: z.string(),
    proof: z.array(z.string()).readonly(),
    ...signedBy,
  }),
  answers: { 200: 'the proof of RFC 6962 §2.1.2' },
  problems: ['LOG_HEAD_UNKNOWN'],
  async handle({ caller, params, query: { head } }, { services }) {
    const later = head === undefined ? {} : { to: head };
    const proof = await proveConsistency(services, caller.tenant, { from: params.size, ...later });
    return proof.ok ? ok({ status: 200, body: proof.value }) : proof;
  },
});

export const exportLogRoute = defineRoute({
  id: 'exportPolicyLog',
  method: 'POST',
  path: '/v1/exports',
  access: AUDITORS,
  summary: 'Take records along; that they left is on record',
  description:
    'Answers with the records. Who took them, by which filter, how many, and the hash of the answer stand in the log. The answer is not kept for an `Idempotency-Key`: what is sent again leaves again, and is on record again. A bundle that proves itself offline is made by `backstep log export`.',
  body: z.strictObject({ format: z.enum(RECORD_FORMS).default('jsonl'), reason, ...filters }),
  answer: z.string(),
  answers: { 200: 'the records, oldest first' },
  texts: ['application/x-ndjson', 'text/csv'],
  problems: ['LOG_KIND_UNKNOWN'],
  async handle({ caller, body }, { services }) {
    const { format, reason: why, ...asked } = body;
    const parts: string[] = [];
    const done = await exportRecords(services, {
      ...{ tenant: caller.tenant, by: caller.name, reason: why },
      form: format,
      filter: filterOf(asked, services.now()),
      write: (text) => void parts.push(text),
    });
    if (!done.ok) return done;
    const { count, sha256, control } = done.value;
    return ok({
      status: 200,
      text: parts.join(''),
      type: format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8',
      headers: {
        'backstep-records': String(count),
        'backstep-sha256': sha256,
        'backstep-control': encodeURIComponent(control),
      },
    });
  },
});
