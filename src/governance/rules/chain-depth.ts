/**
 * The tier bounds how many approvers a chain has; a chain that must be longer can't be had on that tier.
 * Pure ring.
 */
import { deny, type FiringRule } from '../rule';

export const CHAIN_DEPTH: FiringRule = {
  rule: 'chain-depth',
  spec: '6.2',
  judgeFiring: ({ facts: { tenant }, approval: { depth, depthLimit } }) => {
    const because = `${depth} of at most ${depthLimit} approvers on the ${tenant.tier} tier`;
    return depth <= depthLimit
      ? { because }
      : {
          because,
          blocks: [deny('chain-depth', because, 'a larger tier, or fewer approvers asked for by policy')],
        };
  },
};
