/**
 * What never runs on autopilot, whatever trust and confidence say.
 * Pure ring.
 */
import type { CeilingRule } from '../rule';

export const NEVER_AUTOPILOT: CeilingRule = {
  rule: 'never-autopilot',
  spec: '12.3',
  judge: ({ profile }) =>
    profile?.neverAutopilot === true
      ? {
          verdict: 'copilot',
          because: `\`${profile.name}\` is never eligible for autopilot`,
          release: 'a change of the profile',
        }
      : { verdict: 'autopilot', because: 'nothing shuts autopilot for good' },
};
