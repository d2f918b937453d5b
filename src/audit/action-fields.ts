/**
 * The fields that an action's record has: who, under which mode, with which confidence and risk, with what inputs, by whose
 * approval, and how it ended. Inputs and outputs stand as hashes under the subject's key: whole, and readable in the history.
 * Pure ring.
 * @source execution model 7.1, 12.6
 */
import type { EngineEvent } from '../engine/effects';
import { layoutOf, planNodeOf } from '../engine/layout';
import type { EngineState } from '../engine/state';
import type { TraceEvent } from '../engine/trace';
import { assess } from '../governance/assess';
import { parseFacts } from '../governance/facts-parse';
import { overrideFigures, SPEC_FIGURES } from '../governance/figures';
import type { Attempt } from '../kernel/failure';
import { recordedJson, type Json, type JsonObject } from '../kernel/json';
import type { OutcomeRun, Tools } from './derived';
import { hexOf } from './hex';

interface Context {
  readonly outcome: string;
  readonly start: OutcomeRun['start'];
  readonly state: EngineState;
  readonly tools: Tools;
}

/** Empty for notes that tell of no firing and no undo. */
export function actionFields(note: TraceEvent, event: EngineEvent | undefined, context: Context): JsonObject {
  if (event?.kind === 'undone' && (note.kind === 'comp.ok' || note.kind === 'comp.failed')) {
    return { action: `${context.outcome}#${event.node}`, ...attemptsOf(event.result.attempts) };
  }
  if (note.kind !== 'awf.ok' && note.kind !== 'awf.failed' && note.kind !== 'awf.held') return {};
  if (event?.kind !== 'fired' || event.node !== note.node) return {};
  return firingFields(note, event, context);
}

function firingFields(
  note: Extract<TraceEvent, { kind: 'awf.ok' | 'awf.failed' | 'awf.held' }>,
  { node, result }: Extract<EngineEvent, { kind: 'fired' }>,
  { outcome, start, state, tools }: Context,
): JsonObject {
  const { plan, cause, under } = start;
  const hash = (value: Json | undefined): string | null =>
    value === undefined ? null : tools.keyed(recordedJson(value));
  const { input, firings } = state.nodes[node] ?? {};
  const output = result.kind === 'committed' ? result.output : undefined;
  const awf = plan.awfs[note.awf];
  return {
    action: `${outcome}#${node}`,
    runbook: plan.runbook.id,
    ...(under?.automation === undefined ? {} : { automation: under.automation }),
    proposal: 'event' in cause ? cause.event : outcome,
    firing: firings ?? 1,
    reversibility: awf?.reversibility ?? 'irreversible',
    cost: { ...awf?.cost },
    input: hash(input),
    output: hash(output),
    approvals: approvalsIn(plan, state, result.decision),
    outcome: result.kind === 'committed' ? 'success' : result.kind === 'held' ? 'held' : 'failure',
    ...(result.kind === 'failed' ? { class: result.failure.class, effect: result.failure.effect } : {}),
    ...('attempts' in result ? attemptsOf(result.attempts) : {}),
    ...decisionFields(result.decision, tools),
    ...subsystemFields(note.awf, { input, output, hash }),
  };
}

/** Failed attempts before, each with its times and what failed; messages may be personal and stay in the history. */
function attemptsOf(attempts: readonly Attempt[] | undefined): JsonObject {
  if (attempts === undefined || attempts.length === 0) return {};
  return {
    attempts: attempts.map(({ n, startedAt, endedAt, failure }) => ({
      n,
      startedAt,
      endedAt,
      ...(failure === undefined ? {} : { code: failure.code, class: failure.class }),
    })),
  };
}

/** Mode, confidence and risk as they were decided by, and the digest of the whole decision, which the history holds. */
function decisionFields(decision: Json | undefined, { sha256 }: Tools): JsonObject {
  if (typeof decision !== 'object' || decision === null || Array.isArray(decision)) return {};
  const { mode, fire, facts, figures } = decision as JsonObject;
  const read = parseFacts(facts);
  const digest = hexOf(sha256(recordedJson(decision)));
  const base = { decision: digest, mode: mode ?? null, fire: fire ?? null };
  if (!read.ok) return base;
  const overridden = overrideFigures((figures ?? {}) as JsonObject);
  const { risk, confidence } = assess(read.value, overridden.ok ? overridden.value : SPEC_FIGURES);
  return { ...base, confidence: confidence.effective, riskClass: risk.class, riskScore: risk.score };
}

/** Who approved so far: at gates of the outcome, and of this action alone. */
function approvalsIn(
  plan: OutcomeRun['start']['plan'],
  { nodes }: EngineState,
  decision: Json | undefined,
): Json[] {
  const layout = layoutOf(plan);
  const gates = Object.keys(nodes).flatMap((id): JsonObject[] => {
    const { output } = nodes[id]!;
    if (planNodeOf(layout, id)?.kind !== 'gate' || typeof output !== 'object' || output === null) return [];
    const by = (output as JsonObject)['by'];
    return typeof by === 'string' ? [{ gate: id, by }] : [];
  });
  const said = factsOf(decision)?.['approvals'];
  return [...gates, ...(Array.isArray(said) ? (said as Json[]) : [])];
}

/** Who answers for the action by name, as it was decided; `undefined` where nobody does, or nothing was decided. */
export function personIn(decision: Json | undefined): string | undefined {
  const person = factsOf(decision)?.['startedByPerson'];
  return typeof person === 'string' ? person : undefined;
}

function factsOf(decision: Json | undefined): JsonObject | null {
  const facts = ((decision ?? null) as JsonObject | null)?.['facts'];
  return (facts ?? null) as JsonObject | null;
}

/** What CiteMind's actions add: which engine, which action, and where content came from and went. */
function subsystemFields(
  awf: string,
  {
    input,
    output,
    hash,
  }: {
    readonly input: Json | undefined;
    readonly output: Json | undefined;
    readonly hash: (value: Json | undefined) => string | null;
  },
): JsonObject {
  const subsystem = SPEC_FIGURES.profiles[awf]?.subsystem ?? null;
  const [, engine] = /^citemind\.engine_([0-9])$/.exec(subsystem ?? '') ?? [];
  if (engine === undefined) return {};
  return {
    engineId: Number(engine),
    engineAction: awf,
    contentSource: hash(memberOf(input, 'contentSourceId')),
    distributionTargets: hash(
      memberOf(output, 'distributionTargets') ?? memberOf(input, 'distributionTargets'),
    ),
    citationSurface: hash(memberOf(output, 'citationSurface')),
  };
}

const memberOf = (value: Json | undefined, name: string): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)[name]
    : undefined;
