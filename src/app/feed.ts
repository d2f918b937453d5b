/**
 * Use case: the outcomes of one tenant as they change, as Temporal's visibility has them.
 * Entry ring. It asks again and again and says what is new; nothing is kept between two calls.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalJson } from '../kernel/json';
import { pageOfOutcomes, type OutcomeFilter, type OutcomeRow } from './outcome-pages';
import type { Services } from './services';

const FEED_LIMITS = {
  /** Between two looks, in milliseconds: visibility itself is some tenths of a second behind. */
  everyMs: 1_000,
  /** Outcomes of one page of the list. */
  page: 200,
  /** Pages of one look at what runs, and at what has ended: of more than 5,000 that run the oldest are heard of when they end. */
  pages: 25,
} as const;

export interface FeedOptions {
  readonly signal: AbortSignal;
  /** Outcomes of one page of the list. */
  readonly page?: number;
}

/** What changed since the last look, oldest first; may be empty. The first look tells all that runs and the newest that ended. */
export async function* followFeed(
  services: Pick<Services, 'outcomes'>,
  tenant: string,
  { signal, page = FEED_LIMITS.page }: FeedOptions,
): AsyncGenerator<readonly OutcomeRow[], void> {
  const known = new Map<string, string>();
  const isNews = (row: OutcomeRow): boolean => {
    const said = canonicalJson({ ...row });
    if (known.get(row.id) === said) return false;
    known.set(row.id, said);
    return true;
  };
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const look = { services, tenant, limit: page, isNews };
    // Whatever runs may have changed, wherever it stands in the list; what has ended comes to its top, and stays as it is.
    const running = await news(look, { isRunning: true }, () => false);
    const ended = await news(look, { isRunning: false }, (fresh, all) => isFirst || fresh < all);
    yield [...running, ...ended].sort((a, b) => (a.closedAt ?? a.startedAt) - (b.closedAt ?? b.startedAt));
    await sleep(FEED_LIMITS.everyMs, undefined, { signal }).catch(() => undefined);
  }
}

interface Look {
  readonly services: Pick<Services, 'outcomes'>;
  readonly tenant: string;
  readonly limit: number;
  readonly isNews: (row: OutcomeRow) => boolean;
}

/** News of one list. @param isEnough whether the pages behind one with so many news among its rows hold none */
async function news(
  { services, tenant, limit, isNews }: Look,
  filter: OutcomeFilter,
  isEnough: (fresh: number, all: number) => boolean,
): Promise<readonly OutcomeRow[]> {
  const found: OutcomeRow[] = [];
  let cursor: string | undefined;
  for (let n = 0; n < FEED_LIMITS.pages; n++) {
    const page = await pageOfOutcomes(services, tenant, { limit, cursor, filter });
    if (!page.ok) break;
    const { rows, next } = page.value;
    const fresh = rows.filter(isNews);
    found.push(...fresh);
    cursor = next;
    if (cursor === undefined || isEnough(fresh.length, rows.length)) break;
  }
  return found;
}
