/**
 * The part of OData that Graph's clients use here: `$filter` with eq and startswith, `$select`, `$top` and next links.
 * Adapter ring.
 * @source https://learn.microsoft.com/en-us/graph/query-parameters
 */
import type { JsonObject } from '../../kernel/json';
import type { Call } from '../vendor';
import { answer, type Answer } from '../wire';
import { badRequest } from './errors';

/** One term of a filter: `property eq 'value'` or `startswith(property,'value')`. */
export interface Term {
  readonly property: string;
  readonly operator: 'eq' | 'startswith';
  readonly value: string;
}

/** The terms of a filter joined by `and`; `undefined` for a filter that the stand-in can't read. */
export function termsOf(filter: string | undefined): readonly Term[] | undefined {
  if (filter === undefined || filter.trim() === '') return [];
  const terms = filter.split(/\s+and\s+/i).map(termOf);
  return terms.some((term) => term === undefined) ? undefined : terms.flatMap((term) => term ?? []);
}

function termOf(text: string): Term | undefined {
  const eq = /^(\w+)\s+eq\s+(?:'((?:[^']|'')*)'|(true|false))$/i.exec(text.trim());
  if (eq?.[1] !== undefined) {
    return { property: eq[1], operator: 'eq', value: (eq[2] ?? eq[3] ?? '').replaceAll("''", "'") };
  }
  const starts = /^startswith\((\w+)\s*,\s*'((?:[^']|'')*)'\)$/i.exec(text.trim());
  return starts?.[1] === undefined
    ? undefined
    : { property: starts[1], operator: 'startswith', value: (starts[2] ?? '').replaceAll("''", "'") };
}

/** Whether an entity passes; text is compared without regard to case, as Graph does. */
export function passes(entity: JsonObject, terms: readonly Term[]): boolean {
  return terms.every(({ property, operator, value }) => {
    const raw = entity[property];
    const actual =
      typeof raw === 'string' || typeof raw === 'boolean' ? String(raw).toLowerCase() : undefined;
    if (actual === undefined) return false;
    return operator === 'eq' ? actual === value.toLowerCase() : actual.startsWith(value.toLowerCase());
  });
}

export const MAX_TOP = 999;
const DEFAULT_TOP = 100;

/** A collection: filtered, in pages, with only the properties asked for. */
export function collection(
  call: Call,
  context: string,
  entities: readonly JsonObject[],
  defaultTop = DEFAULT_TOP,
): Answer {
  const terms = termsOf(call.query['$filter']);
  if (!terms) return badRequest('Invalid filter clause');
  const found = terms.length === 0 ? entities : entities.filter((entity) => passes(entity, terms));
  const top = Math.min(MAX_TOP, Math.max(1, Number(call.query['$top']) || defaultTop));
  const start = Number(call.query['$skiptoken']) || 0;
  const page = found.slice(start, start + top).map((entity) => selected(call, entity));
  return answer(200, {
    '@odata.context': `${call.baseUrl}/v1.0/$metadata#${context}`,
    ...(start + top < found.length ? { '@odata.nextLink': nextLink(call, start + top) } : {}),
    value: page,
  });
}

export function entity(call: Call, context: string, value: JsonObject): Answer {
  return answer(200, {
    '@odata.context': `${call.baseUrl}/v1.0/$metadata#${context}/$entity`,
    ...selected(call, value),
  });
}

function selected(call: Call, value: JsonObject): JsonObject {
  const select = call.query['$select'];
  if (select === undefined) return value;
  const wanted = new Set(select.split(',').map((name) => name.trim()));
  return Object.fromEntries(Object.entries(value).filter(([key]) => wanted.has(key) || key.startsWith('@')));
}

function nextLink(call: Call, skip: number): string {
  const query = new URLSearchParams({ ...call.query, $skiptoken: String(skip) });
  return `${call.baseUrl}${call.path}?${query.toString()}`;
}
