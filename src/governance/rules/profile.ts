/**
 * The ceiling that the profile table states for this action type or its subsystem.
 * Pure ring.
 */
import type { CeilingRule } from '../rule';

export const PROFILE: CeilingRule = {
  rule: 'profile',
  spec: '5.4, 12.2, 12.4',
  judge: ({ profile }) => {
    if (profile === null) return { verdict: 'autopilot', because: 'the action type has no profile' };
    const { name, ceiling, spec } = profile;
    return ceiling === null
      ? { verdict: 'autopilot', because: `the profile \`${name}\` (${spec}) states no ceiling` }
      : {
          verdict: ceiling,
          because: `the profile \`${name}\` (${spec}) goes up to ${ceiling}`,
          release: 'a change of the profile',
        };
  },
};
