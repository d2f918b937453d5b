/**
 * Ceilings set by the tenant's policies; the strictest counts.
 * Pure ring.
 */
import { strictestMode } from '../mode';
import type { CeilingRule } from '../rule';

export const POLICY_CEILINGS: CeilingRule = {
  rule: 'policy-ceilings',
  spec: 'DESIGN 6',
  judge: ({ facts: { policies } }) => {
    const verdict = strictestMode(policies.map(({ ceiling }) => ceiling ?? 'autopilot'));
    if (verdict === 'autopilot') return { verdict, because: 'no policy sets a ceiling' };
    const whose = policies.filter(({ ceiling }) => ceiling === verdict).map(({ id }) => `\`${id}\``);
    return {
      verdict,
      because: `policy ${[...new Set(whose)].sort().join(', ')} allows ${verdict} at most`,
      release: 'a change of policy',
      cause: 'policy',
    };
  },
};
