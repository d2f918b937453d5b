/**
 * From values with references inside to expressions. A value that is not JSON becomes a diagnostic and a `null`, so that
 * recording goes on and the author sees all mistakes at once.
 * Authoring ring.
 */
import type { Json } from '../kernel/json';
import type { Expression } from '../plan/expression';
import { expressionOf, refOf, type Bindable, type Ref } from './ref';

/** Where to tell of a value that is no JSON; `path` leads to it from the value that was converted. */
export type Complain = (path: readonly string[], what: string) => void;

/** The expression of `value`; parts without any reference become one literal. */
export function toExpression(value: unknown, complain: Complain): Expression {
  return convert(value, [], [], complain);
}

/** Text with references inside: `` text`Welcome, ${entity.name}` ``. A part that is no string is printed as JSON. */
export function text(
  strings: TemplateStringsArray,
  ...parts: readonly Bindable<string | number | boolean | null>[]
): Ref<string> {
  const join: Expression[] = [];
  strings.forEach((literal, i) => {
    if (literal !== '') join.push({ lit: literal });
    if (i < parts.length) join.push(expressionOf(parts[i]) ?? { lit: parts[i] as string | number | boolean });
  });
  return refOf<string>({ join });
}

function convert(
  value: unknown,
  path: readonly string[],
  around: readonly object[],
  complain: Complain,
): Expression {
  const known = expressionOf(value);
  if (known !== undefined) return known;
  const wrong = whatIsWrong(value, around);
  if (wrong !== undefined) {
    complain(path, wrong);
    return { lit: null };
  }
  if (typeof value !== 'object' || value === null) return { lit: value as Json };
  const inside = [...around, value];
  if (Array.isArray(value)) {
    return foldList(value.map((element, i) => convert(element, [...path, String(i)], inside, complain)));
  }
  return foldObject(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, convert(member, [...path, key], inside, complain)]),
  );
}

/** The expression of a list; a literal where every element is one. */
export function foldList(elements: readonly Expression[]): Expression {
  const literals = elements.flatMap((element) => ('lit' in element ? [element.lit] : []));
  return literals.length === elements.length ? { lit: literals } : { list: elements };
}

/** The expression of an object; a literal where every member is one. */
export function foldObject(members: readonly (readonly [string, Expression])[]): Expression {
  const literals = members.flatMap(([key, member]) => ('lit' in member ? [[key, member.lit] as const] : []));
  return literals.length === members.length
    ? { lit: Object.fromEntries(literals) }
    : { obj: Object.fromEntries(members) };
}

function whatIsWrong(value: unknown, around: readonly object[]): string | undefined {
  switch (typeof value) {
    case 'string':
      return /\p{Surrogate}/u.test(value) ? 'a text with half a character (a lone surrogate)' : undefined;
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : `the number ${value}`;
    case 'object': {
      if (value === null) return undefined;
      if (around.includes(value)) return 'an object that contains itself';
      const prototype: unknown = Object.getPrototypeOf(value);
      if (Array.isArray(value) || prototype === Object.prototype || prototype === null) return undefined;
      return `a ${(value as { readonly constructor?: { readonly name?: string } }).constructor?.name ?? 'class instance'}`;
    }
    default:
      return value === undefined ? 'undefined' : `a ${typeof value}`;
  }
}
