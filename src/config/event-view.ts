/** An event as conditions, templates and feeds see it. Authoring ring. */
import type { JsonObject } from '../kernel/json';
import type { CloudEvent } from './cloud-event';
import { entityTypeOf } from './entity-id';
import type { EventView } from './template';

/** What conditions and templates see of an event and, where it is known, of its entity. */
export function eventView(
  event: CloudEvent,
  entity?: { readonly id: string; readonly fields: JsonObject },
): EventView {
  const { id, source, type, subject, time, data } = event;
  return {
    id,
    source,
    type,
    ...(subject === undefined ? {} : { subject }),
    ...(time === undefined ? {} : { time }),
    data,
    ...(entity === undefined
      ? {}
      : { entity: { ...entity.fields, id: entity.id, type: entityTypeOf(entity.id) } }),
  };
}
