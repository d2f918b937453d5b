/**
 * ServiceNow's encoded queries: terms joined by `^`, alternatives by `^OR`, order at the end.
 * Adapter ring.
 * @source https://docs.servicenow.com/bundle/washingtondc-platform-user-interface/page/use/using-lists/concept/c_EncodedQueryStrings.html
 */
import type { JsonObject } from '../../kernel/json';

interface Condition {
  readonly field: string;
  readonly operator: string;
  readonly value: string;
}

/** All of the groups must hold; of a group, one condition. */
export interface EncodedQuery {
  readonly groups: readonly (readonly Condition[])[];
  readonly orderBy: { readonly field: string; readonly isDescending: boolean } | undefined;
}

/** Longer operators first, so that `!=` is not read as `=`. */
const OPERATORS = [
  'NOT IN',
  'ISEMPTY',
  'ISNOTEMPTY',
  'STARTSWITH',
  'ENDSWITH',
  'LIKE',
  'IN',
  '!=',
  '>=',
  '<=',
  '=',
  '>',
  '<',
];

/** The query of a text; `undefined` for a term that can't be read. The real instance would ignore such a term. */
export function parseQuery(text: string): EncodedQuery | undefined {
  const groups: Condition[][] = [];
  let orderBy: EncodedQuery['orderBy'];
  for (const part of text.split('^').filter((term) => term !== '' && term !== 'EQ')) {
    const order = /^ORDERBY(DESC)?(.+)$/.exec(part);
    if (order?.[2] !== undefined) {
      orderBy = { field: order[2], isDescending: order[1] !== undefined };
      continue;
    }
    const isAlternative = part.startsWith('OR');
    const condition = conditionOf(isAlternative ? part.slice(2) : part);
    if (!condition) return undefined;
    if (isAlternative && groups.length > 0) groups.at(-1)?.push(condition);
    else groups.push([condition]);
  }
  return { groups, orderBy };
}

function conditionOf(term: string): Condition | undefined {
  const field = /^[\w.]+?(?=NOT IN|ISEMPTY|ISNOTEMPTY|STARTSWITH|ENDSWITH|LIKE|IN|!=|>=|<=|=|>|<)/.exec(
    term,
  )?.[0];
  if (field === undefined) return undefined;
  const rest = term.slice(field.length);
  const operator = OPERATORS.find((candidate) => rest.startsWith(candidate));
  return operator === undefined ? undefined : { field, operator, value: rest.slice(operator.length) };
}

/** The value of the one condition `field=value` that an index could answer, for the first field that has one. */
export function equalityOn(
  query: EncodedQuery,
  fields: readonly string[],
): { field: string; value: string } | undefined {
  for (const [only, ...others] of query.groups) {
    if (only?.operator === '=' && others.length === 0 && fields.includes(only.field)) {
      return { field: only.field, value: only.value };
    }
  }
  return undefined;
}

/** @param read the value of a field of the row, by its possibly dotted name; empty where there is none. */
export function satisfies(query: EncodedQuery, read: (field: string) => string): boolean {
  return query.groups.every((group) => group.some((condition) => holds(condition, read(condition.field))));
}

function holds({ operator, value }: Condition, actual: string): boolean {
  const a = actual.toLowerCase();
  const b = value.toLowerCase();
  switch (operator) {
    case '=':
      return a === b;
    case '!=':
      return a !== b;
    case 'LIKE':
      return a.includes(b);
    case 'STARTSWITH':
      return a.startsWith(b);
    case 'ENDSWITH':
      return a.endsWith(b);
    case 'IN':
      return b.split(',').includes(a);
    case 'NOT IN':
      return !b.split(',').includes(a);
    case 'ISEMPTY':
      return a === '';
    case 'ISNOTEMPTY':
      return a !== '';
    case '>':
      return a > b;
    case '<':
      return a < b;
    case '>=':
      return a >= b;
    case '<=':
      return a <= b;
    default:
      return false;
  }
}

export function ordered<T extends JsonObject>(
  rows: readonly T[],
  orderBy: EncodedQuery['orderBy'],
): readonly T[] {
  if (!orderBy) return rows;
  const { field, isDescending } = orderBy;
  const key = (row: T): string => (typeof row[field] === 'string' ? row[field] : '');
  return [...rows].sort((a, b) => (isDescending ? -1 : 1) * key(a).localeCompare(key(b)));
}
