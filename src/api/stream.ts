/**
 * A trace, and the feed of a tenant, as server-sent events.
 * Entry ring; pure but for the clock it is given.
 * @source WHATWG HTML, "Server-sent events"
 */
import { createHash } from 'node:crypto';
import type { OutcomeRow } from '../app/outcome-pages';
import { recordedJson } from '../kernel/json';
import type { Telling } from '../projection/trace';
import { API_LIMITS } from './limits';

/**
 * The frames of a stream: `trace` for each event, `end` once the story is over, a comment where nothing is said for long. An
 * event's id is the digest of what it says and of how often that was said, so it is the same on every connection, in
 * whatever order two that happened at once are told.
 * @param now milliseconds since the epoch
 */
export async function* traceStream(
  story: AsyncIterable<Telling>,
  now: () => number = Date.now,
): AsyncGenerator<string, void> {
  const said = new Map<string, number>();
  let saidAt = now();
  yield ': the story from its beginning\n\n';
  for await (const { news, state, isOver } of story) {
    for (const event of news) {
      const data = recordedJson(event);
      const count = (said.get(data) ?? 0) + 1;
      said.set(data, count);
      yield frame('trace', data, idOf(data, count));
    }
    if (isOver) {
      yield frame('end', recordedJson({ phase: state.phase }), 'end');
      return;
    }
    if (news.length > 0) saidAt = now();
    else if (now() - saidAt >= API_LIMITS.heartbeatMs) {
      saidAt = now();
      yield ':\n\n';
    }
  }
}

/** The frames of a feed: `outcome` for each that began or changed. It has no end of its own. */
export async function* feedStream(
  feed: AsyncIterable<readonly OutcomeRow[]>,
  now: () => number = Date.now,
): AsyncGenerator<string, void> {
  let saidAt = now();
  yield ': the outcomes of the tenant as they change\n\n';
  for await (const rows of feed) {
    for (const row of rows) {
      const data = recordedJson({ ...row });
      yield frame('outcome', data, idOf(data, 1));
    }
    if (rows.length > 0) saidAt = now();
    else if (now() - saidAt >= API_LIMITS.heartbeatMs) {
      saidAt = now();
      yield ':\n\n';
    }
  }
}

const idOf = (data: string, count: number): string =>
  createHash('sha256').update(`${count} ${data}`).digest('base64url').slice(0, 22);

/** Canonical JSON has no line breaks, so one `data` line holds it. */
const frame = (event: string, data: string, id: string): string =>
  `event: ${event}\nid: ${id}\ndata: ${data}\n\n`;
