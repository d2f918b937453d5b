/**
 * Okta's pages: `limit` and `after`, with the next page in a Link header.
 * Adapter ring.
 * @source https://developer.okta.com/docs/reference/core-okta-api/#pagination
 */
import type { JsonObject } from '../../kernel/json';
import type { Call } from '../vendor';
import { answer, type Answer } from '../wire';
import type { Found } from '../world';

export function paged<T extends JsonObject>(
  call: Call,
  found: readonly Found<T>[],
  view: (found: Found<T>) => JsonObject,
  limitMax: number,
): Answer {
  const limit = Math.min(limitMax, Math.max(1, Number(call.query['limit']) || limitMax));
  const after = call.query['after'];
  const start = after === undefined ? 0 : found.findIndex(({ id }) => id === after) + 1;
  const page = found.slice(start, start + limit);
  const last = page.at(-1);
  const links = [`<${pageUrl(call, after)}>; rel="self"`];
  if (last && start + limit < found.length) links.push(`<${pageUrl(call, last.id)}>; rel="next"`);
  return answer(200, page.map(view), { link: links.join(', ') });
}

function pageUrl(call: Call, after: string | undefined): string {
  const query = new URLSearchParams({ ...call.query, ...(after === undefined ? {} : { after }) }).toString();
  return `${call.baseUrl}${call.path}${query === '' ? '' : `?${query}`}`;
}
