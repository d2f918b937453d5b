/**
 * The dial: the most a person lets an automation do by itself. It says nothing to what a person starts.
 * Pure ring.
 */
import type { CeilingRule } from '../rule';

export const DIAL: CeilingRule = {
  rule: 'dial',
  spec: 'theory 3, DESIGN 9.6',
  judge: ({ facts: { automation, startedByPerson } }) => {
    if (startedByPerson !== null) {
      return {
        verdict: 'autopilot',
        because: 'the dial speaks for what the engine starts, not for a person',
      };
    }
    if (automation === null) {
      return {
        verdict: 'observe',
        because: 'no automation binds this event, so nobody has let the engine act',
        release: 'bind an automation to the event, or run it by name',
        cause: 'automation',
      };
    }
    return {
      verdict: automation.dial,
      because: `the dial of \`${automation.id}\` stands at ${automation.dial}`,
      release: `raise the dial of \`${automation.id}\`, or run it by name`,
      cause: `dial:${automation.id}`,
    };
  },
};
