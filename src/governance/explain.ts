/**
 * A decision in words: a summary and one line for every rule.
 * Pure ring: text only, no colours and no widths.
 */
import { printDuration } from '../kernel/duration';
import type { Decision } from './decide';
import { emergencyBy } from './emergency';
import { printShare } from './rule';

/** Lines to print; the first says what may happen, the rest why. */
export function explain(decision: Decision): readonly string[] {
  const lines = [summaryOf(decision)];
  const { approval, risk, confidence, trust, blocks, degradations, warnings } = decision;
  lines.push(
    `risk ${risk.class}${risk.score === null ? '' : ` (${printShare(risk.score)})`}, ` +
      `confidence ${printShare(confidence.effective)} (${confidence.band.replace('_', ' ')}), trust ${trust.effective}`,
  );
  if (approval.type !== 'none') lines.push(`approval ${approval.type}: ${approvalWords(decision)}`);
  for (const { verdict, because, release, until } of blocks) {
    const when = until === null ? '' : `, at ${new Date(until).toISOString()}`;
    lines.push(`${verdict === 'deny' ? 'denied' : 'held'}: ${because}; released by: ${release}${when}`);
  }
  if (degradations.length > 0) lines.push(`degraded: ${degradations.join(', ').replaceAll('_', ' ')}`);
  lines.push(...warnings.map((warning) => `warning: ${warning}`));
  const width = Math.max(0, ...decision.rules.map(({ rule }) => rule.length));
  for (const { rule, verdict, because, spec } of decision.rules) {
    lines.push(`  ${rule.padEnd(width)}  ${verdict.padEnd(9)}  ${because}  [${spec}]`);
  }
  return lines;
}

function summaryOf({ mode, fire, boundBy, facts }: Decision): string {
  const may = {
    allow: 'may fire now',
    hold: 'is held',
    deny: 'is denied',
  }[fire];
  const bound = boundBy.length === 0 ? '' : `, bound by ${boundBy.join(', ')}`;
  return `\`${facts.action.type}\` ${may}; mode ${mode}${bound}`;
}

function approvalWords({ approval }: Decision): string {
  const steps = approval.steps.map(({ act, by, coveredBy }) => {
    if (coveredBy === null) return `${act} by ${by} (open)`;
    if (coveredBy === 'starter') return `${act} by ${by} (who started it)`;
    const passedBy = emergencyBy(coveredBy);
    return `${act} by ${by} (${passedBy === undefined ? coveredBy : `${passedBy}, in an emergency`})`;
  });
  const reason = approval.reasonRequired ? ['a reason is required'] : [];
  const sla =
    approval.respondWithinMs === null || approval.complete
      ? []
      : [
          approval.respondWithinMs === 0
            ? 'expected at once'
            : `expected within ${printDuration(approval.respondWithinMs)}`,
        ];
  return [...steps, ...reason, ...sla].join(', ');
}
