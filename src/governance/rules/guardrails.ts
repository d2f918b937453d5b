/**
 * The guardrails of the tier. Each one that counts this action must have room; the strictest wins, and one whose
 * counter is not known holds. Pure ring.
 */
import { assertNever } from '../../kernel/invariant';
import type { GuardrailView } from '../assess';
import { deny, hold, type Block, type FiringRule } from '../rule';

export const GUARDRAILS: FiringRule = {
  rule: 'guardrails',
  spec: '6.2, 6.3, 6.4, 12.5',
  judgeFiring: ({ guardrails, figures }) => {
    const counting = guardrails.filter(({ counts }) => counts);
    const blocks = counting.flatMap((view) => blockOf(view, figures.tiers.guardrails[view.guardrail].label));
    const tight = counting
      .filter(({ level }) => level !== 'granted')
      .map((view) => `${view.guardrail} ${view.level}`);
    return {
      because: tight.length === 0 ? `${counting.length} guardrails have room` : tight.join(', '),
      blocks,
    };
  },
};

function blockOf(view: GuardrailView, label: string): readonly Block[] {
  const cause = `guardrail:${view.guardrail}`;
  const use = `${label}: ${view.used} used and ${view.asked} asked of ${view.limit}`;
  switch (view.level) {
    case 'granted':
    case 'soft':
      return [];
    case 'hard': {
      const release =
        view.windowEndsAt === null ? 'one that is running ends' : 'the window ends, or the limit is raised';
      return [hold(cause, use, release, view.windowEndsAt)];
    }
    case 'overage':
      return [
        deny(cause, `${use}: past the limit`, 'upgrade, or wait for the window to end', view.windowEndsAt),
      ];
    case 'unattainable':
      return [deny(cause, `${use}: more than a window holds`, 'upgrade, or ask for less')];
    case 'unknown':
      return [hold(cause, `${label}: its counter is not known`, 'count it')];
    default:
      return assertNever(view.level);
  }
}
