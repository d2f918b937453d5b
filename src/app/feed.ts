/**
 * Use case: the outcomes of one tenant as they change, as Temporal's visibility has them.
 * Entry ring. It asks again and again and says what is new; nothing is kept between two calls.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalJson } from '../kernel/json';
import { pageOfOutcomes, type OutcomeRow } from './outcome-pages';
import type { Services } from './services';

const FEED_LIMITS = {
  /** Between two looks, in milliseconds: visibility itself is some tenths of a second behind. */
  everyMs: 1_000,
  /** Outcomes of one look at the list. */
  page: 100,
  /** Pages of one look: while every outcome of a page is new there may be more behind it. */
  pages: 10,
} as const;

/** What changed since the last look, oldest first; may be empty. The first look tells all that runs and the newest that ended. */
export async function* followFeed(
  services: Pick<Services, 'outcomes'>,
  tenant: string,
  signal: AbortSignal,
): AsyncGenerator<readonly OutcomeRow[], void> {
  const known = new Map<string, string>();
  while (!signal.aborted) {
    yield await changed(services, tenant, known);
    await sleep(FEED_LIMITS.everyMs, undefined, { signal }).catch(() => undefined);
  }
}

async function changed(
  services: Pick<Services, 'outcomes'>,
  tenant: string,
  known: Map<string, string>,
): Promise<readonly OutcomeRow[]> {
  const news: OutcomeRow[] = [];
  let cursor: string | undefined;
  const isFirst = known.size === 0;
  for (let n = 0; n < FEED_LIMITS.pages; n++) {
    const page = await pageOfOutcomes(services, tenant, { limit: FEED_LIMITS.page, cursor });
    if (!page.ok) break;
    const fresh = page.value.rows.filter((row) => {
      const said = canonicalJson({ ...row });
      if (known.get(row.id) === said) return false;
      known.set(row.id, said);
      return true;
    });
    news.push(...fresh);
    cursor = page.value.next;
    if (isFirst || cursor === undefined || fresh.length < page.value.rows.length) break;
  }
  return news.sort((a, b) => (a.closedAt ?? a.startedAt) - (b.closedAt ?? b.startedAt));
}
