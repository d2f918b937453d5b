/**
 * `decide`: what the engine may do with one action now, with every reason and every fact it read.
 * Pure ring, total: the mode is the strictest that any rule allows, firing is what no rule holds or denies, and a fact
 * that is not known reads as the strictest one. Deciding again from the recorded facts gives the same bytes.
 */
import type { Json, JsonObject } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import type { Diagnostic } from '../kernel/diagnostic';
import { approvalRequirement, type ApprovalRequirement } from './approval';
import { assess, type ConfidenceView, type Degradation, type GuardrailView, type RiskView } from './assess';
import type { Facts } from './facts';
import { compactFacts, parseFacts } from './facts-parse';
import { overrideFigures, SPEC_FIGURES, type Figures } from './figures';
import { strictestMode, type Mode } from './mode';
import { FIRE_VERDICTS, type Block, type FireVerdict, type Given, type Rule } from './rule';
import { RULES } from './rules';
import type { TrustView } from './trust';

/** What one rule said; it always says something. */
export interface Finding {
  readonly rule: string;
  /** The most it allows, or, of a firing rule, whether the action may fire. */
  readonly verdict: Mode | FireVerdict;
  readonly because: string;
  /** Sections of the execution model, the theory of operations (`theory n`) or the design (`DESIGN n`). */
  readonly spec: string;
}

export interface DecisionBlock extends Block {
  readonly rule: string;
}

/** How the action is put before people. @source execution model 3.3 */
export type Proposal = 'withheld' | 'with_warnings' | 'shown' | 'not_needed';

export interface Decision {
  readonly v: 1;
  readonly mode: Mode;
  /** Whether it may fire now: yes, not yet, or not at all. */
  readonly fire: FireVerdict;
  /** The rules whose verdict is the mode; none in autopilot, where nothing binds. */
  readonly boundBy: readonly string[];
  readonly proposal: Proposal;
  readonly approval: ApprovalRequirement;
  /** All that holds or denies it, with what would release it. */
  readonly blocks: readonly DecisionBlock[];
  readonly risk: RiskView;
  readonly confidence: ConfidenceView;
  readonly trust: TrustView;
  readonly guardrails: readonly GuardrailView[];
  readonly degradations: readonly Degradation[];
  /** What people should be told although it does not stop the action. */
  readonly warnings: readonly string[];
  /** By name of rule. */
  readonly rules: readonly Finding[];
  /** What the figures in force change of the spec's. */
  readonly figures: JsonObject;
  /** Every fact that was read. */
  readonly facts: Facts;
}

/** What must be kept of a decision to make it again: its facts and figures, without what defaults say anyway. */
export interface DecisionRecord {
  readonly v: 1;
  readonly mode: Mode;
  readonly fire: FireVerdict;
  readonly figures: JsonObject;
  readonly facts: JsonObject;
}

/**
 * @param facts as `parseFacts` gives them
 * @param figures as `SPEC_FIGURES` or `overrideFigures` gives them
 * @param rules any order of the rules; the order has no effect
 */
export function decide(
  facts: Facts,
  figures: Figures = SPEC_FIGURES,
  rules: readonly Rule[] = RULES,
): Decision {
  const given: Given = { ...assess(facts, figures), facts, figures };
  const byName = rules === RULES ? RULES_BY_NAME : sorted(rules);
  const ceilings = byName.flatMap((rule) =>
    'judge' in rule ? [{ rule: rule.rule, spec: rule.spec, ...rule.judge(given) }] : [],
  );
  const mode = ceilings.length === 0 ? 'observe' : strictestMode(ceilings.map(({ verdict }) => verdict));
  const binding = ceilings.filter(({ verdict }) => verdict === mode && mode !== 'autopilot');
  const approval = approvalRequirement(facts, given, mode, figures);

  const findings: Finding[] = [];
  const blocks: DecisionBlock[] = [];
  let judged = 0;
  for (const rule of byName) {
    if (!('judgeFiring' in rule)) {
      const { verdict, because, spec } = ceilings[judged++]!;
      findings.push({ rule: rule.rule, verdict, because, spec });
      continue;
    }
    const { because, blocks: raised = [] } = rule.judgeFiring({
      ...given,
      mode,
      ceilings: binding,
      approval,
    });
    findings.push({ rule: rule.rule, verdict: strictestFire(raised), because, spec: rule.spec });
    blocks.push(...raised.map((block) => ({ rule: rule.rule, ...block })));
  }
  return {
    v: 1,
    mode,
    fire: strictestFire(blocks),
    boundBy: binding.map(({ rule }) => rule),
    proposal: proposalOf(given, mode),
    approval,
    blocks: blocks.sort((a, b) => (blockKey(a) < blockKey(b) ? -1 : 1)),
    risk: given.risk,
    confidence: given.confidence,
    trust: given.trust,
    guardrails: given.guardrails,
    degradations: given.degradations,
    warnings: warningsOf(given),
    rules: findings,
    figures: figures.overrides,
    facts,
  };
}

/** In the order in which a decision tells them, whatever order they come in. */
const sorted = (rules: readonly Rule[]): readonly Rule[] =>
  [...rules].sort((a, b) => (a.rule < b.rule ? -1 : 1));

const RULES_BY_NAME = sorted(RULES);

/** The part of a decision that is worth its bytes in a history; `decideAgain` gives the whole of it back. */
export function recordOf({ v, mode, fire, figures, facts }: Decision): DecisionRecord {
  return { v, mode, fire, figures, facts: compactFacts(facts) };
}

/**
 * The decision that a record, or a whole decision, was made by: with the facts and figures it names and today's rules.
 * Errors: the diagnostics of `parseFacts` and `overrideFigures`, for a record that was tampered with or is of another time.
 */
export function decideAgain(record: {
  readonly facts: unknown;
  readonly figures: Json;
}): Result<Decision, readonly Diagnostic[]> {
  const facts = parseFacts(record.facts);
  if (!facts.ok) return facts;
  const figures = figuresNamed(record.figures);
  return figures.ok ? ok(decide(facts.value, figures.value)) : figures;
}

/** The figures that a decision names by what they change of the spec's. Errors: the diagnostics of `overrideFigures`. */
export function figuresNamed(overrides: Json): Result<Figures, readonly Diagnostic[]> {
  if (typeof overrides !== 'object' || overrides === null || Array.isArray(overrides)) {
    return err([{ code: 'FIGURES_INVALID', at: 'figures', message: 'must be an object' }]);
  }
  return Object.keys(overrides).length === 0 ? ok(SPEC_FIGURES) : overrideFigures(overrides as JsonObject);
}

function strictestFire(blocks: readonly { readonly verdict: FireVerdict }[]): FireVerdict {
  return FIRE_VERDICTS.find((verdict) => blocks.some((block) => block.verdict === verdict)) ?? 'allow';
}

function blockKey({ rule, cause, verdict, because }: DecisionBlock): string {
  return `${rule}\n${cause}\n${verdict}\n${because}`;
}

function proposalOf({ facts, confidence }: Given, mode: Mode): Proposal {
  if (mode === 'autopilot' || facts.startedByPerson !== null) return 'not_needed';
  if (confidence.band === 'insufficient') return 'withheld';
  return confidence.band === 'low' ? 'with_warnings' : 'shown';
}

function warningsOf({ facts, confidence, guardrails, trust, figures }: Given): readonly string[] {
  const warnings: string[] = [];
  if (facts.startedByPerson === null && confidence.band === 'low') warnings.push('confidence is low');
  if (trust.effective !== trust.earned)
    warnings.push(`trust is lowered from ${trust.earned} to ${trust.effective}`);
  for (const { guardrail, level, counts, used, asked, limit } of guardrails) {
    if (!counts || level === 'granted' || level === 'unknown') continue;
    const label = figures.tiers.guardrails[guardrail].label;
    warnings.push(`${label}: ${(used ?? 0) + (asked ?? 0)} of ${limit} (${level})`);
  }
  return warnings;
}
