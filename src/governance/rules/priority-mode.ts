/**
 * While all limits are stressed only critical actions fire.
 * Pure ring.
 */
import { hold, type FiringRule } from '../rule';

export const PRIORITY_MODE: FiringRule = {
  rule: 'priority-mode',
  spec: '6.5',
  judgeFiring: ({ facts: { action }, degradations }) => {
    if (!degradations.includes('priority_mode')) return { because: 'not all limits are stressed' };
    if (action.priority === 'critical') return { because: 'all limits are stressed, and this is critical' };
    const because = 'all limits are stressed: critical actions only';
    return { because, blocks: [hold('priority-mode', because, 'one limit has room again')] };
  },
};
