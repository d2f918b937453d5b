/**
 * The approvals that this action needs, and whether they are there; a rejection ends it.
 * Pure ring.
 */
import { deny, hold, type FiringRule } from '../rule';

export const APPROVAL: FiringRule = {
  rule: 'approval',
  spec: '5.3, 9.1, 12.4',
  judgeFiring: ({ facts, approval }) => {
    const rejecters = facts.approvals.filter(({ decision }) => decision === 'rejected').map(({ by }) => by);
    if (rejecters.length > 0) {
      const because = `rejected by ${[...new Set(rejecters)].sort().join(', ')}`;
      return { because, blocks: [deny('rejected', because, 'a new proposal')] };
    }
    if (approval.type === 'none') return { because: 'no approval is needed' };
    if (approval.complete) return { because: `${approval.type}: everyone who is asked has approved` };
    const open = approval.steps
      .filter(({ coveredBy }) => coveredBy === null)
      .map(({ act, by }) => `${act} by ${by}`);
    const because = `${approval.type} is needed`;
    return { because, blocks: [hold('approval', because, open.join(', then '))] };
  },
};
