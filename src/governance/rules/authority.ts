/**
 * Whether the engine may fire at all in this mode: in observe it recommends, in manual a person fires.
 * Pure ring.
 */
import { hold, type FiringRule } from '../rule';

export const AUTHORITY: FiringRule = {
  rule: 'authority',
  spec: '2.1, DESIGN 9.4',
  judgeFiring: ({ facts, mode, ceilings }) => {
    if (mode === 'observe') {
      const blocks = ceilings.map(({ rule, cause, because, release }) =>
        hold(cause ?? rule, because, release ?? 'another verdict of this rule'),
      );
      return { because: 'observe: the engine recommends and fires nothing', blocks };
    }
    if (mode === 'manual' && facts.startedByPerson === null) {
      const because = `manual, by ${ceilings.map(({ rule }) => rule).join(', ')}: the engine proposes and holds`;
      const release = 'a person fires it under their own name, or does it elsewhere and attests the result';
      return { because, blocks: [hold('person', because, release)] };
    }
    return { because: `${mode}: it may fire once nothing else holds it` };
  },
};
