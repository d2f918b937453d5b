/**
 * What differs between two decisions on one action: which rule now says what, and what that does to mode and firing.
 * Pure ring: values and words, no judgement of its own.
 */
import type { Json } from '../kernel/json';
import { jsonChanges, printValue, type Change } from '../kernel/json-changes';
import type { Decision, Finding } from './decide';
import { MODES, type Mode } from './mode';
import { FIRE_VERDICTS, type FireVerdict } from './rule';

/** Whether the second decision allows more, less, the same, or more in one way and less in the other. */
export type Shift = 'same' | 'freer' | 'stricter' | 'mixed';

/** What a rule said and says; absent on the side on which there is no such rule. */
export interface RuleChange {
  readonly rule: string;
  readonly spec: string;
  readonly was?: Pick<Finding, 'verdict' | 'because'>;
  readonly is?: Pick<Finding, 'verdict' | 'because'>;
}

export interface DecisionDifference {
  readonly shift: Shift;
  readonly mode: { readonly was: Mode; readonly is: Mode };
  readonly fire: { readonly was: FireVerdict; readonly is: FireVerdict };
  /** Rules whose verdict is another. */
  readonly verdicts: readonly RuleChange[];
  /** Rules that come to the same verdict for another reason. */
  readonly reasons: readonly RuleChange[];
  readonly boundBy: { readonly was: readonly string[]; readonly is: readonly string[] };
  /** Such as `{ was: 'none', is: 'approve' }`. */
  readonly approval: { readonly was: string; readonly is: string };
  /** Figures in force that are not the same, by path; what is absent stands as in the spec. */
  readonly figures: readonly Change[];
  readonly facts: readonly Change[];
}

export function compareDecisions(was: Decision, is: Decision): DecisionDifference {
  const changed = changedRules(was, is);
  const isVerdict = (change: RuleChange): boolean => change.was?.verdict !== change.is?.verdict;
  return {
    shift: shiftOf(was, is),
    mode: { was: was.mode, is: is.mode },
    fire: { was: was.fire, is: is.fire },
    verdicts: changed.filter(isVerdict),
    reasons: changed.filter((change) => !isVerdict(change)),
    boundBy: { was: was.boundBy, is: is.boundBy },
    approval: { was: was.approval.type, is: is.approval.type },
    figures: jsonChanges(was.figures, is.figures),
    facts: jsonChanges(was.facts as unknown as Json, is.facts as unknown as Json),
  };
}

const MAY = { allow: 'may fire', hold: 'is held', deny: 'is denied' } as const;

/** The difference in words: first what it comes to, then rule by rule, then what had changed underneath. */
export function explainDifference(difference: DecisionDifference): readonly string[] {
  const { shift, mode, fire, verdicts, reasons, approval, boundBy, figures, facts } = difference;
  const lines = [summaryOf(shift, mode, fire)];
  if (boundBy.is.join() !== boundBy.was.join())
    lines.push(`bound by ${listed(boundBy.is)}; it was bound by ${listed(boundBy.was)}`);
  if (approval.was !== approval.is) lines.push(`approval ${approval.is}; it was ${approval.was}`);
  for (const { rule, spec, was, is } of [...verdicts, ...reasons]) {
    lines.push(`  ${rule}: ${saysOf(is)}; it was ${saysOf(was)}  [${spec}]`);
  }
  for (const { path, was, is } of figures)
    lines.push(`  figure ${path}: ${printValue(is)}; it was ${printValue(was)}`);
  for (const { path, was, is } of facts)
    lines.push(`  fact ${path}: ${printValue(is)}; it was ${printValue(was)}`);
  return lines;
}

function summaryOf(shift: Shift, mode: DecisionDifference['mode'], fire: DecisionDifference['fire']): string {
  if (shift === 'same') return `it is decided as it was: mode ${mode.is}, ${MAY[fire.is]}`;
  const steps = [
    mode.was === mode.is ? `mode ${mode.is} as before` : `mode ${mode.is}, it was ${mode.was}`,
    fire.was === fire.is ? `it ${MAY[fire.is]} as before` : `it ${MAY[fire.is]}, it ${PAST[fire.was]}`,
  ];
  return `it is decided ${shift === 'mixed' ? 'otherwise' : shift}: ${steps.join('; ')}`;
}

const PAST = { allow: 'could fire', hold: 'was held', deny: 'was denied' } as const;

const listed = (rules: readonly string[]): string => (rules.length === 0 ? 'nothing' : rules.join(', '));

const saysOf = (finding: RuleChange['is']): string =>
  finding === undefined ? 'not asked' : `${finding.verdict} (${finding.because})`;

/** Modes are ordered from strict to free, verdicts on firing too. */
function shiftOf(was: Decision, is: Decision): Shift {
  const steps = [
    MODES.indexOf(is.mode) - MODES.indexOf(was.mode),
    FIRE_VERDICTS.indexOf(is.fire) - FIRE_VERDICTS.indexOf(was.fire),
  ];
  const isFreer = steps.some((step) => step > 0);
  const isStricter = steps.some((step) => step < 0);
  if (isFreer && isStricter) return 'mixed';
  return isFreer ? 'freer' : isStricter ? 'stricter' : 'same';
}

function changedRules(was: Decision, is: Decision): readonly RuleChange[] {
  const names = new Set([...was.rules, ...is.rules].map(({ rule }) => rule));
  return [...names].sort().flatMap((rule) => {
    const before = was.rules.find((finding) => finding.rule === rule);
    const after = is.rules.find((finding) => finding.rule === rule);
    if (before?.verdict === after?.verdict && before?.because === after?.because) return [];
    return [
      {
        rule,
        spec: (after ?? before)!.spec,
        ...(before === undefined ? {} : { was: said(before) }),
        ...(after === undefined ? {} : { is: said(after) }),
      },
    ];
  });
}

const said = ({ verdict, because }: Finding): Pick<Finding, 'verdict' | 'because'> => ({ verdict, because });
