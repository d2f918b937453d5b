/**
 * The plan tier: both tables that speak of it bind, so the stricter wins.
 * Pure ring.
 */
import { AUTOPILOT_SCOPES, earlier, type AutopilotScope } from '../mode';
import type { CeilingRule } from '../rule';

export const TIER: CeilingRule = {
  rule: 'tier',
  spec: '2.2, 6.2, DESIGN 9.3',
  judge: ({ facts: { tenant, action }, figures }) => {
    const { copilot, autopilot } = figures.eligibility;
    const selected = action.selection !== 'none';
    const scope = earlier(
      AUTOPILOT_SCOPES,
      autopilot.tiers[tenant.tier],
      figures.tiers.autopilot[tenant.tier],
    );
    const opens = (to: AutopilotScope): boolean => to === 'full' || (to === 'selected' && selected);
    if (!opens(copilot.tiers[tenant.tier])) {
      return {
        verdict: 'manual',
        because: `the ${tenant.tier} tier is manual only`,
        release: 'a larger tier',
      };
    }
    if (opens(scope)) {
      return { verdict: 'autopilot', because: `the ${tenant.tier} tier opens autopilot for this action` };
    }
    return scope === 'selected'
      ? {
          verdict: 'copilot',
          because: `the ${tenant.tier} tier opens autopilot for selected actions, and this is not one`,
          release: 'select the action for autopilot in the configuration',
        }
      : {
          verdict: 'copilot',
          because: `the ${tenant.tier} tier goes up to copilot`,
          release: 'a larger tier',
        };
  },
};
