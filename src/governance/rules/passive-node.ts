/**
 * A passive node watches: the engine recommends what it would do there and does nothing.
 * Pure ring.
 */
import type { CeilingRule } from '../rule';

export const PASSIVE_NODE: CeilingRule = {
  rule: 'passive-node',
  spec: 'theory 3',
  judge: ({ facts: { passive } }) =>
    passive
      ? {
          verdict: 'observe',
          because: 'the node is passive',
          release: 'make the node active',
          cause: 'passive',
        }
      : { verdict: 'autopilot', because: 'the node is active' },
};
