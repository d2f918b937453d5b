/**
 * How Slack's methods are called and answer: arguments from query or body, `ok: false` with HTTP 200, cursors.
 * Adapter ring.
 */
import type { JsonObject } from '../../kernel/json';
import type { Call, VendorRoute } from '../vendor';
import { answer, type Answer } from '../wire';

export const slackError = (error: string, more: JsonObject = {}): Answer =>
  answer(200, { ok: false, error, ...more });

export const slackOk = (body: JsonObject = {}): Answer => answer(200, { ok: true, ...body });

/** An argument of a method: a form has strings only, JSON may have numbers, booleans and lists. */
export function argument(call: Call, name: string): string {
  const value = call.body[name] ?? call.query[name];
  if (Array.isArray(value)) return value.map(String).join(',');
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : '';
}

export const isTrue = (value: string): boolean => value === 'true' || value === '1';

/** One page of a list and the cursor of the next, empty at the end. @source https://api.slack.com/docs/pagination */
export function page<T>(
  call: Call,
  items: readonly T[],
): { readonly items: readonly T[]; readonly metadata: JsonObject } {
  const limit = Math.min(1_000, Number(argument(call, 'limit')) || 100);
  const start =
    Number(Buffer.from(argument(call, 'cursor'), 'base64').toString('utf8').replace('next:', '')) || 0;
  const end = start + limit;
  const cursor = end < items.length ? Buffer.from(`next:${end}`).toString('base64') : '';
  return { items: items.slice(start, end), metadata: { response_metadata: { next_cursor: cursor } } };
}

/** A method is reached by GET and POST alike. */
export function method(
  name: string,
  scope: string | undefined,
  handle: (call: Call) => Answer,
): VendorRoute[] {
  return (['GET', 'POST'] as const).map((verb) => ({
    op: `slack.${name}`,
    method: verb,
    path: `/api/${name}`,
    ...(scope === undefined ? {} : { scope }),
    handle,
  }));
}
