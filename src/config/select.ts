/**
 * Selection: the one automation that takes an event. None and two are errors that name what was looked at; keeping the
 * event is the caller's part.
 * Authoring ring: pure.
 */
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import type { JsonObject } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import type { BoundValue } from '../plan/plan';
import { automationAddress, type Automation, type Bundle } from './bundle';
import { holds } from './condition';
import type { CloudEvent } from './cloud-event';
import { ENTITY_ID } from './entity-id';
import { eventView } from './event-view';
import { fillTemplate, parsePath, readView, type EventView } from './template';

export interface Selection {
  readonly automation: Automation;
  /** Outcome code. */
  readonly outcome: string;
  /** Id of the entity the outcome is about. */
  readonly entity: string;
  /** Parameters that the automation gives, `from: 'automation'`. */
  readonly params: { readonly [name: string]: BoundValue };
}

/**
 * The entity an event is about for each automation that listens to its type: what to resolve before selecting, sorted and
 * without repetition. Automations whose template the event can't fill are left out; `select` tells about them.
 */
export function entitiesOf(bundle: Bundle, event: CloudEvent): readonly string[] {
  const view = eventView(event);
  const ids = listening(bundle, event).flatMap(({ entity }) => {
    const filled = fillTemplate(entity, view);
    return filled.ok ? [filled.value] : [];
  });
  return [...new Set(ids)].sort();
}

/**
 * The automation an event selects. `entityOf` gives the fields of an entity, or `undefined` where it is not in the graph; a
 * condition then sees no entity.
 * Errors: `SELECT_NONE`, `SELECT_AMBIGUOUS`, `SELECT_INCOMPLETE`.
 */
export function select(
  bundle: Bundle,
  event: CloudEvent,
  entityOf: (id: string) => JsonObject | undefined = () => undefined,
): Result<Selection, Diagnostic> {
  const listeners = listening(bundle, event);
  const bare = eventView(event);
  const views = new Map(listeners.map((automation) => [automation, viewFor(automation)]));
  const matching = listeners.filter(({ when }, i) => {
    const view = views.get(listeners[i]!) ?? bare;
    return when === undefined || holds(when, view);
  });
  const [first, ...others] = matching;
  if (first === undefined) return err(noneSelected(bundle, event, listeners));
  if (others.length > 0) return err(severalSelected(bundle, event, matching));
  return selectionOf(bundle, first, { event, view: views.get(first) ?? bare });

  function viewFor(automation: Automation): EventView {
    const id = fillTemplate(automation.entity, bare);
    const fields = id.ok ? entityOf(id.value) : undefined;
    return id.ok && fields !== undefined ? eventView(event, { id: id.value, fields }) : bare;
  }
}

const listening = (bundle: Bundle, { type }: CloudEvent): readonly Automation[] =>
  bundle.content.automations.filter(({ events }) => events.includes(type));

function selectionOf(
  bundle: Bundle,
  automation: Automation,
  { event, view }: { readonly event: CloudEvent; readonly view: EventView },
): Result<Selection, Diagnostic> {
  const incomplete = (why: string): Result<never, Diagnostic> =>
    err({
      code: 'SELECT_INCOMPLETE',
      at: addressOf(event),
      message: `automation \`${automation.id}\` takes it, and ${why}`,
      help: 'send the event with that field, or change the automation',
    });
  const entity = fillTemplate(automation.entity, view);
  if (!entity.ok) return incomplete(entity.error);
  if (!ENTITY_ID.test(entity.value)) return incomplete(`\`${entity.value}\` is no id of an entity`);
  const params: Record<string, BoundValue> = {};
  for (const [name, input] of Object.entries(automation.params)) {
    const path = 'from' in input ? parsePath(input.from) : undefined;
    const value = 'value' in input ? input.value : path?.ok ? readView(view, path.value) : undefined;
    // A parameter the event does not have is one that the automation does not give; the cascade may.
    if (value === undefined) continue;
    const at = bundle.places[`${automationAddress(automation.id)} param ${name}`];
    params[name] = { value, from: 'automation', ...(at === undefined ? {} : { at }) };
  }
  return ok({ automation, outcome: automation.outcome, entity: entity.value, params });
}

function noneSelected(bundle: Bundle, event: CloudEvent, listeners: readonly Automation[]): Diagnostic {
  const types = bundle.content.automations.flatMap(({ events }) => events);
  if (listeners.length === 0) {
    const meant = didYouMean(event.type, types);
    return {
      code: 'SELECT_NONE',
      at: addressOf(event),
      message: `no automation listens to events of type \`${event.type}\``,
      help: meant ?? `add an automation in config/${bundle.tenant}/automations`,
    };
  }
  const names = listeners.map((automation) => namedAt(bundle, automation)).join(', ');
  return {
    code: 'SELECT_NONE',
    at: addressOf(event),
    message: `automations listen to events of type \`${event.type}\`, and the condition of none holds: ${names}`,
    help: 'widen a condition, or add an automation for this case',
  };
}

function severalSelected(bundle: Bundle, event: CloudEvent, matching: readonly Automation[]): Diagnostic {
  const names = matching.map((automation) => namedAt(bundle, automation)).join(' and ');
  return {
    code: 'SELECT_AMBIGUOUS',
    at: addressOf(event),
    message: `${matching.length} automations take it: ${names}`,
    help: 'make their conditions exclude each other, then retry the event',
  };
}

const namedAt = (bundle: Bundle, { id, outcome }: Automation): string =>
  `\`${id}\` → ${outcome} (${bundle.places[automationAddress(id)] ?? 'no place'})`;

const addressOf = ({ source, id }: CloudEvent): string => `event ${source} ${id}`;
