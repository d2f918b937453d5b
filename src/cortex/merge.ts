/**
 * How what is said of an entity at different times becomes one entity: for each field and relation the latest word counts,
 * whatever the order of arrival.
 * Adapter ring, and pure all the same: no I/O, no clock.
 */
import type { EntityUpdate } from '../config/entity-model';
import { entityTypeOf } from '../config/entity-id';
import { canonicalJson, jsonEquals, type Json } from '../kernel/json';
import type { StoredEntity } from '../store/entities';
import type { Sources } from '../store/schema/entities';

/** Who says it, and when it held, in milliseconds since the epoch. */
export interface Word {
  readonly at: number;
  /** `event <source> <id>`, `person:…` or `seed`. */
  readonly by: string;
}

export interface Merged {
  readonly entity: StoredEntity;
  /** Whether a field or a relation has another value than before. */
  readonly isChanged: boolean;
}

/** The entity after an update; the same whatever the order in which updates come. */
export function mergeEntity(
  current: StoredEntity | undefined,
  update: EntityUpdate,
  { tenant, ...word }: Word & { readonly tenant: string },
): Merged {
  const fields = mergePart<Json>(
    'fields',
    { known: current?.fields ?? {}, said: update.fields },
    current,
    word,
  );
  const relations = mergePart<readonly string[]>(
    'relations',
    { known: current?.relations ?? {}, said: update.relations },
    current,
    word,
  );
  const isChanged =
    current === undefined ||
    !jsonEquals(fields.values, current.fields) ||
    !jsonEquals(relations.values, current.relations);
  const entity: StoredEntity = {
    tenant,
    id: update.id,
    type: entityTypeOf(update.id),
    fields: fields.values,
    relations: relations.values,
    sources: { ...current?.sources, ...fields.sources, ...relations.sources },
    version: (current?.version ?? 0) + (isChanged ? 1 : 0),
  };
  return { entity, isChanged };
}

interface Part<T> {
  readonly known: { readonly [name: string]: T };
  readonly said: { readonly [name: string]: T };
}

function mergePart<T extends Json>(
  part: 'fields' | 'relations',
  { known, said }: Part<T>,
  current: StoredEntity | undefined,
  word: Word,
): { readonly values: Record<string, T>; readonly sources: Sources } {
  const values: Record<string, T> = { ...known };
  const sources: Record<string, Word> = {};
  for (const [name, value] of Object.entries(said)) {
    const address = `${part}.${name}`;
    const earlier = current?.sources[address];
    if (earlier !== undefined && !isLater({ ...word, value }, { ...earlier, value: known[name] ?? null }))
      continue;
    values[name] = value;
    sources[address] = { at: word.at, by: word.by };
  }
  return { values, sources };
}

interface Said extends Word {
  readonly value: Json;
}

/** A total order, so that two words of one instant also end the same on every machine. */
function isLater(a: Said, b: Said): boolean {
  if (a.at !== b.at) return a.at > b.at;
  if (a.by !== b.by) return a.by > b.by;
  return canonicalJson(a.value) >= canonicalJson(b.value);
}
