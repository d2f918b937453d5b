/**
 * Why one action fired, waits, was denied or was taken back, at the three levels of 7.2: one line; the reasons with every rule; the
 * whole chain of causes with its data. Derived from histories alone.
 * Adapter ring; pure functions over a story. It tells; the decision is made again, and nothing comes of it.
 * @source execution model 7.2
 */
import type { AwfContract } from '../dsl/awf';
import { layoutOf, planNodeOf } from '../engine/layout';
import type { Attempt } from '../kernel/failure';
import { decideAgain, type Decision } from '../governance/decide';
import { emergencyBy } from '../governance/emergency';
import { explain } from '../governance/explain';
import { SPEC_FIGURES } from '../governance/figures';
import type { RiskClass } from '../governance/mode';
import { printShare } from '../governance/rule';
import { riskClassOf, riskScore } from '../governance/risk';
import type { Json } from '../kernel/json';
import { ok, type Result } from '../kernel/result';
import type { PlannedAwf } from '../plan/plan';
import { tellAction, type ActionStep } from '../projection/action-story';
import { chainOf, type ChainLink } from './causal-chain';
import { behind } from './fork-point';
import type { Story } from './history-source';
import { refuseReplay, type ReplayRefusal } from './refusal';

export type Level = 1 | 2 | 3;

/** The technical detail of level 2. */
export interface Detail {
  /** What set it off, such as `event workday.hired` or `person:mary.major`. */
  readonly triggerSignal: string;
  /** How sure the signal was, in [0, 1]; null where nothing was decided. */
  readonly signalConfidence: number | null;
  /** The runbook that the signal was matched to, and the share of its runs that went well, in [0, 1]. */
  readonly patternMatch: { readonly runbook: string; readonly rate: number | null };
  /** What made it risky; an emergency in which it was let go is one, and none of the mitigations. */
  readonly riskFactors: readonly string[];
  readonly mitigationsApplied: readonly string[];
  /** What it was to do and how often that goes well; and the same of the outcome it is a step of. */
  readonly expectedOutcome: {
    readonly primary: string;
    readonly probability: number | null;
    readonly secondary: string;
    readonly secondaryProbability: number | null;
  };
}

export interface Explanation {
  /** `<outcome id>#<node>`. */
  readonly action: string;
  readonly awf: string;
  /** Level 1. */
  readonly summary: string;
  readonly states: readonly ActionStep[];
  readonly detail: Detail;
  /** What every rule said, in words; empty where nothing governs it. */
  readonly words: readonly string[];
  /** Level 3: causes and consequences, in the order of their times. */
  readonly chain: readonly ChainLink[];
  /** Every failed attempt, as the barrier kept it. */
  readonly attempts: readonly Attempt[];
  /** The last decision, with every fact and figure; null where nothing governs it. */
  readonly decision: Decision | null;
}

export interface ExplainOptions {
  readonly contracts: ReadonlyMap<string, AwfContract>;
  /** When the event that caused it came in, where that is known; in milliseconds since the epoch. */
  readonly receivedAt?: number;
}

/** Errors: `REPLAY_NODE_UNKNOWN`, `REPLAY_RECORD_UNREADABLE`. */
export function explainAction(
  story: Story,
  node: string,
  { contracts, receivedAt }: ExplainOptions,
): Result<Explanation, ReplayRefusal> {
  const action = `${story.id}#${node}`;
  const told = tellAction(story.told.trace, node);
  if (told === undefined)
    return refuseReplay('REPLAY_NODE_UNKNOWN', `\`${action}\`: the trace tells of no such action yet`);
  const decision = told.decision === undefined ? ok(null) : decisionOf(told.decision);
  if (!decision.ok) {
    return refuseReplay('REPLAY_RECORD_UNREADABLE', `\`${action}\`: the record can't be decided again`, {
      diagnostics: decision.error,
    });
  }
  const { awf, steps } = told;
  const summary = contracts.get(awf)?.summary ?? awf;
  const given: Given = { story, node, awf, summary, decision: decision.value };
  return ok({
    action,
    awf,
    summary: summaryOf(given),
    states: steps,
    detail: detailOf(given),
    words: decision.value === null ? [] : explain(decision.value),
    chain: chainOf(story, node, receivedAt === undefined ? {} : { receivedAt }),
    attempts: attemptsOn(story, node),
    decision: decision.value,
  });
}

/** The part of an explanation that a level has. */
export type ExplanationAtLevel = Pick<Explanation, 'action' | 'awf' | 'summary'> &
  Partial<Explanation> & { readonly level: Level };

export function atLevel(explanation: Explanation, level: Level): ExplanationAtLevel {
  const { action, awf, summary, states, detail, words } = explanation;
  if (level === 1) return { level, action, awf, summary };
  if (level === 2) return { level, action, awf, summary, states, detail, words };
  return { level, ...explanation };
}

/** Lines to print. */
export function explanationLines(explanation: Explanation, level: Level): readonly string[] {
  const { summary, states, detail, words, chain, decision, attempts } = explanation;
  if (level === 1) return [summary];
  const lines = [
    summary,
    states.map(({ state, at }) => `${clock(at)} ${state}`).join(' → '),
    ...detailLines(detail),
    ...(words.length === 0 ? ['it fired without a decision: nothing governs it'] : words),
  ];
  if (level === 2) return lines;
  const width = Math.max(...chain.map(({ t }) => relative(t).length));
  return [
    ...lines,
    'chain:',
    ...chain.map(({ t, step, what }) => `  ${relative(t).padStart(width)}  ${step.padEnd(12)}  ${what}`),
    ...(attempts.length === 0 ? [] : [`attempts ${JSON.stringify(attempts)}`]),
    ...(decision === null
      ? []
      : [
          `figures ${JSON.stringify(decision.figures)}`,
          ...`facts ${JSON.stringify(decision.facts, null, 2)}`.split('\n'),
        ]),
  ];
}

/** Time relative to the action: `t-2.3s`, `t-0`, `t+48h`. */
export function relative(ms: number): string {
  if (ms === 0) return 't-0';
  const size = Math.abs(ms);
  const sign = ms < 0 ? '-' : '+';
  if (size < 120_000) return `t${sign}${Number((size / 1000).toFixed(1))}s`;
  if (size < 7_200_000) return `t${sign}${Math.round(size / 60_000)}m`;
  return size < 172_800_000
    ? `t${sign}${Math.round(size / 3_600_000)}h`
    : `t${sign}${Math.round(size / 86_400_000)}d`;
}

interface Given {
  readonly story: Story;
  readonly node: string;
  readonly awf: string;
  /** What the AWF does, in words. */
  readonly summary: string;
  readonly decision: Decision | null;
}

/** "This action [verb] because [signal]. Expected impact: [outcome]. Risk: [level]." */
function summaryOf({ story, node, awf, summary, decision }: Given): string {
  const { plan } = story.start;
  const risk = decision?.risk.class ?? plannedRisk(plan.awfs[awf]);
  return (
    `\`${awf}\` for ${plan.entity.id} ${verbOf(story, node)} because ${signalOf(story)}. ` +
    `Expected impact: ${summary}, a step of ${plan.outcome}. Risk: ${risk}.`
  );
}

function verbOf({ told }: Story, node: string): string {
  const last = told.trace.findLast((event) => 'node' in event && event.node === node);
  switch (last?.kind) {
    case 'awf.ok':
      return 'was done';
    case 'awf.held':
      return `waits (${last.because}), it is proposed`;
    case 'awf.released':
    case 'awf.retry':
      return 'is tried again';
    case 'awf.failed':
      return last.code === 'ACTION_DENIED' ? 'was denied' : `failed (${last.code})`;
    case 'awf.skipped':
      return `was gone on without (${last.code})`;
    case 'comp.ok':
      return 'was done and taken back';
    case 'comp.failed':
    case 'incident.open':
      return `needs a person (${last.code})`;
    default:
      return 'was asked for';
  }
}

function signalOf({ start }: Story): string {
  const { cause, startedBy } = start;
  if ('person' in cause) return `${cause.person} asked for it`;
  const type = cause.type === undefined ? '' : ` (${cause.type})`;
  const [kind, name] = startedBy.split(/:(.*)/);
  return kind === 'automation'
    ? `event \`${cause.event}\`${type} selected automation \`${name ?? ''}\``
    : `event \`${cause.event}\`${type} came in`;
}

function detailOf({ story, node, awf, summary, decision }: Given): Detail {
  const { plan, cause, startedBy } = story.start;
  const parts = decision?.facts.confidence?.parts ?? null;
  return {
    triggerSignal: 'person' in cause ? cause.person : `event ${cause.type ?? cause.event}`,
    signalConfidence: parts?.signalQuality ?? null,
    patternMatch: { runbook: plan.runbook.id, rate: parts?.patternMatch ?? null },
    riskFactors: [
      ...riskFactorsOf(plan.awfs[awf], decision),
      ...emergenciesOf({ story, node, awf, summary, decision }),
    ],
    mitigationsApplied: mitigationsOf({ story, node, awf, summary, decision }, startedBy),
    expectedOutcome: {
      primary: summary,
      probability: parts?.historicalSuccess ?? null,
      secondary: `${plan.outcome} for ${plan.entity.id}`,
      secondaryProbability: parts?.patternMatch ?? null,
    },
  };
}

/** Dimensions that alone would be of medium risk, and what makes an effect hard to take back. */
function riskFactorsOf(planned: PlannedAwf | undefined, decision: Decision | null): readonly string[] {
  const dimensions = decision?.facts.action.risk ?? planned?.risk;
  const factors = Object.entries(dimensions ?? {}).flatMap(([name, value]: [string, number]) =>
    value >= SPEC_FIGURES.risk.classes.medium.from ? [`${name} ${printShare(value)}`] : [],
  );
  const reversibility = decision?.facts.action.reversibility ?? planned?.reversibility ?? 'full';
  const isExternal = decision?.facts.action.external ?? planned?.external ?? false;
  return [
    ...factors,
    ...(reversibility === 'full' ? [] : [`reversibility ${reversibility}`]),
    ...(isExternal ? ['seen outside'] : []),
  ];
}

/** Who let it go in the place of those who were asked, at gates before it or of itself: nobody else stood against harm there. */
function emergenciesOf({ story, node, decision }: Given): readonly string[] {
  const words = (by: string, reason?: string): string =>
    `passed in an emergency by ${by}${reason === undefined ? '' : `: ${reason}`}`;
  const gates = gatesBefore(story, node).flatMap(({ gate, by, glass, reason }) =>
    glass === true ? [`${gate} ${words(by, reason)}`] : [],
  );
  // They stand for each step of the chain.
  const people = new Set((decision?.facts.approvals ?? []).flatMap(({ by }) => emergencyBy(by) ?? []));
  const own = story.told.trace.filter((event) => event.kind === 'awf.approved' && event.node === node);
  const reasonOf = (by: string): string | undefined =>
    own.flatMap((event) => ('reason' in event && 'by' in event && event.by === by ? [event.reason] : []))[0];
  return [...gates, ...[...people].map((by) => words(by, reasonOf(by)))];
}

/** What people let through on the way to the action. */
function gatesBefore({ start, told }: Story, node: string) {
  const layout = layoutOf(start.plan);
  const id = planNodeOf(layout, node)?.id ?? '';
  return told.trace.flatMap((event) =>
    event.kind === 'gate.approved' && behind(layout, event.gate).has(id) ? [event] : [],
  );
}

/** What stood between the action and harm: its compensation, people, and the rules that bound it. */
function mitigationsOf({ story, node, awf, decision }: Given, startedBy: string): readonly string[] {
  const { plan } = story.start;
  const compensation = plan.awfs[awf]?.compensation;
  const gates = gatesBefore(story, node).flatMap(({ gate, by, glass }) =>
    glass === true ? [] : [`${gate} approved by ${by}`],
  );
  const approvals = (decision?.facts.approvals ?? []).flatMap(({ by, as, decision: said }) =>
    emergencyBy(by) === undefined ? [`${said} by ${by} as ${as}`] : [],
  );
  return [
    ...(compensation === undefined ? [] : [`compensation ${compensation} registered before it acted`]),
    ...gates,
    ...approvals,
    ...(decision?.facts.startedByPerson == null ? [] : [`answered for by ${decision.facts.startedByPerson}`]),
    ...(decision === null || decision.boundBy.length === 0
      ? []
      : [`bound by ${decision.boundBy.join(', ')}`]),
    ...(startedBy.startsWith('automation:') && decision !== null
      ? [`dial ${decision.facts.automation?.dial ?? 'observe'}`]
      : []),
  ];
}

function attemptsOn({ runs }: Story, node: string): readonly Attempt[] {
  const attempts = runs.flatMap(({ happenings }) =>
    happenings.flatMap(({ event }) =>
      event.kind === 'fired' && event.node === node && event.result.kind !== 'held'
        ? (event.result.attempts ?? [])
        : [],
    ),
  );
  return [...new Map(attempts.map((attempt) => [attempt.n, attempt])).values()];
}

const decisionOf = (record: Json) =>
  decideAgain(record as unknown as { readonly facts: unknown; readonly figures: Json });

const plannedRisk = (planned: PlannedAwf | undefined): RiskClass =>
  planned === undefined
    ? 'critical'
    : (planned.riskClass ?? riskClassOf(riskScore(planned.risk, SPEC_FIGURES), SPEC_FIGURES));

function detailLines(detail: Detail): readonly string[] {
  const { triggerSignal, signalConfidence, patternMatch, riskFactors, mitigationsApplied, expectedOutcome } =
    detail;
  const share = (value: number | null): string => (value === null ? '' : ` (${printShare(value)})`);
  const list = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join('; '));
  return [
    `signal ${triggerSignal}${share(signalConfidence)}, pattern ${patternMatch.runbook}${share(patternMatch.rate)}`,
    `risk factors: ${list(riskFactors)}`,
    `mitigations: ${list(mitigationsApplied)}`,
    `expected: ${expectedOutcome.primary}${share(expectedOutcome.probability)}; then ${expectedOutcome.secondary}${share(expectedOutcome.secondaryProbability)}`,
  ];
}

const clock = (at: number): string => new Date(at).toISOString().slice(11, 19);
