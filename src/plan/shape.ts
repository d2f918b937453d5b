/**
 * Small checks that together say what a plan looks like. Each tells what is wrong, with its place, and never throws.
 * Pure ring.
 */
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';

/** Looks at one value; `at` is its path, and what is wrong goes to `out`. */
export type Shape = (value: unknown, at: string, out: Diagnostic[]) => void;

type Fields = { readonly [name: string]: Shape };

export const text: Shape = kind('a text', (value) => typeof value === 'string');
export const name: Shape = kind(
  'a text that is not empty',
  (value) => typeof value === 'string' && value !== '',
);
export const flag: Shape = kind('true or false', (value) => typeof value === 'boolean');
export const amount: Shape = kind('a number', (value) => typeof value === 'number');
export const count: Shape = kind(
  'a whole number from 0',
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);
export const fraction: Shape = kind(
  'a number from 0 to 1',
  (value) => typeof value === 'number' && value >= 0 && value <= 1,
);
export const anything: Shape = () => undefined;

/** One of a few words. */
export const oneOf = (...words: readonly (string | boolean | number)[]): Shape =>
  kind(words.map((word) => `\`${word}\``).join(' or '), (value) =>
    (words as readonly unknown[]).includes(value),
  );

export const listOf =
  (element: Shape): Shape =>
  (value, at, out) => {
    if (!Array.isArray(value)) tell(out, at, value, 'a list');
    else value.forEach((one, i) => element(one, `${at}[${i}]`, out));
  };

export const mapOf =
  (member: Shape): Shape =>
  (value, at, out) => {
    if (!isObject(value)) tell(out, at, value, 'an object');
    else for (const [key, one] of Object.entries(value)) member(one, join(at, key), out);
  };

/** An object with exactly these fields; those of `optional` may be absent. */
export const object =
  (fields: Fields, optional: Fields = {}): Shape =>
  (value, at, out) => {
    if (!isObject(value)) {
      tell(out, at, value, 'an object');
      return;
    }
    for (const [key, shape] of Object.entries(fields)) {
      if (Object.hasOwn(value, key)) shape(value[key], join(at, key), out);
      else out.push({ code: 'PLAN_MALFORMED', at, message: `\`${key}\` is missing` });
    }
    for (const key of Object.keys(value)) {
      if (Object.hasOwn(fields, key)) continue;
      const shape = Object.hasOwn(optional, key) ? optional[key] : undefined;
      if (shape !== undefined) shape(value[key], join(at, key), out);
      else {
        const known = [...Object.keys(fields), ...Object.keys(optional)];
        const help = out.length < HELPED ? didYouMean(key, known) : undefined;
        out.push({
          code: 'PLAN_MALFORMED',
          at,
          message: `\`${key}\` does not belong here`,
          ...(help !== undefined && { help }),
        });
      }
    }
  };

/** An object whose field `tag` says which of `shapes` it has. */
export const taggedBy =
  (tag: string, shapes: Fields): Shape =>
  (value, at, out) => {
    const word = isObject(value) ? value[tag] : undefined;
    const shape = typeof word === 'string' && Object.hasOwn(shapes, word) ? shapes[word] : undefined;
    if (shape !== undefined) shape(value, at, out);
    else if (!isObject(value)) tell(out, at, value, 'an object');
    else
      tell(
        out,
        join(at, tag),
        word,
        Object.keys(shapes)
          .map((one) => `\`${one}\``)
          .join(' or '),
      );
  };

/** An object whose one distinguishing field says which of `shapes` it has. */
export const keyedBy =
  (shapes: Fields): Shape =>
  (value, at, out) => {
    const key = isObject(value) ? Object.keys(shapes).find((one) => Object.hasOwn(value, one)) : undefined;
    if (key !== undefined) shapes[key]!(value, at, out);
    else
      tell(
        out,
        at,
        value,
        `an object with ${Object.keys(shapes)
          .map((one) => `\`${one}\``)
          .join(' or ')}`,
      );
  };

/** For shapes that contain themselves. */
export const later =
  (shape: () => Shape): Shape =>
  (value, at, out) =>
    shape()(value, at, out);

/** Mistakes that a near name is looked for: nobody reads the help of more. */
const HELPED = 20;

export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kind(wanted: string, fits: (value: unknown) => boolean): Shape {
  return (value, at, out) => {
    if (!fits(value)) tell(out, at, value, wanted);
  };
}

function tell(out: Diagnostic[], at: string, value: unknown, wanted: string): void {
  const shown = value === undefined ? 'nothing' : JSON.stringify(value);
  const short = shown.length > 60 ? `${shown.slice(0, 57)}…` : shown;
  out.push({ code: 'PLAN_MALFORMED', at, message: `\`${short}\` stands where ${wanted} is wanted` });
}

const join = (at: string, key: string): string => (at === 'plan' ? `plan › ${key}` : `${at}.${key}`);
