/**
 * The spec's tables written again from our figures, cell by cell in the spec's own words, so that comparing the two
 * holds each number on both sides.
 */
import { ACTION_TRANSITIONS } from '../../../src/governance/action-state';
import { SPEC_FIGURES } from '../../../src/governance/figures';
import { CATEGORIES, CONFIDENCE_BANDS } from '../../../src/governance/figures/authority';
import { GUARDRAIL_IDS } from '../../../src/governance/figures/guardrails';
import type { RiskDimensions } from '../../../src/governance/figures/risk';
import { RISK_CLASSES, TIERS, TRUST_LEVELS, type Tier } from '../../../src/governance/mode';
import { retryDelay } from '../../../src/governance/retry';

const F = SPEC_FIGURES;
const held = new Map<string, string>();
const hold = (section: string, row: string, column: string, text: string): void => {
  held.set(`${section} | ${row} | ${column}`, text);
};

const cap = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
const percent = (share: number): string => `${Number((share * 100).toFixed(6))}%`;
const two = (n: number): string => n.toFixed(2);
const tierName = (tier: Tier): string => cap(tier);
const firstTier = (open: (tier: Tier) => boolean): Tier => TIERS.find(open) ?? 'enterprise';
const list = (words: readonly string[]): string => words.map(cap).join(', ');
const hours = (ms: number): string => `${ms / 3_600_000} ${ms === 3_600_000 ? 'hour' : 'hours'}`;
const minutes = (ms: number, word: string): string => `${ms / 60_000} ${word}`;

// 2.2: the matrix
const { copilot, autopilot } = F.eligibility;
const heavier = RISK_CLASSES.filter((riskClass) => !copilot.riskClasses.includes(riskClass));
const M = ['Manual (Required)', 'Copilot (Eligible)', 'Autopilot (Eligible)'] as const;
const matrix = (factor: string, cells: readonly [string, string, string]): void =>
  M.forEach((column, i) => hold('2.2', factor, column, cells[i] ?? ''));
matrix('Confidence', ['Any', `≥ ${two(copilot.confidenceFrom)}`, `≥ ${two(autopilot.confidenceFrom)}`]);
matrix('Risk Class', [
  list(heavier),
  list([...copilot.riskClasses].reverse()),
  `${list(autopilot.riskClasses)} only`,
]);
matrix('Reversibility', [
  'Any',
  copilot.reversibilities.length === 3 ? 'Any' : 'not any',
  autopilot.reversibilities.join() === 'full' ? 'Reversible only' : 'more',
]);
matrix('Trust Level', ['Any', cap(copilot.trust), cap(autopilot.trust)]);
matrix('Plan', [
  'Any',
  `${tierName(firstTier((tier) => copilot.tiers[tier] === 'full'))}+`,
  `${tierName(firstTier((tier) => autopilot.tiers[tier] !== 'no'))} (${autopilot.tiers.enterprise} actions)`,
]);

// 2.3: trust
const unlocks = {
  manual: 'Manual mode only',
  copilot: 'Copilot mode eligibility',
  autopilot: 'Autopilot mode eligibility',
  observe: '',
};
for (const level of TRUST_LEVELS) {
  const { successes, criticalFailures, failureRateBelow, daysActive, ceiling, extendedScope } =
    F.trust.levels[level];
  const days = daysActive === 0 ? [] : [`${daysActive}+ days${level === 'proven' ? ' active' : ''}`];
  const requirements = [
    ...(successes === 0 ? ['Fresh organization'] : [`${successes}+ successful executions`]),
    ...(criticalFailures === null ? [] : [`${criticalFailures} critical failures`]),
    ...(failureRateBelow === null ? [] : [`<${percent(failureRateBelow)} failure rate`]),
    ...days,
  ];
  hold('2.3', cap(level), 'Requirements', requirements.join(', '));
  hold('2.3', cap(level), 'Unlocks', extendedScope ? 'Extended autopilot scope' : unlocks[ceiling]);
}

// 3: confidence
const bandWords = (band: string): string => band.split('_').map(cap).join(' ');
const componentNames = {
  signalQuality: 'Signal Quality',
  historicalSuccess: 'Historical Success',
  patternMatch: 'Pattern Match',
  riskAssessment: 'Risk Assessment',
} as const;
for (const part of ['signalQuality', 'historicalSuccess', 'patternMatch', 'riskAssessment'] as const) {
  hold('3.2', componentNames[part], 'Weight', percent(F.confidence.weights[part]));
}
for (const band of CONFIDENCE_BANDS) {
  const { from, printedTo } = F.confidence.bands[band];
  hold('3.3', bandWords(band), 'Confidence Range', `${two(from)} - ${two(printedTo)}`);
}

// 4: reversibility
const reversibilityNames = {
  full: 'Fully Reversible',
  partial: 'Partially Reversible',
  irreversible: 'Irreversible',
};
const eligible = { autopilot: 'Yes', copilot: 'Copilot only', manual: 'Manual only', observe: '' };
for (const tier of ['full', 'partial', 'irreversible'] as const) {
  hold('4.2', reversibilityNames[tier], 'Autopilot Eligible', eligible[F.reversibility.tiers[tier].ceiling]);
}
const short = { full: 'Fully', partial: 'Partial', irreversible: 'Irreversible' };
for (const category of CATEGORIES) {
  const { label, reversibility, ceiling } = F.reversibility.categories[category];
  hold('4.3', label, 'Reversibility', reversibility === null ? 'Varies' : short[reversibility]);
  hold('4.3', label, 'Mode Ceiling', ceiling === null ? 'Per-integration' : cap(ceiling));
}

// 5: risk
const dimensionNames = {
  externality: 'Externality',
  magnitude: 'Consequence Magnitude',
  recovery: 'Recovery Difficulty',
  precedent: 'Precedent Sensitivity',
} as const;
for (const dimension of ['externality', 'magnitude', 'recovery', 'precedent'] as const) {
  hold('5.1', dimensionNames[dimension], 'Weight', percent(F.risk.weights[dimension]));
}
const approvals: Readonly<Record<string, string>> = {
  '': 'None (within guardrails)',
  user: 'Single user approval',
  'user,manager': 'Manager + user approval',
  executive: 'Executive approval required',
};
for (const riskClass of RISK_CLASSES) {
  const { from, printedTo, ceiling, approvers } = F.risk.classes[riskClass];
  hold('5.3', cap(riskClass), 'Score Range', `${two(from)} - ${two(printedTo)}`);
  hold('5.3', cap(riskClass), 'Mode Ceiling', cap(ceiling));
  hold('5.3', cap(riskClass), 'Approval Requirements', approvals[approvers.join()] ?? 'unknown');
}
const columns = {
  externality: 'Externality',
  magnitude: 'Magnitude',
  recovery: 'Recovery',
  precedent: 'Precedent',
} as const;
const dimensionsOf = (dimensions: RiskDimensions | null): RiskDimensions =>
  dimensions ?? { externality: -1, magnitude: -1, recovery: -1, precedent: -1 };
for (const profile of Object.values(F.profiles).filter(({ spec }) => spec === '5.4')) {
  const dimensions = dimensionsOf(profile.dimensions);
  for (const dimension of ['externality', 'magnitude', 'recovery', 'precedent'] as const) {
    hold('5.4', profile.label, columns[dimension], dimensions[dimension].toFixed(1));
  }
  const printed = profile.printedScore === 1 ? '1.0' : two(profile.printedScore ?? -1);
  hold('5.4', profile.label, 'Risk Class', `${cap(profile.riskClass ?? '')} (${printed})`);
}

// 6 and 12.5: guardrails
const units: Readonly<Record<string, (n: number) => string>> = {
  'micro-dollar': (n) => `$${n.toLocaleString('en-US')}`,
  byte: (n) => `${n}GB`,
};
for (const id of GUARDRAIL_IDS) {
  const { label, limits, unit, perPrintedUnit, spec } = F.tiers.guardrails[id];
  for (const tier of TIERS) {
    const limit = limits[tier];
    const print = units[unit] ?? ((n: number) => n.toLocaleString('en-US'));
    // The bound on abuse is ours; the spec prints no number there.
    const text = limit === null ? 'Custom' : print(limit / perPrintedUnit);
    hold(
      spec,
      label,
      tierName(tier),
      id === 'actions_per_day' && tier === 'enterprise' ? 'Unlimited*' : text,
    );
  }
}
for (const tier of TIERS) {
  hold('6.2', 'Autopilot Eligible', tierName(tier), cap(F.tiers.autopilot[tier]));
  const depth = F.tiers.approvalChainDepth[tier];
  hold('6.2', 'Approval Chain Depth', tierName(tier), depth === null ? 'Custom' : String(depth));
}
const { degradation } = F.tiers;
hold('6.5', 'Model Downgrade', 'Trigger', `LLM spend at ${percent(degradation.modelDowngradeShare)}`);
hold('6.5', 'Frequency Reduction', 'Trigger', `API calls at ${percent(degradation.frequencyReductionShare)}`);

// 8: states, time-outs, retries
const drawn = {
  proposed: ['accept', 'decline'],
  queued: ['approve', 'time_out'],
  approved: ['start', 'reject'],
  executing: ['complete', 'fail'],
} as const;
for (const [state, kinds] of Object.entries(drawn) as [
  keyof typeof drawn,
  readonly ('accept' | 'decline')[],
][]) {
  const to = kinds.map((kind) => cap((ACTION_TRANSITIONS[state] as Record<string, string>)[kind] ?? ''));
  hold('8.2', cap(state), 'Transitions', `→ ${to.join(', ')}`);
}
hold('8.2', 'Failed', 'Transitions', `→ ${cap(ACTION_TRANSITIONS.failed.retry ?? '')} (if retry eligible)`);
for (const state of ['completed', 'declined', 'expired', 'rejected'] as const) {
  hold(
    '8.2',
    cap(state),
    'Transitions',
    Object.keys(ACTION_TRANSITIONS[state]).length === 0 ? 'None' : 'some',
  );
}
const timeouts = [
  ['proposed', 'expired', `${hours(F.lifecycle.proposedMs)} (default, configurable)`],
  ['queued', 'expired', hours(F.lifecycle.queuedMs)],
  ['approved', 'rejected', `${hours(F.lifecycle.approvedMs)} (safety timeout)`],
  ['executing', 'failed', `${minutes(F.lifecycle.executingMs, 'minutes')} (action-specific)`],
] as const;
for (const [from, to, text] of timeouts) {
  hold('8.3', `${cap(from)} → ${cap(to)}`, 'Timeout', text);
  hold(
    '8.3',
    `${cap(from)} → ${cap(to)}`,
    'On Timeout',
    `Move to ${cap(ACTION_TRANSITIONS[from].time_out ?? '')}`,
  );
}
const failureNames = {
  transient: 'Transient (network, rate limit)',
  recoverable: 'Recoverable (API error, format issue)',
  permanent: 'Permanent (auth failure, policy block)',
  unknown: 'Unknown',
} as const;
for (const failureClass of ['transient', 'recoverable', 'permanent', 'unknown'] as const) {
  const { maxRetries, backoff, confidenceFactor } = F.retry[failureClass];
  const delays = Array.from({ length: maxRetries }, (_, i) => {
    const verdict = retryDelay(failureClass, i + 1);
    return verdict.retry ? `${verdict.afterMs / 1_000}s` : 'none';
  });
  const degraded = confidenceFactor < 1 ? ' (with degraded confidence)' : '';
  hold('8.4', failureNames[failureClass], 'Retry Eligible', maxRetries > 0 ? `Yes${degraded}` : 'No');
  hold('8.4', failureNames[failureClass], 'Max Retries', String(maxRetries));
  const text = backoff === 'fixed' ? delays.join() || 'N/A' : `${cap(backoff)} (${delays.join(', ')})`;
  hold('8.4', failureNames[failureClass], 'Backoff', text);
}

// 9.3: service levels
const { types } = F.approvals;
const respond = (ms: number | null): string => (ms === 0 ? 'Immediate' : ms === null ? 'none' : hours(ms));
for (const [type, row] of [
  ['confirm', 'Confirm'],
  ['review', 'Review'],
  ['approve', 'Approve'],
  ['chain', 'Chain (each step)'],
] as const) {
  const { respondWithinMs, remindAfterMs, escalateAfterMs } = types[type];
  hold('9.3', row, 'Expected Response', respond(respondWithinMs));
  const escalation =
    remindAfterMs !== null
      ? `Reminder at ${minutes(remindAfterMs, 'min')}`
      : escalateAfterMs !== null
        ? `Escalate at ${hours(escalateAfterMs)}`
        : 'N/A';
  hold('9.3', row, 'Escalation', escalation);
}

// 12: CiteMind
for (const profile of Object.values(F.profiles).filter(({ spec }) => spec === '12.2')) {
  const printed = profile.riskClass === 'high' ? 'Medium-High' : cap(profile.riskClass ?? '');
  hold('12.2', profile.label, 'Risk Class', printed);
  hold('12.2', profile.label, 'Mode Ceiling', cap(profile.ceiling ?? ''));
}
const audio = F.profiles['citemind.engine_2'];
const audioDimensions = dimensionsOf(audio?.dimensions ?? null);
hold('12.3', 'Externality', 'Score', String(audioDimensions.externality));
hold('12.3', 'Magnitude', 'Score', String(audioDimensions.magnitude));
hold('12.3', 'Recovery', 'Score', String(audioDimensions.recovery));
hold('12.3', 'Precedent', 'Score', String(audioDimensions.precedent));
hold('12.3', 'Overall Score', 'Score', String(audio?.printedScore));
for (const profile of Object.values(F.profiles).filter(({ spec }) => spec === '12.4')) {
  hold('12.4', profile.label, 'Engine', profile.subsystem?.at(-1) ?? '');
  hold('12.4', profile.label, 'Risk Class', profile.riskClass === null ? 'N/A' : cap(profile.riskClass));
  hold('12.4', profile.label, 'Mode Ceiling', cap(profile.ceiling ?? ''));
  hold(
    '12.4',
    profile.label,
    'Approval',
    profile.humanStep ? 'Human step' : (profile.approvals ?? []).map(cap).join(' + '),
  );
}
const kept = (years: number | null): string => (years === null ? 'Permanent' : `${years} years`);
hold('12.6', 'engine_id', 'Retention', kept(F.retention.engineId));
hold('12.6', 'engine_id', 'Description', 'Which CiteMind engine (1, 2, or 3)');
hold('12.6', 'engine_action', 'Retention', kept(F.retention.engineAction));
hold('12.6', 'content_source_id', 'Retention', kept(F.retention.contentSourceId));
hold('12.6', 'distribution_targets', 'Retention', kept(F.retention.distributionTargets));
hold('12.6', 'citation_surface', 'Retention', kept(F.retention.citationSurface));

/** Text of each held cell, by address. */
export const HELD_CELLS: ReadonlyMap<string, string> = held;

/** Cells that bear a digit and no figure: prose that names an engine. Each is listed, so that a new one is noticed. */
export const PROSE_CELLS: ReadonlySet<string> = new Set([
  '12.6 | distribution_targets | Description',
  '12.6 | citation_surface | Description',
]);

const { decay } = F.trust;
const high = F.risk.classes.high;
/** The lines outside tables that bear a figure, written from ours. */
export const HELD_LINES: readonly string[] = [
  `- Moderate failure: Trust score reduces by ${percent(1 - decay.moderateFactor)}`,
  `- Inactivity >${decay.idleDays} days: Trust score reduces by ${percent(1 - decay.idleFactor)}`,
  `Confidence(t) = Confidence(t₀) × e^(-${F.confidence.decay.ratePerDay} × days)`,
  `Where Dimension Score ∈ [0, 1]`,
  `Risk Score ${audio?.printedScore} → Risk Class: ${cap(audio?.riskClass ?? '')} (${two(high.from)}-${two(high.printedTo)})`,
  `Mode Ceiling = ${cap(audio?.ceiling ?? '')} (per Section ${high.spec})`,
];

/** The examples of 3.4: the spec disagrees with its own formula there, and DESIGN §9.2 settles it. */
export const DECAY_EXAMPLES: readonly (readonly [line: string, confidence: number, days: number])[] = [
  ['A proposal with initial confidence 0.90 degrades to:', 0.9, 0],
  ['- 0.86 after 1 week', 0.86, 7],
  ['- 0.74 after 1 month', 0.74, 30],
  ['- 0.55 after 2 months (drops to Manual only)', 0.55, 60],
];

/** Lines whose digit is no figure. */
export const PROSE_LINES: readonly RegExp[] = [
  /^V1 Constraint: Podcast synthesis is NEVER eligible for Autopilot in V1/,
  /^Engine 2 \(Audio\/Podcast Transformation\) requires explicit risk classification/,
];
