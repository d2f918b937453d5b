/**
 * The facts of one decision, from configuration, contract and what the database said at the instant of admission.
 * Adapter ring; pure functions. Nothing is judged here.
 */
import type { Under } from '../../workflows/protocol';
import { calendarAt, nearWindows } from '../config/calendar';
import type { AwfContract } from '../dsl/awf';
import { smoothedSuccessRate } from '../governance/confidence';
import type {
  ApprovalFacts,
  AutomationFacts,
  CalendarFacts,
  CalendarKind,
  Facts,
  LimitFacts,
  PauseScope,
} from '../governance/facts';
import { PAUSE_SCOPES } from '../governance/facts';
import { CATEGORIES, type Category } from '../governance/figures/authority';
import { GUARDRAIL_IDS, type GuardrailId } from '../governance/figures/guardrails';
import { APPROVER_LEVELS, isMode, type ApproverLevel } from '../governance/mode';
import { freshTrust, standingOf } from '../governance/trust';
import type { Json } from '../kernel/json';
import type { Ask, ControlSaid, Hold, Said } from '../store/authority';
import { keysOf, type Rules } from './rules';

export interface FactsInput {
  readonly rules: Rules;
  readonly contract: AwfContract;
  readonly under: Under;
  /** Id in the plan. */
  readonly node: string;
  readonly said: Said;
  readonly asks: readonly Ask[];
  /** Attempts of this action that ended with an unknown effect. */
  readonly unknownFailures: number;
  readonly now: number;
}

export function gatherFacts(input: FactsInput): Facts {
  const { rules, contract, under, said, now } = input;
  const { controls } = said;
  const of = (kind: string): readonly ControlSaid[] => controls.filter(({ k }) => k === kind);
  return {
    v: 1,
    now,
    startedByPerson: personOf(under, of('person')),
    tenant: { tier: rules.tier, limits: limitsOf(rules, controls) },
    action: {
      type: contract.name,
      subsystem: null,
      category: categoryOf(contract),
      external: contract.external,
      reversibility: contract.reversibility,
      risk: contract.risk,
      declaredRisk: contract.riskClass ?? null,
      selection: rules.selection,
      priority: rules.automation?.priority ?? 'normal',
    },
    confidence: {
      value: null,
      parts: {
        // An event that selected exactly one automation, about an entity that is known, leaves nothing open.
        signalQuality: 1,
        historicalSuccess: rateOf(said.memory.awf, rules),
        patternMatch: rateOf(said.memory.runbook, rules),
        riskAssessment: null,
      },
      assessedAt: Math.min(said.since, now),
      unknownFailures: input.unknownFailures,
    },
    trust: standingOf(said.trust ?? freshTrust(rules.figures)),
    automation: under.automation === undefined ? null : automationOf(input, under.automation, of),
    passive: isPassive(input),
    pauses: of('pause').flatMap(({ s, n }) => (isPauseScope(s) ? [{ scope: s, name: n }] : [])),
    ceilings: rules.ceilings,
    policies: [],
    calendars: [
      ...controls.flatMap((control) => calendarOf(control, now)),
      ...(rules.calendars ?? []).map(({ id, value }) => calendarAt(id, value, now)),
    ],
    system: { name: contract.system, breaker: said.breaker, retryAt: said.retryAt },
    usage: usageOf(said, rules),
    limits: limitFacts(input),
    approvals: controls.flatMap(approvalOf),
  };
}

/** Who answers for it by name: whoever took over this action, or all that an event had proposed, or started it. */
function personOf(under: Under, takenOver: readonly ControlSaid[]): string | null {
  const own = takenOver.find(({ s }) => s === 'action') ?? takenOver[0];
  return own?.b ?? under.person ?? null;
}

function automationOf(
  { rules, said }: FactsInput,
  id: string,
  of: (kind: string) => readonly ControlSaid[],
): AutomationFacts {
  const keys = keysOf(id);
  const used = (key: string): number => said.used[key] ?? 0;
  const set = of('dial')[0]?.v;
  const configured = rules.automation?.dial ?? 'observe';
  // It counts what stopped it until a person resumes it, whatever hour it is.
  const stopped = of('stopped')[0]?.v as Hold['stopped'];
  return {
    id,
    dial: isMode(set) ? set : configured,
    killed: of('kill').length > 0,
    blastRadius: {
      limitPerHour: rules.automation?.actionsPerHour ?? null,
      firedThisHour: used(keys.fired) - heldAlready(said, keys.fired),
      mostAtOnceShare: null,
      inFlight: Math.max(0, used(keys.flight) - heldAlready(said, keys.flight)),
      population: rules.population ?? null,
      stopAtErrorShare: null,
      failed: stopped?.failed ?? used(keys.failed),
      finished: stopped?.finished ?? used(keys.finished),
    },
  };
}

/** A retry asks for nothing, and its own units are among those in use. */
const heldAlready = (said: Said, key: string): number =>
  said.asked[key] === 0 && (said.used[key] ?? 0) > 0 ? 1 : 0;

function usageOf(said: Said, { figures }: Rules): Facts['usage'] {
  const usage: Partial<Record<GuardrailId, { used: number; asked: number }>> = {};
  for (const id of GUARDRAIL_IDS) {
    const used = said.used[id];
    const asked = said.asked[id] ?? 0;
    // One that only counts what asks for it, and that nobody has used, says nothing: it is left out of the record.
    const isIdle = used === 0 && asked === 0 && figures.tiers.guardrails[id].counts === 'asked';
    if (used !== undefined && !isIdle) usage[id] = { used, asked };
  }
  return usage;
}

/** Limits of the automation and of the entity; what was taken once for the outcome is not asked for again. */
function limitFacts({ asks, said }: FactsInput): readonly LimitFacts[] {
  return asks.flatMap(({ k, w, l, p }) =>
    l === null || p !== undefined
      ? []
      : [{ id: k, window: w, limit: l, used: said.used[k] ?? 0, asked: said.asked[k] ?? 0 }],
  );
}

/** In the order of the published form, so that the same facts are the same bytes. */
function limitsOf(rules: Rules, controls: readonly ControlSaid[]): Partial<Record<GuardrailId, number>> {
  const limits: Partial<Record<GuardrailId, number>> = {};
  for (const id of GUARDRAIL_IDS) {
    const set = controls.find(({ k }) => k === `limit:${id}`)?.v;
    const limit = typeof set === 'number' ? set : rules.limits[id];
    if (limit !== undefined) limits[id] = limit;
  }
  return limits;
}

/** By an act of control or by configuration; a node of a sub-runbook or of a for-each goes by the name its author gave it. */
function isPassive({ rules: { nodes }, node, said: { controls } }: FactsInput): boolean {
  if (controls.some(({ k }) => k === 'passive')) return true;
  if (nodes === undefined) return false;
  const name = nodes.nameOf(node);
  return nodes.passive.has(name) || controls.some(({ k }) => k === `passive:${name}`);
}

function calendarOf({ k, v }: ControlSaid, now: number): CalendarFacts[] {
  if (!k.startsWith('calendar:') || !isObject(v)) return [];
  const { kind, windows } = v;
  const known: CalendarKind = kind === 'maintenance' ? 'maintenance' : 'freeze';
  return [
    {
      id: k.slice('calendar:'.length),
      kind: known,
      windows: nearWindows(list(windows).flatMap(windowOf), now),
    },
  ];
}

function windowOf(window: Json): { readonly from: number; readonly to: number }[] {
  if (!isObject(window)) return [];
  const { from, to } = window;
  return typeof from === 'number' && typeof to === 'number' ? [{ from, to }] : [];
}

const list = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : [];

function approvalOf({ k, v, b }: ControlSaid): ApprovalFacts[] {
  if (!k.startsWith('approval:') || !isObject(v)) return [];
  const level: ApproverLevel = APPROVER_LEVELS.find((one) => one === v['as']) ?? 'user';
  return [{ by: b, as: level, decision: v['decision'] === 'rejected' ? 'rejected' : 'approved' }];
}

function rateOf(runs: readonly [number, number] | undefined, { figures }: Rules): number {
  const [successes, failures] = runs ?? [0, 0];
  return smoothedSuccessRate({ successes, failures }, figures);
}

const categoryOf = ({ category }: AwfContract): Category | null =>
  CATEGORIES.find((known) => known === category) ?? null;

const isPauseScope = (scope: string): scope is PauseScope =>
  (PAUSE_SCOPES as readonly string[]).includes(scope);

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
