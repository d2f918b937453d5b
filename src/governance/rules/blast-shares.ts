/**
 * The two shares of the blast radius: how much of a population an automation acts on at once, and the share of
 * failures at which it stops. Pure ring.
 */
import type { BlastRadiusFacts } from '../facts';
import type { AutomationLimitFigures } from '../figures/guardrails';
import { shareAtOnce } from '../reserve';
import { hold, printShare, type Block, type FiringRule } from '../rule';

type Defaults = AutomationLimitFigures['blastRadius'];

export const BLAST_SHARES: FiringRule = {
  rule: 'blast-shares',
  spec: 'theory 4',
  judgeFiring: ({ facts: { automation, startedByPerson }, figures }) => {
    if (startedByPerson !== null || automation === null) {
      return { because: 'the shares bound what an automation does alone' };
    }
    const reach = automation.blastRadius;
    const cause = `blast-radius:${automation.id}`;
    if (reach === null) {
      const because = 'how far the automation has reached is not known';
      return { because, blocks: [hold(cause, because, 'count its actions')] };
    }
    const blocks = [
      ...atOnce(reach, cause, figures.automation.blastRadius),
      ...errors(reach, cause, figures.automation.blastRadius),
    ];
    return {
      because: blocks.length === 0 ? 'both shares have room' : blocks.map((b) => b.because).join('; '),
      blocks,
    };
  },
};

function atOnce(reach: BlastRadiusFacts, cause: string, defaults: Defaults): readonly Block[] {
  if (reach.population === null) return [];
  const most = shareAtOnce(reach.population, reach.mostAtOnceShare ?? defaults.mostAtOnceShare);
  if (reach.inFlight < most) return [];
  return [hold(cause, `${reach.inFlight} of at most ${most} are in flight`, 'one that is running ends')];
}

function errors(reach: BlastRadiusFacts, cause: string, defaults: Defaults): readonly Block[] {
  const bound = reach.stopAtErrorShare ?? defaults.stopAtErrorShare;
  const finished = Math.max(reach.finished, reach.failed);
  if (reach.failed < defaults.errorsJudgedFrom || reach.failed < bound * finished) return [];
  const because = `${reach.failed} of ${finished} failed, and it stops at a share of ${printShare(bound)}`;
  return [{ ...hold(cause, because, 'a person looks into it and resumes'), stops: true }];
}
