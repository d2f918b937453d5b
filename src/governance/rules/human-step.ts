/**
 * What only a person can do: the engine fires nothing and takes the result attested.
 * Pure ring.
 */
import { hold, type FiringRule } from '../rule';

export const HUMAN_STEP: FiringRule = {
  rule: 'human-step',
  spec: '12.4, DESIGN 9.4',
  judgeFiring: ({ profile }) => {
    if (profile?.humanStep !== true) return { because: 'the engine can do it' };
    const because = `\`${profile.name}\` is a step for a person`;
    return { because, blocks: [hold('attestation', because, 'a person does it and attests the result')] };
  },
};
