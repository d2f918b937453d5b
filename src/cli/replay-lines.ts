/** How replays are shown to people: lines without colours. Entry ring. */
import { explainDifference } from '../governance/compare';
import { printTrace, type TraceEvent } from '../engine/trace';
import { printValue, type Change } from '../kernel/json-changes';
import { isPersonal } from '../plan/changes';
import type { Fork } from '../replay/fork';
import type { Rehearsal, RehearsedDecision } from '../replay/rehearse';
import type { Review } from '../replay/review';
import { table } from './table';

/** Changes that are shown of one plan; the rest is a count. */
const SHOWN = 40;

export function rehearsalLines(rehearsal: Rehearsal): readonly string[] {
  const { ran, selected, entityFrom, planId, was, decisions, trace } = rehearsal;
  const by = selected.automation === undefined ? 'named by a person' : `by ${selected.automation}`;
  const how = selected.isRehearsed ? 'selected' : 'taken as it was';
  return [
    ...(ran === undefined ? [] : [`${ran}, as it would go today`]),
    `${how}: ${selected.outcome} for ${selected.entity}, ${by}`,
    ...(entityFrom === 'then' ? ['the entity is in the graph no more: its fields of then are used'] : []),
    ...planLines(planId, was),
    ...decisionLines(decisions),
    'predicted:',
    ...printTrace(trace).map((line) => `  ${line.slice(TIME)}`),
  ];
}

function planLines(planId: string, was: Rehearsal['was']): readonly string[] {
  const short = planId.slice(0, 12);
  if (was === undefined) return [`plan ${short}`];
  if (was.changes.length === 0) return [`plan ${short}, as it was then`];
  return [`plan ${short}, it was ${was.planId.slice(0, 12)}:`, ...changeLines(was.changes)];
}

function changeLines(changes: readonly Change[]): readonly string[] {
  const lines = changes
    .slice(0, SHOWN)
    .map(({ path, was, is }) =>
      isPersonal(path) ? `  ${path}: another` : `  ${path}: ${printValue(is)}, it was ${printValue(was)}`,
    );
  const rest = changes.length - lines.length;
  return rest === 0 ? lines : [...lines, `  and ${rest} more`];
}

function decisionLines(decisions: readonly RehearsedDecision[]): readonly string[] {
  if (decisions.length === 0) return ['decided: nothing governs it'];
  const rows = decisions.map(({ node, mode, fire, was, because }) => [
    node,
    mode,
    fire,
    was === undefined ? '' : `was ${was.mode} ${was.fire}`,
    because.join('; '),
  ]);
  return ['decided:', ...table(rows).map((row) => `  ${row}`)];
}

export function reviewLines(review: Review): readonly string[] {
  const { action, awf, nth, of, decidedAt, then, proof, ruleset, difference } = review;
  const proven = proof.isSame
    ? `decided again with the data and figures of then it is the same, byte for byte: ${proof.recorded}`
    : `decided again it is another: on record ${proof.recorded}, again ${proof.again}`;
  const rules =
    ruleset.then === ruleset.today
      ? 'the figures of then are those of today'
      : 'the figures have changed since';
  return [
    `${action}  ${awf}, decision ${nth} of ${of}, ${new Date(decidedAt).toISOString()}`,
    `then: mode ${then.mode}, ${then.fire}${then.boundBy.length === 0 ? '' : `, bound by ${then.boundBy.join(', ')}`}`,
    proven,
    `${rules} (${ruleset.then.slice(0, 12)}, ${ruleset.today.slice(0, 12)})`,
    'under today’s rules, with the data of then:',
    ...explainDifference(difference).map((line) => `  ${line}`),
  ];
}

/** The two stories in one column: what both have, what happened alone, what would have happened alone. */
export function forkLines(fork: Fork): readonly string[] {
  const { outcome, from, phase, rules } = fork;
  return [
    `${outcome} from ${from} on, rules of ${rules === 'then' ? 'then' : 'today'}; - happened, + would have happened`,
    ...linesOf(fork.common).map((line) => `  ${line}`),
    ...differing(linesOf(fork.then), linesOf(fork.fork)),
    phase.then === phase.fork
      ? `both end as ${phase.fork}`
      : `it ended as ${phase.then}, and would have as ${phase.fork}`,
  ];
}

const TIME = 'HH:MM:SS '.length;
const linesOf = (trace: readonly TraceEvent[]): readonly string[] =>
  printTrace(trace).map((line) => line.slice(TIME).replace(/ duration=\S+/, ''));

/** A longest common subsequence, because two stories are short and read best side by side. */
function differing(then: readonly string[], fork: readonly string[]): readonly string[] {
  const common = then.map(() => fork.map(() => 0));
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = then.length - 1; i >= 0; i--) {
    for (let j = fork.length - 1; j >= 0; j--) {
      common[i]![j] = then[i] === fork[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < then.length || j < fork.length) {
    if (i < then.length && j < fork.length && then[i] === fork[j]) {
      lines.push(`  ${then[i] ?? ''}`);
      i += 1;
      j += 1;
    } else if (j >= fork.length || (i < then.length && at(i + 1, j) >= at(i, j + 1))) {
      lines.push(`- ${then[i] ?? ''}`);
      i += 1;
    } else {
      lines.push(`+ ${fork[j] ?? ''}`);
      j += 1;
    }
  }
  return lines;
}
