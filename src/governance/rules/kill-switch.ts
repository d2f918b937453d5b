/**
 * The kill switch: it drops the automation to observe at once, for people and events alike.
 * Pure ring.
 */
import type { CeilingRule } from '../rule';

export const KILL_SWITCH: CeilingRule = {
  rule: 'kill-switch',
  spec: 'theory 4',
  judge: ({ facts: { automation } }) =>
    automation?.killed === true
      ? {
          verdict: 'observe',
          because: `the kill switch of \`${automation.id}\` is thrown`,
          release: `lift the kill switch of \`${automation.id}\``,
          cause: `kill:${automation.id}`,
        }
      : { verdict: 'autopilot', because: 'no kill switch is thrown' },
};
