/**
 * Who starts an action decides for it: a person acts in manual mode under their own name, an event leaves the mode to
 * the other rules. Pure ring.
 */
import type { CeilingRule } from '../rule';

export const INITIATOR: CeilingRule = {
  rule: 'initiator',
  spec: '2.1, DESIGN 9.6',
  judge: ({ facts: { startedByPerson } }) =>
    startedByPerson === null
      ? {
          verdict: 'autopilot',
          because: 'an event started it: the other rules say how far the engine may go',
        }
      : { verdict: 'manual', because: `\`${startedByPerson}\` started it and answers for it by name` },
};
