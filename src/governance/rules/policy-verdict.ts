/**
 * What the tenant's policies say of firing: one that forbids outranks any that permit.
 * Pure ring.
 */
import { deny, type FiringRule } from '../rule';

export const POLICY_VERDICT: FiringRule = {
  rule: 'policy-verdict',
  spec: 'DESIGN 6',
  judgeFiring: ({ facts: { policies } }) => {
    const forbidding = [
      ...new Set(policies.filter(({ effect }) => effect === 'forbid').map(({ id }) => id)),
    ].sort();
    if (forbidding.length === 0) {
      return { because: policies.length === 0 ? 'no policy applies' : 'no policy forbids it' };
    }
    return {
      because: `forbidden by policy ${forbidding.map((id) => `\`${id}\``).join(', ')}`,
      blocks: forbidding.map((id) =>
        deny(`policy:${id}`, `policy \`${id}\` forbids it`, 'a change of policy'),
      ),
    };
  },
};
