/**
 * From what zod finds wrong to diagnostics: one line each, in our words, at the line of the file.
 * Authoring ring.
 */
import type { z } from 'zod';
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import type { Path } from './yaml-file';

type Issue = z.core.$ZodIssue;

/** How issues are to be placed and worded. */
export interface IssuePlaces {
  /** The value that was judged, for what it really is. */
  readonly value: unknown;
  /** Place of a path into that value. */
  readonly at: (path: Path) => string;
  /** What the whole value is called, such as a key's name; absent for a file. */
  readonly subject?: string;
  /** Names of fields that exist, for "did you mean". */
  readonly fields?: readonly string[];
  /** Messages show no values, because one may be a secret. */
  readonly isSecret?: boolean;
}

/** Codes of structural mistakes; `CONFIG_TYPE` and `CONFIG_OUT_OF_BOUNDS` are shared by all. */
const FIELD_UNKNOWN = 'CONFIG_FIELD_UNKNOWN';

export function issuesToDiagnostics(issues: readonly Issue[], places: IssuePlaces): Diagnostic[] {
  return issues.flatMap((issue) => describe(issue, [], places));
}

function describe(issue: Issue, prefix: Path, places: IssuePlaces): Diagnostic[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === 'invalid_union') {
    const nearest = nearestBranch(issue.errors);
    return nearest.length > 0
      ? nearest.flatMap((inner) => describe(inner, path, places))
      : [typeMistake('is of none of the forms allowed here', path, places)];
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((field) => {
      const meant = didYouMean(field, places.fields ?? []);
      return {
        code: FIELD_UNKNOWN,
        at: places.at([...path, field]),
        message: `\`${field}\` is not known here`,
        ...(meant === undefined ? {} : { help: meant }),
      };
    });
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    return [
      { code: 'CONFIG_OUT_OF_BOUNDS', at: places.at(path), message: sentence(path, places, bound(issue)) },
    ];
  }
  if (issue.code === 'custom' && issue.params?.['outOfBounds'] === true) {
    return [
      { code: 'CONFIG_OUT_OF_BOUNDS', at: places.at(path), message: sentence(path, places, issue.message) },
    ];
  }
  if (issue.code === 'invalid_value') {
    const words = issue.values.map(String);
    const value = valueAt(places.value, path);
    const given = typeof value === 'string' ? value : (JSON.stringify(value) as string | undefined);
    const written = given === undefined ? 'is missing, and must be one' : `\`${given}\` is none`;
    const help = didYouMean(given ?? '', words);
    const mistake = typeMistake(
      `${written} of ${words.map((word) => `\`${word}\``).join(', ')}`,
      path,
      places,
    );
    return [help === undefined ? mistake : { ...mistake, help }];
  }
  return [typeMistake(because(issue, valueAt(places.value, path), places), path, places)];
}

const typeMistake = (why: string, path: Path, places: IssuePlaces): Diagnostic => ({
  code: 'CONFIG_TYPE',
  at: places.at(path),
  message: sentence(path, places, why),
});

function because(issue: Issue, value: unknown, { isSecret = false }: IssuePlaces): string {
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined) return 'is missing';
      return `is ${isSecret ? 'something else' : kindOf(value)}, and ${article(issue.expected)} is expected`;
    case 'invalid_format':
      return `${isSecret ? 'is' : `\`${String(value)}\` is`} not of the form ${issue.pattern ?? issue.format}`;
    case 'invalid_key':
      return `is no good name: ${issue.issues.map((inner) => inner.message.toLowerCase()).join(', ')}`;
    case 'not_multiple_of':
      return `is no multiple of ${issue.divisor}`;
    default:
      return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  }
}

function bound(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  const what = issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' elements' : '';
  return issue.code === 'too_small'
    ? `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${String(issue.minimum)}${what}`
    : `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${String(issue.maximum)}${what}`;
}

/** Address first, then the why: `` `lane`: is none of … ``. */
function sentence(path: Path, places: IssuePlaces, why: string): string {
  const name = [places.subject, path.map(String).join('.')].filter((part) => part).join(' › ');
  return name === '' ? why : `\`${name}\`: ${why}`;
}

/**
 * Of the forms a value may have, the one its author most likely meant: the deepest mistake, then the fewest unknown
 * fields, then the fewest mistakes.
 */
function nearestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const score = (issues: readonly Issue[]): number =>
    issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length * 2 : 1), 0) -
    10 * Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === 'invalid_union' ? 1 : 0)));
  return [...branches].sort((a, b) => score(a) - score(b))[0] ?? [];
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Readonly<Record<PropertyKey, unknown>>)[step];
  }
  return at;
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return `the text \`${value}\``;
    case 'number':
    case 'boolean':
      return `\`${value}\``;
    default:
      return 'a map';
  }
}

const article = (expected: string): string =>
  ({
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: '`true` or `false`',
    array: 'a list',
    object: 'a map',
    record: 'a map',
  })[expected] ?? `a value of type ${expected}`;
