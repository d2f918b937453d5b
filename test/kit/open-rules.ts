/** Rules under which everything may run, so that a test closes what it is about, and a history that opens autopilot. */
import type { ControlAct } from '../../workflows/control-protocol';
import { overrideFigures, SPEC_FIGURES } from '../../src/governance/figures';
import { freshTrust } from '../../src/governance/trust';
import type { Rules } from '../../src/temporal/rules';

const figures = overrideFigures({
  // Soon enough for a test; when it opens is as it ships.
  automation: { breaker: { probeAfterMs: 1_000 } },
});
if (!figures.ok) throw new Error(JSON.stringify(figures.error));

export const OPEN_RULES: Rules = {
  figures: figures.value,
  tier: 'enterprise',
  limits: { concurrent_executions: 1_000, external_actions_per_day: 100_000 },
  ceilings: [],
  selection: 'standard',
  automation: { dial: 'autopilot', actionsPerHour: 100_000 },
};

const YEAR_MS = 365 * 86_400_000;

/** A long history without a failure, labelled as imported. */
export const seasoned = (
  now: number,
  about: { readonly awfs: Iterable<string>; readonly runbook: string },
): Extract<ControlAct, { do: 'importTrust' }> => ({
  do: 'importTrust',
  ledger: {
    ...freshTrust(SPEC_FIGURES),
    successes: 2_000,
    since: now - YEAR_MS,
    lastActiveAt: now,
  },
  memory: [
    ...[...about.awfs].map((name) => ({ scope: 'awf' as const, name, successes: 2_000, failures: 0 })),
    { scope: 'runbook', name: about.runbook, successes: 2_000, failures: 0 },
  ],
});
