/**
 * Facts at random, and each way of making one fact stricter, both read off the published schema: a field that the
 * schema gains is generated and tightened without a word here.
 */
import * as fc from 'fast-check';
import type { Facts } from '../../../src/governance/facts';
import { FACTS_SCHEMA, type SchemaNode } from '../../../src/governance/facts-schema';
import { FREEST, NOW, DAY } from './fixtures';

/** Numbers near the thresholds of the rules, so that random facts sit on both sides of them. */
const INTERESTING = [
  0,
  1,
  2,
  9,
  10,
  29,
  30,
  49,
  50,
  99,
  100,
  199,
  200,
  499,
  500,
  0.1,
  0.25,
  0.29,
  0.3,
  0.5,
  0.59,
  0.6,
  0.69,
  0.7,
  0.8,
  0.85,
  0.95,
  NOW - 200 * DAY,
  NOW - 90 * DAY,
  NOW - 61 * DAY,
  NOW - DAY,
  NOW - 1,
  NOW,
  NOW + 1,
  NOW + DAY,
];

const typeOf = (node: SchemaNode): string => (typeof node.type === 'string' ? node.type : node.type[0]);
const isNullable = (node: SchemaNode): boolean => typeof node.type !== 'string';

/** Any value that the schema takes. */
export function valueOf(node: SchemaNode): fc.Arbitrary<unknown> {
  const value = bareValueOf(node);
  return isNullable(node)
    ? fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) })
    : value;
}

function bareValueOf(node: SchemaNode): fc.Arbitrary<unknown> {
  if (node.enum !== undefined) return fc.constantFrom(...node.enum.filter((word) => word !== null));
  switch (typeOf(node)) {
    case 'object': {
      const properties = Object.fromEntries(
        Object.entries(node.properties ?? {}).map(([key, property]) => [key, valueOf(property)]),
      );
      return fc.record(properties, { requiredKeys: keysAlwaysThere(node) });
    }
    case 'array':
      return fc.array(valueOf(itemsOf(node)), { maxLength: 3 });
    case 'boolean':
      return fc.boolean();
    case 'string':
      return fc.constantFrom(
        'a',
        'b',
        'person:ada',
        'manager',
        'citemind.engine_2',
        'citemind.voice_synthesis',
        'publish_blog_post',
      );
    default:
      return numberIn(node, node.minimum ?? 0, node.maximum ?? 1);
  }
}

function numberIn(node: SchemaNode, from: number, to: number): fc.Arbitrary<number> {
  const whole = typeOf(node) === 'integer';
  const near = INTERESTING.filter((n) => n >= from && n <= to && (!whole || Number.isInteger(n)));
  const any = whole ? fc.integer({ min: from, max: to }) : fc.double({ min: from, max: to, noNaN: true });
  return near.length === 0
    ? any
    : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...near) }, { weight: 1, arbitrary: any });
}

/** Facts that keep most of the freest ones, so that the modes in between are met as often as the strictest. */
export const anyFacts: fc.Arbitrary<Facts> = fc.oneof(
  mixed(FACTS_SCHEMA, FREEST as unknown) as fc.Arbitrary<Facts>,
  mixed(FACTS_SCHEMA, {
    ...FREEST,
    startedByPerson: 'person:ada',
    automation: null,
  }) as fc.Arbitrary<Facts>,
  valueOf(FACTS_SCHEMA) as fc.Arbitrary<Facts>,
);

function mixed(node: SchemaNode, base: unknown): fc.Arbitrary<unknown> {
  if (typeOf(node) !== 'object' || base === null || base === undefined) {
    return fc.oneof({ weight: 9, arbitrary: fc.constant(base) }, { weight: 1, arbitrary: valueOf(node) });
  }
  const entries = Object.entries(node.properties ?? {});
  const members = base as Readonly<Record<string, unknown>>;
  const known = entries.filter(([key]) => members[key] !== undefined);
  return fc.record(Object.fromEntries(known.map(([key, property]) => [key, mixed(property, members[key])])));
}

/** One stricter value for one fact. */
export interface Tightening {
  /** `automation.blastRadius.inFlight`; items of a list are `[]`. */
  readonly path: string;
  readonly facts: Facts;
}

/** Some ways to make a single fact of these stricter, and nothing else. */
export function tighteningsOf(facts: Facts): fc.Arbitrary<readonly Tightening[]> {
  const ways = [...waysToTighten(FACTS_SCHEMA, facts, '')];
  return fc.tuple(...ways.map(([path, to]) => to.map((value) => ({ path, facts: value as Facts }))));
}

function* waysToTighten(
  node: SchemaNode,
  value: unknown,
  path: string,
): Generator<[string, fc.Arbitrary<unknown>]> {
  const stricter = node['x-stricter'];
  if (isNullable(node)) {
    if (value !== null && node['x-null'] === 'strictest') yield [`${path}=null`, fc.constant(null)];
    if (value === null && node['x-null'] === 'loosest') yield [`${path}!=null`, bareValueOf(node)];
  }
  if (value === null || value === undefined) return;
  if (node.enum !== undefined) {
    const words = node.enum.filter((word) => word !== null);
    const at = words.indexOf(value as string);
    const stricterWords =
      stricter === 'earlier' ? words.slice(0, at) : stricter === 'later' ? words.slice(at + 1) : [];
    if (stricterWords.length > 0) yield [path, fc.constantFrom(...stricterWords)];
    return;
  }
  switch (typeOf(node)) {
    case 'object': {
      const members = value as Readonly<Record<string, unknown>>;
      for (const [key, property] of Object.entries(node.properties ?? {})) {
        const at = path === '' ? key : `${path}.${key}`;
        for (const [found, to] of waysToTighten(property, members[key], at)) {
          yield [found, to.map((member) => ({ ...members, [key]: member }))];
        }
      }
      return;
    }
    case 'array': {
      const list = value as readonly unknown[];
      if (stricter === 'more') yield [path, valueOf(itemsOf(node)).map((item) => [...list, item])];
      for (const [i, item] of list.entries()) {
        for (const [found, to] of waysToTighten(itemsOf(node), item, `${path}[]`)) {
          yield [found, to.map((changed) => list.with(i, changed))];
        }
      }
      return;
    }
    case 'boolean':
      if (stricter === 'true' && value === false) yield [path, fc.constant(true)];
      return;
    case 'number':
    case 'integer': {
      const [from, to] = [node.minimum ?? 0, node.maximum ?? 1];
      const n = value as number;
      if (stricter === 'higher' && n < to) yield [path, numberIn(node, n, to)];
      if (stricter === 'lower' && n > from) yield [path, numberIn(node, from, n)];
      return;
    }
    default:
  }
}

/** Every path of the schema that has an order, and every leaf that says nothing of one. */
export function orderedPaths(): {
  readonly ordered: ReadonlySet<string>;
  readonly silent: readonly string[];
} {
  const ordered = new Set<string>();
  const silent: string[] = [];
  const walk = (node: SchemaNode, path: string): void => {
    const stricter = node['x-stricter'];
    if (node['x-null'] === 'strictest') ordered.add(`${path}=null`);
    if (node['x-null'] === 'loosest') ordered.add(`${path}!=null`);
    if (stricter !== undefined && stricter !== 'unordered') ordered.add(path);
    if (node.properties === undefined && stricter === undefined) silent.push(path);
    for (const [key, property] of Object.entries(node.properties ?? {}))
      walk(property, path === '' ? key : `${path}.${key}`);
    if (node.items !== undefined) walk(node.items, `${path}[]`);
  };
  walk(FACTS_SCHEMA, '');
  return { ordered, silent };
}

function keysAlwaysThere(node: SchemaNode): string[] {
  // What has a default is filled in by the parser, so facts always bear it.
  return Object.entries(node.properties ?? {})
    .filter(([key, property]) => property.default !== undefined || node.required?.includes(key) === true)
    .map(([key]) => key);
}

function itemsOf(node: SchemaNode): SchemaNode {
  if (node.items === undefined) throw new Error('a list without items');
  return node.items;
}
