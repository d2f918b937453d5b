/**
 * A pause holds before the next firing, whoever started it and whatever the scope.
 * Pure ring.
 */
import { hold, type FiringRule } from '../rule';

export const PAUSES: FiringRule = {
  rule: 'pauses',
  spec: 'DESIGN 5',
  judgeFiring: ({ facts: { pauses } }) => ({
    because: pauses.length === 0 ? 'nothing is paused' : `${pauses.length} pauses are in force`,
    blocks: pauses.map(({ scope, name }) =>
      hold(`pause:${scope}:${name}`, `the ${scope} \`${name}\` is paused`, `resume the ${scope} \`${name}\``),
    ),
  }),
};
