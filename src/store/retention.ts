/**
 * The end of retention: which archived histories are past their time and under no legal hold, and letting them go; and which of
 * them have still to be brought to their place outside. Records stay for good.
 * Adapter ring. The database says no to whatever is before its time, whoever asks.
 */
import type { ArchivePlace, Placed } from './archive-place';
import type { Database } from './database';
import { oneAtATime } from './legal-holds';
import { StoreError } from './store-error';

/** Where a cut goes through the archive. It stands in the log before anything leaves. */
export interface Cut {
  /** ISO 8601: what was to be kept until then, or less, goes. */
  readonly before: string;
  readonly histories: number;
  /** Past their time, and kept by a legal hold. */
  readonly held: number;
  /** Over the lines `<workflow> <run>` of what goes, in order of their bytes: lower-case hex. */
  readonly sha256: string;
}

export interface DueHistory {
  readonly workflow: string;
  readonly run: string;
  /** Milliseconds since the epoch. */
  readonly closedAt: number;
  readonly keepUntil: number;
  readonly isHeld: boolean;
}

export interface Retention {
  /** @param at milliseconds since the epoch: as of when */
  cut(tenant: string, at: number): Promise<Cut>;
  /** The oldest so many of what is past its time, held or not. */
  due(tenant: string, at: number, limit: number): Promise<readonly DueHistory[]>;
  /**
   * Places of what a hold keeps and the lock of its place will not, because its time is over by `at`: all of them, the oldest first.
   * @param page so many are read at once
   */
  heldPlaces(tenant: string, at: number, page?: number): Promise<readonly string[]>;
  /** Lets go what was to be kept until `before` and nobody holds; how many. Doing it again goes on where it ended. */
  drop(tenant: string, before: string): Promise<number>;
  /** Histories that have not been brought to their place yet, the oldest first; without some. */
  unplaced(tenant: string, limit: number, without?: readonly string[]): Promise<readonly Placed[]>;
  countUnplaced(tenant: string): Promise<number>;
  /** Takes the bytes out of the database once they lie at their place. */
  placed(tenant: string, run: string, place: string): Promise<void>;
}

/** Histories that go in one transaction: whoever sets a hold waits for it. */
const PAGE = 50;
/** Held places that are read at once: some hundred kilobytes. */
const HELD_PAGE = 1_000;

/** A held place, and where the next page begins. */
interface HeldPlace {
  readonly place: string;
  readonly run: string;
  readonly keepUntil: string;
}

/** Throws StoreError. @param archive where histories lie that are not in the database */
export function createRetention(database: Database, archive?: Pick<ArchivePlace, 'remove'>): Retention {
  const query = <Row extends object>(tenant: string, name: string, text: string, values: unknown[]) =>
    database.of(tenant).query<Row>({ name, text, values });
  const dropPage = (tenant: string, before: string): Promise<number> =>
    database.of(tenant).transaction(async (client) => {
      await oneAtATime(client, tenant);
      const { rows } = await client.query<{ readonly run: string; readonly place: string | null }>({
        name: 'retention-page',
        text: GOING,
        values: [tenant, before, PAGE],
      });
      if (rows.length === 0) return 0;
      const runs = rows.map(({ run }) => run);
      // The database says first whether they may go; its rows are gone only once the place has let go of them, too.
      await client.query({ name: 'retention-drop', text: DROP, values: [tenant, runs] });
      for (const { place } of rows) {
        if (place === null) continue;
        if (archive === undefined) throw new StoreError('ARCHIVE_NOT_NAMED');
        await archive.remove(place);
      }
      return runs.length;
    });
  return {
    async cut(tenant, at) {
      const before = new Date(at).toISOString();
      const rows = await query<Omit<Cut, 'before'>>(tenant, 'retention-cut', CUT, [tenant, before]);
      return { before, ...rows[0]! };
    },
    due: (tenant, at, limit) => query(tenant, 'retention-due', DUE, [tenant, new Date(at), limit]),
    async heldPlaces(tenant, at, page = HELD_PAGE) {
      const places: string[] = [];
      for (let after: readonly [string, string] = ['-infinity', '']; ;) {
        const values = [tenant, new Date(at), ...after, page];
        const rows = await query<HeldPlace>(tenant, 'retention-held', HELD_PLACES, values);
        places.push(...rows.map(({ place }) => place));
        const last = rows.at(-1);
        if (last === undefined || rows.length < page) return places;
        after = [last.keepUntil, last.run];
      }
    },
    async drop(tenant, before) {
      for (let count = 0; ;) {
        const page = await dropPage(tenant, before);
        count += page;
        if (page < PAGE) return count;
      }
    },
    unplaced: (tenant, limit, without = []) =>
      query(tenant, 'retention-unplaced', UNPLACED, [tenant, limit, without]),
    async countUnplaced(tenant) {
      const text =
        'SELECT count(*)::int AS n FROM archived_histories WHERE tenant = $1 AND stored IS NOT NULL';
      return (await query<{ readonly n: number }>(tenant, 'retention-waiting', text, [tenant]))[0]?.n ?? 0;
    },
    async placed(tenant, run, place) {
      await query(tenant, 'retention-placed', PLACE, [tenant, run, place]);
    },
  };
}

const HELD = 'legally_held(tenant, workflow, run, sealed_with)';
const msOf = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

const CUT = `
  SELECT (count(*) FILTER (WHERE NOT held))::int AS histories, (count(*) FILTER (WHERE held))::int AS held,
    encode(sha256(coalesce(string_agg(convert_to(line, 'UTF8'), ''::bytea ORDER BY line COLLATE "C") FILTER (WHERE NOT held), '')),
      'hex') AS sha256
  FROM (
    SELECT workflow || ' ' || run || E'\\n' AS line, ${HELD} AS held
    FROM archived_histories WHERE tenant = $1 AND keep_until <= $2) AS due`;

const DUE = `
  SELECT workflow, run, ${msOf('closed_at')} AS "closedAt", ${msOf('keep_until')} AS "keepUntil", ${HELD} AS "isHeld"
  FROM archived_histories WHERE tenant = $1 AND keep_until <= $2 ORDER BY keep_until, run LIMIT $3`;

const HELD_PLACES = `
  SELECT place, run, keep_until::text AS "keepUntil" FROM archived_histories
  WHERE tenant = $1 AND place IS NOT NULL AND keep_until <= $2 AND (keep_until, run) > ($3::timestamptz, $4) AND ${HELD}
  ORDER BY keep_until, run LIMIT $5`;

const GOING = `
  SELECT run, place FROM archived_histories WHERE tenant = $1 AND keep_until <= $2 AND NOT ${HELD}
  ORDER BY keep_until, run LIMIT $3 FOR UPDATE`;

const DROP = 'DELETE FROM archived_histories WHERE tenant = $1 AND run = ANY($2)';

const UNPLACED = `
  SELECT tenant, run, stored, sha256, ${msOf('closed_at')} AS "closedAt", ${msOf('keep_until')} AS "keepUntil"
  FROM archived_histories WHERE tenant = $1 AND stored IS NOT NULL AND run <> ALL($3)
  ORDER BY archived_at LIMIT $2`;

const PLACE = `
  UPDATE archived_histories SET stored = NULL, place = $3 WHERE tenant = $1 AND run = $2 AND stored IS NOT NULL`;
