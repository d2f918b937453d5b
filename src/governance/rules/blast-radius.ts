/**
 * How far an automation may reach alone in an hour: past that, or where it is not known, a person is asked.
 * Pure ring.
 */
import type { CeilingRule } from '../rule';

export const BLAST_RADIUS: CeilingRule = {
  rule: 'blast-radius',
  spec: 'theory 4',
  judge: ({ facts: { automation, startedByPerson }, figures }) => {
    if (startedByPerson !== null || automation === null) {
      return { verdict: 'autopilot', because: 'the blast radius bounds what an automation does alone' };
    }
    const reach = automation.blastRadius;
    if (reach === null) {
      return {
        verdict: 'copilot',
        because: 'how far the automation has reached this hour is not known',
        release: 'count its actions',
        cause: `blast-radius:${automation.id}`,
      };
    }
    const limit = reach.limitPerHour ?? figures.automation.blastRadius.actionsPerHour;
    const because = `${reach.firedThisHour} of ${limit} actions this hour`;
    return reach.firedThisHour < limit
      ? { verdict: 'autopilot', because }
      : {
          verdict: 'copilot',
          because: `${because}: more of them need a person`,
          release: 'a person confirms, or the hour ends',
          cause: `blast-radius:${automation.id}`,
        };
  },
};
