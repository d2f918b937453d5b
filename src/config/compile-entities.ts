/**
 * `entities.yaml` to entity types and feeds: fields, relations, the facts of the cascade, and which events feed what.
 * Authoring ring.
 */
import type { z } from 'zod';
import type { Diagnostic } from '../kernel/diagnostic';
import type { EntityTypeContent, Feed } from './bundle';
import { checkCondition, defined, unknownName } from './compile-automations';
import type { entitiesFile } from './file-schemas';
import { parsePath, parseTemplate } from './template';
import type { Path, YamlFile } from './yaml-file';

type Content = z.output<typeof entitiesFile>;

export interface EntityModel {
  readonly types: { readonly [type: string]: EntityTypeContent };
  readonly feeds: readonly Feed[];
}

/** The model of a checked file; mistakes are added to `found`. */
export function compileEntities(content: Content, file: YamlFile, found: Diagnostic[]): EntityModel {
  const types: Record<string, EntityTypeContent> = {};
  for (const [name, type] of Object.entries(content.types)) {
    checkType(content, name, { at: (path) => file.at(['types', name, ...path]), found });
    types[name] = {
      ...(type.summary === undefined ? {} : { summary: type.summary }),
      fields: mapValues(
        type.fields,
        (field) => defined(field) as typeof field & object,
      ) as EntityTypeContent['fields'],
      relations: mapValues(type.relations ?? {}, defined) as EntityTypeContent['relations'],
      facts: mapValues(defined(type.facts ?? {}), (source) =>
        typeof source === 'string' ? source : defined(source as object),
      ),
    };
  }
  const feeds = (content.feeds ?? []).map((feed, i) => {
    checkFeed(content, feed, { at: (path) => file.at(['feeds', i, ...path]), found });
    return feedOf(feed);
  });
  const twice = feeds.find((feed, i) => feeds.findIndex(({ id }) => id === feed.id) < i);
  if (twice !== undefined) {
    const message = `feed \`${twice.id}\` stands twice`;
    const at = file.at(['feeds', feeds.indexOf(twice), 'id']);
    found.push({ code: 'CONFIG_DUPLICATE', at, message, help: 'give one another id' });
  }
  return { types, feeds: [...feeds].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

interface Placed {
  readonly at: (path: Path) => string;
  readonly found: Diagnostic[];
}

function checkType(content: Content, name: string, { at, found }: Placed): void {
  const type = content.types[name]!;
  const fields = Object.keys(type.fields);
  for (const [relation, target] of Object.entries(type.relations ?? {})) {
    const other = content.types[target.to];
    if (other === undefined) {
      const place = { at: at(['relations', relation, 'to']), kind: 'entity type' };
      found.push(unknownName(target.to, Object.keys(content.types), place));
    } else if ('inverse' in target && !Object.hasOwn(other.relations ?? {}, target.inverse)) {
      const place = { at: at(['relations', relation, 'inverse']), kind: `relation of \`${target.to}\`` };
      found.push(unknownName(target.inverse, Object.keys(other.relations ?? {}), place));
    }
  }
  for (const [fact, source] of Object.entries(defined(type.facts ?? {}))) {
    const field = typeof source === 'string' ? source : (source as { field: string }).field;
    if (fields.includes(field)) continue;
    found.push(unknownName(field, fields, { at: at(['facts', fact]), kind: `field of \`${name}\`` }));
  }
}

function checkFeed(
  content: Content,
  feed: NonNullable<Content['feeds']>[number],
  { at, found }: Placed,
): void {
  checkCondition(feed.when, (path) => at(['when', ...path]), found);
  const template = parseTemplate(feed.entity);
  if (!template.ok) found.push({ code: 'CONFIG_TEMPLATE', at: at(['entity']), message: template.error });
  const typeName = feed.entity.split(':')[0] ?? '';
  const type = content.types[typeName];
  if (type === undefined) {
    found.push(
      unknownName(typeName, Object.keys(content.types), { at: at(['entity']), kind: 'entity type' }),
    );
    return;
  }
  for (const [field, input] of Object.entries(feed.fields ?? {})) {
    if (!Object.hasOwn(type.fields, field)) {
      const place = { at: at(['fields', field]), kind: `field of \`${typeName}\`` };
      found.push(unknownName(field, Object.keys(type.fields), place));
    }
    const path = 'from' in input ? parsePath(input.from) : undefined;
    if (path?.ok === false) {
      found.push({ code: 'CONFIG_TEMPLATE', at: at(['fields', field, 'from']), message: path.error });
    }
  }
  for (const [relation, target] of Object.entries(feed.relations ?? {})) {
    const known = type.relations ?? {};
    const stored = Object.keys(known).filter((one) => !('inverse' in known[one]!));
    if (!stored.includes(relation)) {
      const place = { at: at(['relations', relation]), kind: `stored relation of \`${typeName}\`` };
      found.push(unknownName(relation, stored, place));
    }
    const parsed = parseTemplate(target);
    if (!parsed.ok) {
      found.push({ code: 'CONFIG_TEMPLATE', at: at(['relations', relation]), message: parsed.error });
    }
  }
}

function feedOf(feed: NonNullable<Content['feeds']>[number]): Feed {
  const { id, when, entity } = feed;
  return {
    id,
    events: [...new Set(feed.events)].sort(),
    ...(when === undefined ? {} : { when }),
    entity,
    fields: feed.fields ?? {},
    relations: feed.relations ?? {},
  };
}

function mapValues<T, U>(object: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}
