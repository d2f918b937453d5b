/**
 * The outbox of notices in Postgres: said in the transaction of whoever knows, spread over the tenant's channels, claimed by one
 * sender at a time, tried again, given up for good where all that fails. At least once: between sending and saying that it was sent a
 * process may die.
 * Adapter ring. It knows no channel by name and sends nothing. Throws StoreError.
 */
import type { PoolClient } from 'pg';
import type { Notice, NoticeBody } from '../notices/notice';
import type { Database } from './database';

export interface ClaimedDelivery extends Notice {
  readonly channel: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly claim: string;
}

/** One that nobody could be given. */
export interface DeadDelivery {
  readonly notice: string;
  readonly channel: string;
  readonly attempts: number;
  readonly failure: string | null;
  readonly body: NoticeBody;
}

export interface Backlog {
  readonly waiting: number;
  readonly dead: number;
}

export interface LinkedNotice {
  readonly state: 'fresh' | 'used' | 'expired';
  readonly body: NoticeBody;
}

export interface NoticeStore {
  /** Says a notice on its own; `enqueueNotice` does so inside a transaction of somebody else's. */
  say(notice: Notice): Promise<void>;
  /** Tenants that have something to be spread or sent now. */
  tenantsWithWork(): Promise<readonly string[]>;
  /** Makes the deliveries of at most `limit` new notices; how many notices that were. */
  spread(
    tenant: string,
    channelsFor: (body: NoticeBody) => readonly string[],
    limit: number,
  ): Promise<number>;
  /** At most `limit` deliveries that are due, for so many seconds; nobody else is given them until then. */
  claim(
    tenant: string,
    by: { readonly claim: string; readonly leaseSeconds: number; readonly limit: number },
  ): Promise<readonly ClaimedDelivery[]>;
  /** False where the claim had lapsed and another sender has it. */
  sent(delivery: ClaimedDelivery): Promise<boolean>;
  /** @param afterMs before the next attempt; absent: there is none */
  failed(delivery: ClaimedDelivery, failure: string, afterMs: number | undefined): Promise<void>;
  backlog(tenant: string): Promise<Backlog>;
  /** What people were told of an outcome, in its order. */
  list(tenant: string, outcome: string): Promise<readonly NoticeBody[]>;
  /** Newest first. */
  dead(tenant: string, limit: number): Promise<readonly DeadDelivery[]>;
  /** Gives what is dead another series of attempts; how many. */
  revive(tenant: string): Promise<number>;
  /** Keeps a link by the digest of its token. */
  keepLink(
    tenant: string,
    link: {
      readonly digest: Uint8Array;
      readonly notice: string;
      readonly channel: string;
      readonly expiresAt: number;
    },
  ): Promise<void>;
  /** What a link leads to; the first who follows it finds it fresh, and nobody after. */
  followLink(tenant: string, digest: Uint8Array): Promise<LinkedNotice | undefined>;
}

/** Where senders hear that there is something new. */
export const NOTICES_CHANNEL = 'notices';

const INSERT = `
  INSERT INTO notices (tenant, id, body) VALUES ($1, $2, $3) ON CONFLICT (tenant, id) DO NOTHING`;
const ANNOUNCE = `SELECT pg_notify('${NOTICES_CHANNEL}', '')`;

/**
 * Says a notice in the transaction of whoever knows of it: it is told of if and only if that commits. Said again under its id it
 * counts once. The transaction is one of the notice's tenant.
 */
export async function enqueueNotice(tx: PoolClient, { tenant, id, body }: Notice): Promise<void> {
  await tx.query({ name: 'notices-say', text: INSERT, values: [tenant, id, JSON.stringify(body)] });
  await tx.query({ name: 'notices-announce', text: ANNOUNCE });
}

export function createNoticeStore(database: Database): NoticeStore {
  return {
    say: (notice) => database.of(notice.tenant).transaction((tx) => enqueueNotice(tx, notice)),
    async tenantsWithWork() {
      const rows = await database.shared.query<{ readonly tenant: string }>(TENANTS);
      return rows.map(({ tenant }) => tenant);
    },
    spread: (tenant, channelsFor, limit) =>
      database.of(tenant).transaction(async (tx) => {
        const open = await tx.query<{ readonly id: string; readonly body: NoticeBody }>({
          name: 'notices-open',
          text: OPEN,
          values: [tenant, limit],
        });
        for (const { id, body } of open.rows) {
          await tx.query({ name: 'notices-spread', text: SPREAD, values: [tenant, id, channelsFor(body)] });
        }
        return open.rows.length;
      }),
    async claim(tenant, { claim, leaseSeconds, limit }) {
      const values = [tenant, claim, leaseSeconds, limit];
      const rows = await database.of(tenant).query<ClaimRow>({ name: 'notices-claim', text: CLAIM, values });
      return rows.map(({ notice, channel, attempts, body }) => ({
        ...{ tenant, id: notice, channel, attempt: attempts, claim, body },
      }));
    },
    async sent({ tenant, id, channel, claim }) {
      const values = [tenant, id, channel, claim];
      return (await database.of(tenant).query({ name: 'notices-sent', text: SENT, values })).length > 0;
    },
    async failed({ tenant, id, channel, claim }, failure, afterMs) {
      const values = [tenant, id, channel, claim, failure.slice(0, FAILURE_LENGTH), afterMs ?? null];
      await database.of(tenant).query({ name: 'notices-failed', text: FAILED, values });
    },
    async backlog(tenant) {
      const [row] = await database
        .of(tenant)
        .query<Backlog>({ name: 'notices-backlog', text: BACKLOG, values: [tenant] });
      return row ?? { waiting: 0, dead: 0 };
    },
    async list(tenant, outcome) {
      const statement = { name: 'notices-list', text: LIST, values: [tenant, outcome] };
      return (await database.of(tenant).query<{ readonly body: NoticeBody }>(statement)).map(
        ({ body }) => body,
      );
    },
    dead: (tenant, limit) =>
      database.of(tenant).query<DeadDelivery>({ name: 'notices-dead', text: DEAD, values: [tenant, limit] }),
    async revive(tenant) {
      return (await database.of(tenant).query({ name: 'notices-revive', text: REVIVE, values: [tenant] }))
        .length;
    },
    async keepLink(tenant, { digest, notice, channel, expiresAt }) {
      const values = [tenant, Buffer.from(digest), notice, channel, new Date(expiresAt)];
      await database.of(tenant).query({ name: 'notices-link', text: LINK, values });
    },
    async followLink(tenant, digest) {
      const values = [tenant, Buffer.from(digest)];
      const [row] = await database
        .of(tenant)
        .query<LinkedNotice>({ name: 'notices-follow', text: FOLLOW, values });
      return row;
    },
  };
}

interface ClaimRow {
  readonly notice: string;
  readonly channel: string;
  readonly attempts: number;
  readonly body: NoticeBody;
}

/** Characters of a failure that are kept. */
const FAILURE_LENGTH = 500;

const TENANTS = { name: 'shared-notice-tenants', text: 'SELECT sweep_notice_tenants() AS tenant' } as const;

/** Locked, so that two senders do not spread one notice; what another has is passed over. */
const OPEN = `
  SELECT id, body FROM notices WHERE tenant = $1 AND spread_at IS NULL ORDER BY created_at LIMIT $2
  FOR UPDATE SKIP LOCKED`;
const SPREAD = `
  WITH made AS (
    INSERT INTO notice_deliveries (tenant, notice, channel) SELECT $1, $2, unnest($3::text[]) ON CONFLICT DO NOTHING
  ) UPDATE notices SET spread_at = now() WHERE tenant = $1 AND id = $2`;

const CLAIM = `
  WITH due AS (
    SELECT notice, channel FROM notice_deliveries
    WHERE tenant = $1 AND state = 'waiting' AND due_at <= now() AND coalesce(claimed_until <= now(), true)
    ORDER BY due_at LIMIT $4 FOR UPDATE SKIP LOCKED
  )
  UPDATE notice_deliveries d SET claim = $2, claimed_until = now() + make_interval(secs => $3), attempts = d.attempts + 1
  FROM due JOIN notices n ON n.tenant = $1 AND n.id = due.notice
  WHERE d.tenant = $1 AND d.notice = due.notice AND d.channel = due.channel
  RETURNING d.notice, d.channel, d.attempts, n.body`;

const MINE = `tenant = $1 AND notice = $2 AND channel = $3 AND claim = $4 AND state = 'waiting'`;
const SENT = `
  UPDATE notice_deliveries SET state = 'sent', sent_at = now(), claim = NULL, claimed_until = NULL, failure = NULL
  WHERE ${MINE} RETURNING 1`;
const FAILED = `
  UPDATE notice_deliveries SET state = CASE WHEN $6::float8 IS NULL THEN 'dead' ELSE 'waiting' END, failure = $5,
    due_at = now() + make_interval(secs => coalesce($6::float8, 0) / 1000), claim = NULL, claimed_until = NULL
  WHERE ${MINE}`;

const BACKLOG = `
  SELECT count(*) FILTER (WHERE state = 'waiting')::int AS waiting, count(*) FILTER (WHERE state = 'dead')::int AS dead
  FROM notice_deliveries WHERE tenant = $1 AND state <> 'sent'`;
const LIST = `
  SELECT body FROM notices WHERE tenant = $1 AND body->>'outcome' = $2 ORDER BY (body->>'at')::float8, id LIMIT 1000`;
const DEAD = `
  SELECT d.notice, d.channel, d.attempts, d.failure, n.body
  FROM notice_deliveries d JOIN notices n ON n.tenant = d.tenant AND n.id = d.notice
  WHERE d.tenant = $1 AND d.state = 'dead' ORDER BY d.due_at DESC LIMIT $2`;
const REVIVE = `
  UPDATE notice_deliveries SET state = 'waiting', attempts = 0, due_at = now() WHERE tenant = $1 AND state = 'dead'
  RETURNING 1`;

const LINK = `
  INSERT INTO notice_links (tenant, digest, notice, channel, expires_at) VALUES ($1, $2, $3, $4, $5)`;
/** The row is locked by its update, so of two who follow it at once one is the first. */
const FOLLOW = `
  WITH found AS (SELECT * FROM notice_links WHERE tenant = $1 AND digest = $2 FOR UPDATE),
  used AS (
    UPDATE notice_links l SET used_at = now() FROM found f
    WHERE l.tenant = $1 AND l.digest = $2 AND f.used_at IS NULL AND f.expires_at > now()
  )
  SELECT CASE WHEN f.used_at IS NOT NULL THEN 'used' WHEN f.expires_at <= now() THEN 'expired' ELSE 'fresh' END AS state, n.body
  FROM found f JOIN notices n ON n.tenant = $1 AND n.id = f.notice`;
