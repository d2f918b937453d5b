/**
 * What the entity graph of a tenant may hold: entities judged against the types of `entities.yaml`, and the updates an event
 * feeds into it.
 * Authoring ring: pure. Keeping entities is `src/cortex`'s part.
 */
import { z } from 'zod';
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import type { DiagnosticCode } from '../kernel/catalogue';
import { canonicalJson, type Json, type JsonObject } from '../kernel/json';
import type { BoundInput, BundleContent, EntityTypeContent, FieldType, RelationContent } from './bundle';
import type { CloudEvent } from './cloud-event';
import { holds } from './condition';
import { ENTITY_ID, entityTypeOf } from './entity-id';
import { ENTITY_LIMITS } from './limits';
import { eventView } from './event-view';
import { holdsNul } from './storable';
import { fillTemplate, parsePath, readView, type EventView } from './template';

/** Fields and relations of one entity, or those of them that change. */
export interface EntityUpdate {
  /** `<type>:<name>`. */
  readonly id: string;
  /** `null` empties a field. */
  readonly fields: JsonObject;
  /** Ids of other entities, which need not exist yet; an empty list ends the relation. */
  readonly relations: { readonly [relation: string]: readonly string[] };
}

type Types = BundleContent['entityTypes'];

const FIELD_SCHEMAS: Readonly<Record<FieldType, z.ZodType>> = {
  text: z.string().max(4_000),
  number: z.number(),
  boolean: z.boolean(),
  date: z.iso.date(),
  texts: z.array(z.string().max(1_000)).max(1_000),
};
const FIELD_WORDS: Readonly<Record<FieldType, string>> = {
  text: 'a text',
  number: 'a number',
  boolean: '`true` or `false`',
  date: 'a day such as 2027-05-31',
  texts: 'a list of texts',
};

/**
 * Everything wrong with an update. `isWhole` asks for the required fields too, as for an entity that does not exist yet.
 * Errors: `ENTITY_ID_MALFORMED`, `ENTITY_TYPE_UNKNOWN`, `ENTITY_FIELD_UNKNOWN|INVALID|MISSING`, `ENTITY_TOO_LARGE`.
 */
export function entityMistakes(
  types: Types,
  update: EntityUpdate,
  { isWhole, at = (part) => [update.id, part].filter((one) => one !== '').join(' › ') }: JudgeOptions,
): readonly Diagnostic[] {
  if (!ENTITY_ID.test(update.id)) {
    const message = `\`${update.id}\` is no id of an entity`;
    return [
      mistake('ENTITY_ID_MALFORMED', at(''), message, 'write it as `type:name`, such as `person:sarah.chen`'),
    ];
  }
  const typeName = entityTypeOf(update.id);
  const type = Object.hasOwn(types, typeName) ? types[typeName] : undefined;
  if (type === undefined) {
    const help = didYouMean(typeName, Object.keys(types));
    return [mistake('ENTITY_TYPE_UNKNOWN', at(''), `\`${typeName}\` is no entity type of this tenant`, help)];
  }
  return [
    ...Object.entries(update.fields).flatMap(([name, value]) =>
      fieldMistakes(type, name, { value, at, isWhole }),
    ),
    ...Object.entries(update.relations).flatMap(([name, ids]) => relationMistakes(type, name, { ids, at })),
    ...(isWhole ? missingFields(type, update).map((name) => missing(name, at)) : []),
    ...sizeMistakes(update, at),
  ];
}

export interface JudgeOptions {
  readonly isWhole: boolean;
  /** Place of a part such as `fields.email`, or of the whole for the empty text. */
  readonly at?: (part: string) => string;
}

/** `ENTITY_TOO_LARGE` where the fields are more than an entity may carry. */
export function sizeMistakes(
  { id, fields }: Pick<EntityUpdate, 'id' | 'fields'>,
  at: (part: string) => string = () => id,
): readonly Diagnostic[] {
  const length = canonicalJson(fields).length;
  if (length <= ENTITY_LIMITS.fieldsLength) return [];
  const message = `${length} characters of fields are more than ${ENTITY_LIMITS.fieldsLength}`;
  return [mistake('ENTITY_TOO_LARGE', at(''), message)];
}

/** Required fields that are absent or empty. */
const missingFields = (
  type: EntityTypeContent,
  { fields }: Pick<EntityUpdate, 'fields'>,
): readonly string[] =>
  Object.entries(type.fields)
    .filter(([name, { required }]) => required === true && (fields[name] ?? null) === null)
    .map(([name]) => name);

/** What an event feeds, in the order of the feeds' ids; feeds whose entity the event does not name are left out. */
export function feedUpdates(
  content: Pick<BundleContent, 'feeds'>,
  event: CloudEvent,
): readonly EntityUpdate[] {
  const view = eventView(event);
  return content.feeds.flatMap((feed) => {
    if (!feed.events.includes(event.type) || (feed.when !== undefined && !holds(feed.when, view))) return [];
    const id = fillTemplate(feed.entity, view);
    if (!id.ok) return [];
    const relations = Object.entries(feed.relations).flatMap(([name, template]) => {
      const target = fillTemplate(template, view);
      return target.ok ? [[name, [target.value]] as const] : [];
    });
    return [
      { id: id.value, fields: readInputs(feed.fields, view), relations: Object.fromEntries(relations) },
    ];
  });
}

/** Values of inputs; what the event does not have is left out, so that it leaves a field alone. */
function readInputs(inputs: Readonly<Record<string, BoundInput>>, view: EventView): JsonObject {
  const entries = Object.entries(inputs).flatMap(([name, input]) => {
    if ('value' in input) return [[name, input.value] as const];
    const path = parsePath(input.from);
    const value = path.ok ? readView(view, path.value) : undefined;
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

interface FieldContext extends Required<JudgeOptions> {
  readonly value: Json;
}

function fieldMistakes(
  type: EntityTypeContent,
  name: string,
  { value, at, isWhole }: FieldContext,
): Diagnostic[] {
  const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
  const place = at(`fields.${name}`);
  if (field === undefined) {
    const message = `\`${name}\` is no field of this type`;
    return [mistake('ENTITY_FIELD_UNKNOWN', place, message, didYouMean(name, Object.keys(type.fields)))];
  }
  if (value === null) return field.required === true && !isWhole ? [missing(name, at)] : [];
  if (FIELD_SCHEMAS[field.type].safeParse(value).success && !holdsNul(value)) return [];
  // The value of a sensitive field stays out of messages, because messages are kept with the event.
  const shown = field.sensitive === true ? 'what it was given' : `\`${canonicalJson(value).slice(0, 80)}\``;
  const message = `\`${name}\` must be ${FIELD_WORDS[field.type]}, and ${shown} is not`;
  return [mistake('ENTITY_FIELD_INVALID', place, message)];
}

function relationMistakes(
  type: EntityTypeContent,
  name: string,
  { ids, at }: { readonly ids: readonly string[]; readonly at: (part: string) => string },
): Diagnostic[] {
  const relation: RelationContent | undefined = Object.hasOwn(type.relations, name)
    ? type.relations[name]
    : undefined;
  const place = at(`relations.${name}`);
  if (relation === undefined) {
    const message = `\`${name}\` is no relation of this type`;
    return [mistake('ENTITY_FIELD_UNKNOWN', place, message, didYouMean(name, Object.keys(type.relations)))];
  }
  if ('inverse' in relation) {
    const message = `\`${name}\` is read from \`${relation.inverse}\` of the other side and cannot be set`;
    return [mistake('ENTITY_FIELD_INVALID', place, message)];
  }
  if (relation.many !== true && ids.length > 1) {
    return [
      mistake('ENTITY_FIELD_INVALID', place, `\`${name}\` leads to one entity, and ${ids.length} are given`),
    ];
  }
  return ids
    .filter((id) => !ENTITY_ID.test(id) || entityTypeOf(id) !== relation.to)
    .map((id) => mistake('ENTITY_FIELD_INVALID', place, `\`${id}\` is no id of a \`${relation.to}\``));
}

const missing = (name: string, at: (part: string) => string): Diagnostic =>
  mistake('ENTITY_FIELD_MISSING', at('fields'), `the required field \`${name}\` is missing`);

function mistake(code: DiagnosticCode, at: string, message: string, help?: string): Diagnostic {
  return { code, at, message, ...(help === undefined ? {} : { help }) };
}
