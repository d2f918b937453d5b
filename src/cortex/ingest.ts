/**
 * The door for events: kept before anything else, then fed into the entity graph, then matched to the one automation that
 * takes them. What selects none or several is kept with its reason and can be tried again.
 * Adapter ring. It starts no outcome; whoever does so tells it afterwards.
 */
import type { Bundle } from '../config/bundle';
import { parseCloudEvent, type CloudEvent } from '../config/cloud-event';
import { feedUpdates } from '../config/entity-model';
import { entitiesOf, select, type Selection } from '../config/select';
import type { Diagnostic } from '../kernel/diagnostic';
import { invariant } from '../kernel/invariant';
import { jsonEquals, type Json } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import type { EventKey, EventStore, EventVerdict, StoredEvent } from '../store/events';
import type { Cortex, Entity } from './cortex';

export type Ingested =
  /** Its outcome is to be started now; start it under the event's id and tell `started`. Starting it twice is harmless. */
  | {
      readonly kind: 'selected';
      readonly event: CloudEvent;
      readonly selection: Selection;
      readonly entity: Entity;
    }
  /** It was here before and nothing is to be done; `isSame` is false where it came with another content. */
  | { readonly kind: 'duplicate'; readonly stored: StoredEvent; readonly isSame: boolean }
  /** Kept, with the reasons, until it is tried again. */
  | {
      readonly kind: 'kept';
      readonly event: CloudEvent;
      readonly status: 'unselected' | 'ambiguous' | 'failed';
      readonly reasons: readonly Diagnostic[];
    };

export interface Ingest {
  /** Takes what was sent. Errors: `EVENT_…` for what is no event; that alone is not kept. */
  receive(bundle: Bundle, sent: unknown): Promise<Result<Ingested, readonly Diagnostic[]>>;
  /** Looks at a kept event again, with the configuration of today. Errors: `EVENT_UNKNOWN`. */
  retry(bundle: Bundle, key: Omit<EventKey, 'tenant'>): Promise<Result<Ingested, readonly Diagnostic[]>>;
  /** The event that started an outcome, as it was received; `undefined` where a person did, or it is not kept any more. */
  causeOf(tenant: string, outcomeId: string): Promise<Cause | undefined>;
  /** Its outcome has been started. */
  started(key: EventKey, outcomeId: string): Promise<void>;
  /** Its outcome could not be compiled or started. */
  failed(key: EventKey, reasons: readonly Diagnostic[]): Promise<void>;
}

export interface Cause {
  readonly event: CloudEvent;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

export interface IngestParts {
  readonly events: EventStore;
  readonly cortex: Cortex;
  /** Milliseconds since the epoch: stands in for the time of an event that has none. */
  readonly now: () => number;
}

/** Its methods throw StoreError when the database is down; the sender then sends again, and nothing counts twice. */
export function createIngest(parts: IngestParts): Ingest {
  const { events } = parts;
  return {
    async receive(bundle, sent) {
      const parsed = parseCloudEvent(sent);
      if (!parsed.ok) return parsed;
      const event = parsed.value;
      const key = keyOf(bundle, event);
      const { isNew, stored } = await events.receive(key, { type: event.type, event: asJson(event) });
      // One that was kept and never looked at to the end, because a process died, goes on from here.
      const isOpen = isNew || stored.status === 'received' || stored.status === 'selected';
      if (isOpen) return ok(await decide(bundle, eventOf(stored), parts));
      return ok({ kind: 'duplicate', stored, isSame: jsonEquals(stored.event, event) });
    },
    async retry(bundle, { source, id }) {
      const stored = await events.get({ tenant: bundle.tenant, source, id });
      if (stored === undefined) {
        const message = 'no such event was received';
        return err([{ code: 'EVENT_UNKNOWN', at: `event ${source} ${id}`, message }]);
      }
      if (stored.status === 'started') return ok({ kind: 'duplicate', stored, isSame: true });
      return ok(await decide(bundle, eventOf(stored), parts));
    },
    async causeOf(tenant, outcomeId) {
      const stored = await events.ofOutcome(tenant, outcomeId);
      if (stored === undefined) return undefined;
      return { event: eventOf(stored), receivedAt: stored.receivedAt.getTime() };
    },
    async started(key, outcomeId) {
      await events.settle(key, { status: 'started', outcomeId });
    },
    async failed(key, reasons) {
      await events.settle(key, { status: 'failed', reasons });
    },
  };
}

/** From a kept event to what becomes of it. */
async function decide(bundle: Bundle, event: CloudEvent, parts: IngestParts): Promise<Ingested> {
  const { events, cortex } = parts;
  const key = keyOf(bundle, event);
  const fed = await feed(bundle, event, parts);
  if (fed.length > 0) return keep(events, event, { key, status: 'failed', reasons: fed });
  const known = await cortex.getMany(bundle.tenant, entitiesOf(bundle, event));
  const selected = select(bundle, event, (id) => known.get(id)?.fields);
  if (!selected.ok) {
    const reasons = [selected.error];
    return keep(events, event, { key, status: statusOf(selected.error), reasons });
  }
  const selection = selected.value;
  const entity = await cortex.need(bundle.tenant, selection.entity);
  if (!entity.ok) return keep(events, event, { key, status: 'failed', reasons: [entity.error] });
  const { automation, outcome } = selection;
  const verdict: EventVerdict = {
    status: 'selected',
    automation: automation.id,
    outcome,
    entity: selection.entity,
  };
  switch (await events.settle(key, verdict)) {
    case 'taken':
      return keep(events, event, { key, status: 'failed', reasons: [idTaken(event, outcome)] });
    case 'late': {
      // Another process was faster and has started it.
      const stored = await events.get(key);
      invariant(stored !== undefined, 'received events are never deleted');
      return { kind: 'duplicate', stored, isSame: true };
    }
    case 'settled':
      return { kind: 'selected', event, selection, entity: entity.value };
  }
}

/** Tells the entity graph what the event says; what is wrong with that is a reason to keep the event. */
async function feed(
  bundle: Bundle,
  event: CloudEvent,
  { cortex, now }: IngestParts,
): Promise<readonly Diagnostic[]> {
  // A sender whose clock runs ahead must not have the last word for ever.
  const at = event.time === undefined ? now() : Math.min(now(), Date.parse(event.time));
  const found: Diagnostic[] = [];
  for (const update of feedUpdates(bundle.content, event)) {
    const told = await cortex.upsert(bundle, update, { at, by: `event ${event.source} ${event.id}` });
    if (!told.ok) found.push(...told.error);
  }
  return found;
}

async function keep(
  events: EventStore,
  event: CloudEvent,
  { key, status, reasons }: KeptBecause,
): Promise<Ingested> {
  await events.settle(key, { status, reasons });
  return { kind: 'kept', event, status, reasons };
}

interface KeptBecause {
  readonly key: EventKey;
  readonly status: 'unselected' | 'ambiguous' | 'failed';
  readonly reasons: readonly Diagnostic[];
}

function statusOf({ code }: Diagnostic): KeptBecause['status'] {
  if (code === 'SELECT_NONE') return 'unselected';
  return code === 'SELECT_AMBIGUOUS' ? 'ambiguous' : 'failed';
}

const idTaken = ({ source, id }: CloudEvent, outcome: string): Diagnostic => ({
  code: 'EVENT_ID_TAKEN',
  at: `event ${source} ${id}`,
  message: `another source's event \`${id}\` has started ${outcome} already, and outcomes go by the event's id`,
  help: 'let the sources use ids that differ, such as UUIDs',
});

const keyOf = ({ tenant }: Pick<Bundle, 'tenant'>, { source, id }: CloudEvent): EventKey => ({
  tenant,
  source,
  id,
});

/** Stored by us, in the shape in which it was parsed. */
const eventOf = (stored: StoredEvent): CloudEvent => stored.event as unknown as CloudEvent;

const asJson = (event: CloudEvent): Json => event as unknown as Json;
