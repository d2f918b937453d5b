/**
 * Received events in Postgres: inserted first, so that the same event counts once however often and wherever it arrives, and
 * kept with what became of them.
 * Adapter ring. It knows no automations; `src/cortex` decides.
 */
import { and, asc, desc, eq, gt, inArray, lt, ne, sql } from 'drizzle-orm';
import type { Diagnostic } from '../kernel/diagnostic';
import { splitOutcomeId } from '../kernel/ids';
import { invariant } from '../kernel/invariant';
import type { Json } from '../kernel/json';
import type { Database } from './database';
import { asStoreError, isUniqueViolation } from './drizzle-error';
import { receivedEvents, type EventStatus } from './schema/events';

/** Two events with the same key are the same event. */
export interface EventKey {
  readonly tenant: string;
  readonly source: string;
  readonly id: string;
}

export interface StoredEvent extends EventKey {
  /** In the order of arrival. */
  readonly seq: number;
  readonly type: string;
  /** The whole CloudEvent. */
  readonly event: Json;
  readonly status: EventStatus;
  readonly reasons: readonly Diagnostic[];
  readonly automation: string | null;
  readonly outcome: string | null;
  readonly entity: string | null;
  readonly outcomeId: string | null;
  readonly tries: number;
  readonly receivedAt: Date;
}

/** What became of an event. */
export type EventVerdict =
  | {
      readonly status: 'selected';
      readonly automation: string;
      readonly outcome: string;
      readonly entity: string;
    }
  | { readonly status: 'started'; readonly outcomeId: string }
  | { readonly status: 'unselected' | 'ambiguous' | 'failed'; readonly reasons: readonly Diagnostic[] };

export interface EventQuery {
  readonly tenant: string;
  readonly statuses?: readonly EventStatus[];
  /** Page begins behind this `seq`: later ones, oldest first, or earlier ones, newest first. */
  readonly after?: number;
  readonly before?: number;
  readonly limit: number;
}

export interface EventStore {
  /** Keeps an event unless it is there; `isNew` says which. What is there is never changed by a second arrival. */
  receive(
    key: EventKey,
    event: { readonly type: string; readonly event: Json },
  ): Promise<{
    readonly isNew: boolean;
    readonly stored: StoredEvent;
  }>;
  /**
   * Writes what became of it. `settled`; `late` where its outcome has started already, which nothing takes back; or `taken`
   * where another source's event of the same id has the same outcome.
   */
  settle(key: EventKey, verdict: EventVerdict): Promise<'settled' | 'late' | 'taken'>;
  get(key: EventKey): Promise<StoredEvent | undefined>;
  /** The event that started an outcome. */
  ofOutcome(tenant: string, outcomeId: string): Promise<StoredEvent | undefined>;
  /** Oldest first, or newest first with `before`. */
  list(query: EventQuery): Promise<readonly StoredEvent[]>;
}

/** Throws StoreError when the database is down or refuses. */
export function createEventStore(database: Database): EventStore {
  const ormOf = ({ tenant }: { readonly tenant: string }) => database.of(tenant).orm;
  const get = async (key: EventKey): Promise<StoredEvent | undefined> => {
    const rows = await asStoreError(ormOf(key).select().from(receivedEvents).where(isRow(key)));
    return rows[0];
  };
  return {
    get,
    async ofOutcome(tenant, outcomeId) {
      const { outcome = '', eventId = '' } = splitOutcomeId(outcomeId) ?? {};
      // From a digest nobody reads the event's own id, which is the shorter way to its row.
      const isIt = and(
        ...[
          eq(receivedEvents.tenant, tenant),
          eventId.startsWith('~') ? undefined : eq(receivedEvents.id, eventId),
        ],
        ...[eq(receivedEvents.outcome, outcome), eq(receivedEvents.outcomeId, outcomeId)],
      );
      const rows = await asStoreError(ormOf({ tenant }).select().from(receivedEvents).where(isIt));
      return rows[0];
    },
    async receive(key, { type, event }) {
      const [inserted] = await asStoreError(
        ormOf(key)
          .insert(receivedEvents)
          .values({ ...key, type, event, status: 'received' })
          .onConflictDoNothing({ target: [receivedEvents.tenant, receivedEvents.source, receivedEvents.id] })
          .returning(),
      );
      if (inserted !== undefined) return { isNew: true, stored: inserted };
      const stored = await get(key);
      invariant(stored !== undefined, 'received events are never deleted');
      return { isNew: false, stored };
    },
    async settle(key, verdict) {
      try {
        const rows = await ormOf(key)
          .update(receivedEvents)
          .set({ ...columnsOf(verdict), tries: sql`${receivedEvents.tries} + 1`, updatedAt: sql`now()` })
          .where(
            and(isRow(key), verdict.status === 'started' ? undefined : ne(receivedEvents.status, 'started')),
          )
          .returning({ id: receivedEvents.id });
        return rows.length === 0 ? 'late' : 'settled';
      } catch (error) {
        if (isUniqueViolation(error, 'received_events_outcome')) return 'taken';
        return asStoreError(Promise.reject(error as Error));
      }
    },
    list: ({ tenant, statuses, after, before, limit }) =>
      asStoreError(
        ormOf({ tenant })
          .select()
          .from(receivedEvents)
          .where(
            and(
              eq(receivedEvents.tenant, tenant),
              statuses === undefined ? undefined : inArray(receivedEvents.status, [...statuses]),
              after === undefined ? undefined : gt(receivedEvents.seq, after),
              before === undefined ? undefined : lt(receivedEvents.seq, before),
            ),
          )
          .orderBy(before === undefined ? asc(receivedEvents.seq) : desc(receivedEvents.seq))
          .limit(limit),
      ),
  };
}

const isRow = ({ tenant, source, id }: EventKey) =>
  and(eq(receivedEvents.tenant, tenant), eq(receivedEvents.source, source), eq(receivedEvents.id, id));

function columnsOf(verdict: EventVerdict): Partial<typeof receivedEvents.$inferInsert> {
  switch (verdict.status) {
    case 'selected': {
      const { status, automation, outcome, entity } = verdict;
      return { status, automation, outcome, entity, reasons: [] };
    }
    case 'started':
      return { status: 'started', outcomeId: verdict.outcomeId, reasons: [] };
    case 'unselected':
    case 'ambiguous':
      // What an earlier try selected is no longer so, and its outcome code is free again.
      return { ...notSelected(verdict), entity: null };
    case 'failed':
      // Whom it is about stays known: when they are forgotten, so is what it says.
      return notSelected(verdict);
  }
}

const notSelected = ({ status, reasons }: Extract<EventVerdict, { readonly reasons: unknown }>) => ({
  ...{ status, reasons },
  ...{ automation: null, outcome: null },
});
