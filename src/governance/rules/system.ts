/**
 * The system acted on: its circuit breaker, and the time it asked to be left alone until.
 * Pure ring.
 */
import { hold, type Block, type FiringRule } from '../rule';

export const SYSTEM: FiringRule = {
  rule: 'system',
  spec: '11.1',
  judgeFiring: ({ facts: { system, now } }) => {
    if (system === null) return { because: 'no system is named' };
    const { name, breaker, retryAt } = system;
    const blocks: Block[] = [];
    if (breaker === 'open') {
      blocks.push(
        hold(`system:${name}`, `the circuit breaker of \`${name}\` is open`, `\`${name}\` answers again`),
      );
    }
    if (retryAt !== null && now < retryAt) {
      blocks.push(hold(`system:${name}`, `\`${name}\` asked to wait`, 'the time it asked for', retryAt));
    }
    const probe = breaker === 'half_open' ? ', and this is the probe' : '';
    const because =
      blocks.length === 0
        ? `\`${name}\` takes calls${probe}`
        : blocks.map((block) => block.because).join('; ');
    return { because, blocks };
  },
};
