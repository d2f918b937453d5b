/**
 * Rate limits that the configuration gives an automation or a customer, counted like guardrails.
 * Pure ring.
 */
import { reserve, windowAt } from '../reserve';
import { deny, hold, type Block, type FiringRule } from '../rule';

export const RATE_LIMITS: FiringRule = {
  rule: 'rate-limits',
  spec: 'theory 4',
  judgeFiring: ({ facts: { limits, now }, figures }) => {
    const blocks = limits.flatMap(({ id, window, limit, used, asked }): Block[] => {
      const { level, fits } = reserve(limit, used, asked, figures);
      if (fits) return [];
      const because = `\`${shown(id)}\`: ${used} used and ${asked} asked of ${limit}`;
      return level === 'unattainable'
        ? [deny(`limit:${id}`, because, 'raise the limit')]
        : [
            hold(
              `limit:${id}`,
              because,
              'the window ends, or the limit is raised',
              windowAt(window, now)?.to ?? null,
            ),
          ];
    });
    return {
      because: blocks.length === 0 ? `${limits.length} rate limits have room` : 'a rate limit is reached',
      blocks,
    };
  },
};

/** Without the digest that names whose limit it is: why an action was held is told to people, and stays on record for good. */
const shown = (id: string): string => id.replace(/:~[\w-]*$/, '');
