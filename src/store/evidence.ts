/**
 * What a projector reads and writes in one transaction: the log's end, how far a run has been projected, projections and the
 * archive. Exactly once comes from here: the cursor moves with the records, under the lock of the tenant's log.
 * Adapter ring.
 */
import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { Appended, LogEnd } from '../audit/growing-log';
import type { Entry } from '../audit/record';
import type { Derived } from '../audit/derived';
import type { Json, JsonObject } from '../kernel/json';
import type { ArchivePlace } from './archive-place';
import type { Database } from './database';
import { addCheckpoint, appendRecords, lockLog, newestCheckpoint, type StoredCheckpoint } from './policy-log';
import { StoreError } from './store-error';

/** A run of a workflow. */
export interface RunKey {
  readonly tenant: string;
  readonly workflow: string;
  readonly run: string;
}

/** How far a run has been projected. */
export interface Cursor {
  readonly kind: 'outcome' | 'control' | 'other';
  /** Records of this run in the log, the one of its archive included. */
  readonly records: number;
  readonly lastEvent: number;
  /** Milliseconds since the epoch. */
  readonly lastEventAt: number;
  readonly ended: string | null;
  readonly nextRun: string | null;
  readonly subjectKey: string | null;
}

export interface ArchivedHistory {
  readonly workflow: string;
  readonly run: string;
  readonly format: number;
  readonly events: number;
  readonly stored: Uint8Array;
  readonly sha256: string;
  readonly sealedWith: string | null;
  /** Milliseconds since the epoch. */
  readonly closedAt: number;
  readonly keepUntil: number;
}

/** Projections by name, as the tables have them: members are columns, times are ISO texts. */
export const PROJECTIONS = {
  projected_outcomes: ['tenant', 'id'],
  projected_actions: ['tenant', 'outcome', 'node'],
  projected_inbox: ['tenant', 'outcome', 'node', 'turn'],
} as const;
export type ProjectionName = keyof typeof PROJECTIONS;
export type ProjectedRow = JsonObject;
export type ProjectedRows = { readonly [Name in ProjectionName]: readonly ProjectedRow[] };

/** One transaction that has the tenant's log. */
export interface EvidenceWriter {
  readonly end: LogEnd;
  cursor(run: RunKey): Promise<Cursor | undefined>;
  saveCursor(run: RunKey, cursor: Cursor): Promise<void>;
  append(derived: readonly Derived[], appended: Appended): Promise<void>;
  archive(tenant: string, history: ArchivedHistory): Promise<void>;
  /** Rows about these outcomes. */
  rows(tenant: string, outcomes: readonly string[]): Promise<ProjectedRows>;
  saveRows(rows: Partial<ProjectedRows>): Promise<void>;
  newestCheckpoint(tenant: string): Promise<StoredCheckpoint | undefined>;
  addCheckpoint(tenant: string, checkpoint: StoredCheckpoint): Promise<void>;
  /** Removes what is told of an outcome, for a rebuild. */
  dropRows(tenant: string, outcome: string): Promise<void>;
}

export interface EvidenceStore {
  /** Runs `work` while nobody else appends to this tenant's log. Throws StoreError, or what `work` threw. */
  write<T>(tenant: string, work: (writer: EvidenceWriter) => Promise<T>): Promise<T>;
  /** Runs `work` if no other process does this now. */
  alone(work: () => Promise<void>): Promise<void>;
  cursor(run: RunKey): Promise<Cursor | undefined>;
  /** Of these runs, how far they are. */
  cursors(tenant: string, runs: readonly string[]): Promise<ReadonlyMap<string, Cursor>>;
  /** Runs that have not ended, as far as it is told. */
  openRuns(tenant: string): Promise<readonly (RunKey & Cursor)[]>;
  runsOf(tenant: string, workflow: string): Promise<readonly (RunKey & Cursor)[]>;
  archived(run: RunKey): Promise<ArchivedHistory | undefined>;
  /** Workflow and run of all that has records, in the order of its first. */
  allRuns(tenant: string): Promise<readonly (RunKey & Cursor)[]>;
  /** Outcomes that have records, in the order of their first. */
  outcomes(tenant: string): Promise<readonly string[]>;
  /** Place, origin and run of the records about an outcome, in order. */
  originsOf(tenant: string, outcome: string): Promise<readonly RecordOrigin[]>;
  rows(tenant: string, outcome: string): Promise<ProjectedRows>;
}

export interface RecordOrigin {
  readonly seq: number;
  readonly workflow: string;
  readonly run: string;
  readonly event: number;
  readonly part: number;
}

/**
 * Writes tables of its own in the transaction that puts records into the log: both are there, or neither. The records come
 * in the order of the log, each once.
 */
export type WithRecords = (
  client: PoolClient,
  tenant: string,
  records: readonly {
    readonly seq: number;
    readonly entry: Entry;
    /** As the history has it, where the record tells of one. */
    readonly decision?: Json;
  }[],
) => Promise<void>;

/**
 * Throws StoreError when the database is down or refuses.
 * @param also who else writes when records are written: notices, inboxes
 * @param archive where histories lie that are not in the database
 */
export function createEvidenceStore(
  database: Database,
  also: readonly WithRecords[] = [],
  archive?: Pick<ArchivePlace, 'get'>,
): EvidenceStore {
  const query = <Row extends object>(tenant: string, name: string, text: string, values: unknown[]) =>
    database.of(tenant).query<Row>({ name, text, values });
  return {
    write: (tenant, work) =>
      database
        .of(tenant)
        .transaction(async (client) => work(writerOf(client, await lockLog(client, tenant), also))),
    alone: (work) =>
      database.shared.transaction(async (client) => {
        const { rows } = await client.query<{ readonly mine: boolean }>(TRY_ALONE);
        if (rows[0]?.mine === true) await work();
      }),
    async cursor(run) {
      const values = [run.tenant, run.workflow, run.run];
      return (await query<Cursor>(run.tenant, 'evidence-cursor', `${CURSOR} ${OF_RUN}`, values))[0];
    },
    async cursors(tenant, runs) {
      const text = `${CURSOR_RUN} WHERE tenant = $1 AND run = ANY($2)`;
      const rows = await query<Cursor & RunKey>(tenant, 'evidence-cursors', text, [tenant, runs]);
      return new Map(rows.map((row) => [row.run, row]));
    },
    openRuns: (tenant) =>
      query(tenant, 'evidence-open', `${CURSOR_RUN} WHERE tenant = $1 AND ended IS NULL`, [tenant]),
    runsOf: (tenant, workflow) =>
      query(
        tenant,
        'evidence-runs-of',
        `${CURSOR_RUN} WHERE tenant = $1 AND workflow = $2 ORDER BY first_seen_at`,
        [tenant, workflow],
      ),
    async archived({ tenant, workflow, run }) {
      const values = [tenant, workflow, run];
      const found = (await query<ArchivedRow>(tenant, 'evidence-archived', ARCHIVED, values))[0];
      return found === undefined ? undefined : withBytes(found, archive);
    },
    allRuns: (tenant) =>
      query(tenant, 'evidence-runs', `${CURSOR_RUN} WHERE tenant = $1 ORDER BY first_seen_at, run`, [tenant]),
    async outcomes(tenant) {
      const rows = await query<{ readonly outcome: string }>(tenant, 'evidence-outcomes', OUTCOMES, [tenant]);
      return rows.map(({ outcome }) => outcome);
    },
    originsOf: (tenant, outcome) => query(tenant, 'evidence-origins', ORIGINS, [tenant, outcome]),
    rows: (tenant, outcome) =>
      database.of(tenant).transaction((client) => readRows(client, tenant, [outcome])),
  };
}

type ArchivedRow = Omit<ArchivedHistory, 'stored'> & {
  readonly stored: Uint8Array | null;
  readonly place: string | null;
};

/** A history with its bytes, wherever they lie; from outside they are believed only if they are those that were archived. */
async function withBytes(
  { place, stored, ...rest }: ArchivedRow,
  archive: Pick<ArchivePlace, 'get'> | undefined,
): Promise<ArchivedHistory> {
  if (stored !== null) return { ...rest, stored };
  if (archive === undefined || place === null) throw new StoreError('ARCHIVE_NOT_NAMED');
  const bytes = await archive.get(place);
  if (createHash('sha256').update(bytes).digest('hex') !== rest.sha256)
    throw new StoreError('ARCHIVE_CHANGED');
  return { ...rest, stored: bytes };
}

function writerOf(client: PoolClient, end: LogEnd, also: readonly WithRecords[]): EvidenceWriter {
  return {
    end,
    async cursor({ tenant, workflow, run }) {
      const { rows } = await client.query<Cursor>({
        name: 'evidence-cursor',
        text: `${CURSOR} ${OF_RUN}`,
        values: [tenant, workflow, run],
      });
      return rows[0];
    },
    async saveCursor({ tenant, workflow, run }, cursor) {
      const { kind, records, lastEvent, lastEventAt, ended, nextRun, subjectKey } = cursor;
      const at = new Date(lastEventAt);
      const values = [tenant, workflow, run, kind, records, lastEvent, at, ended, nextRun, subjectKey];
      await client.query({ name: 'evidence-save-cursor', text: SAVE_CURSOR, values });
    },
    async append(derived, appended) {
      await appendRecords(
        client,
        derived.map(({ entry }) => entry),
        appended,
      );
      const records = derived.map(({ entry, aside }, i) => ({
        ...{ seq: appended.records[i]!.seq, entry },
        ...(aside?.decision === undefined ? {} : { decision: aside.decision }),
      }));
      for (const write of also) await write(client, records[0]!.entry.tenant, records);
    },
    async archive(tenant, history) {
      const { workflow, run, format, events, stored, sha256, sealedWith, closedAt, keepUntil } = history;
      const times = [new Date(closedAt), new Date(keepUntil)];
      const values = [tenant, workflow, run, format, events, stored, sha256, sealedWith, ...times];
      await client.query({ name: 'evidence-archive', text: ARCHIVE, values });
    },
    rows: (tenant, outcomes) => readRows(client, tenant, outcomes),
    newestCheckpoint: (tenant) => newestCheckpoint(client, tenant),
    addCheckpoint: (tenant, checkpoint) => addCheckpoint(client, tenant, checkpoint),
    async saveRows(rows) {
      for (const name of Object.keys(rows) as ProjectionName[]) {
        const these = rows[name] ?? [];
        if (these.length === 0) continue;
        const text = saveRowsOf(name, Object.keys(these[0]!));
        await client.query({ text, values: [JSON.stringify(these)] });
      }
    },
    async dropRows(tenant, outcome) {
      for (const name of Object.keys(PROJECTIONS) as ProjectionName[]) {
        const column = name === 'projected_outcomes' ? 'id' : 'outcome';
        await client.query(`DELETE FROM ${name} WHERE tenant = $1 AND ${column} = $2`, [tenant, outcome]);
      }
    },
  };
}

async function readRows(
  client: PoolClient,
  tenant: string,
  outcomes: readonly string[],
): Promise<ProjectedRows> {
  const read = async (name: ProjectionName, column: string, order: string): Promise<ProjectedRow[]> => {
    const text = `SELECT to_jsonb(t) AS row FROM ${name} t WHERE tenant = $1 AND ${column} = ANY($2) ORDER BY ${order}`;
    const { rows } = await client.query<{ readonly row: ProjectedRow }>({
      name: `evidence-rows-${name}`,
      text,
      values: [tenant, outcomes],
    });
    return rows.map(({ row }) => row);
  };
  return {
    projected_outcomes: await read('projected_outcomes', 'id', 'id'),
    projected_actions: await read('projected_actions', 'outcome', 'outcome, node'),
    projected_inbox: await read('projected_inbox', 'outcome', 'outcome, node, turn'),
  };
}

/** @param columns those that the rows have; all rows have the same */
function saveRowsOf(name: ProjectionName, columns: readonly string[]): string {
  const key: readonly string[] = PROJECTIONS[name];
  const list = columns.map((column) => `"${column}"`).join(', ');
  const set = columns.filter((column) => !key.includes(column)).map((c) => `"${c}" = excluded."${c}"`);
  return `INSERT INTO ${name} (${list}) SELECT ${list} FROM jsonb_populate_recordset(NULL::${name}, $1)
    ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${set.join(', ')}`;
}

const CURSOR_COLUMNS = `kind, records, last_event AS "lastEvent",
  (extract(epoch FROM last_event_at) * 1000)::float8 AS "lastEventAt", ended, next_run AS "nextRun",
  subject_key AS "subjectKey"`;
const CURSOR = `SELECT ${CURSOR_COLUMNS} FROM projected_runs`;
const CURSOR_RUN = `SELECT tenant, workflow, run, ${CURSOR_COLUMNS} FROM projected_runs`;
const OF_RUN = 'WHERE tenant = $1 AND workflow = $2 AND run = $3';

const SAVE_CURSOR = `
  INSERT INTO projected_runs (tenant, workflow, run, kind, records, last_event, last_event_at, ended, next_run, subject_key)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT (tenant, workflow, run) DO UPDATE SET records = excluded.records, last_event = excluded.last_event,
    last_event_at = excluded.last_event_at, ended = excluded.ended, next_run = excluded.next_run, projected_at = now()`;

const ARCHIVE = `
  INSERT INTO archived_histories
    (tenant, workflow, run, format, events, stored, sha256, sealed_with, closed_at, keep_until)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`;

const ARCHIVED = `
  SELECT workflow, run, format, events, stored, place, sha256, sealed_with AS "sealedWith",
    (extract(epoch FROM closed_at) * 1000)::float8 AS "closedAt",
    (extract(epoch FROM keep_until) * 1000)::float8 AS "keepUntil"
  FROM archived_histories ${OF_RUN}`;

const OUTCOMES = `
  SELECT outcome FROM policy_log WHERE tenant = $1 AND outcome IS NOT NULL GROUP BY outcome ORDER BY min(seq)`;

const ORIGINS = `
  SELECT seq::float8 AS seq, workflow, run, event, part FROM policy_log WHERE tenant = $1 AND outcome = $2 ORDER BY seq`;

/** Of the sweep that looks for what nobody told of. */
const TRY_ALONE = 'SELECT pg_try_advisory_xact_lock(1096111190) AS mine';
