/**
 * Rehearse: an event once more, through the catalog and the configuration of today: selected, compiled, decided and simulated. What
 * ran then stands beside it.
 * Adapter ring. Everything runs over the simulator: there is nothing here that could fire an action or start an outcome.
 */
import type { CloudEvent } from '../config/cloud-event';
import type { Diagnostic } from '../kernel/diagnostic';
import type { AwfContract } from '../dsl/awf';
import { layoutOf } from '../engine/layout';
import type { EngineState } from '../engine/state';
import type { TraceEvent } from '../engine/trace';
import { decide } from '../governance/decide';
import type { Facts } from '../governance/facts';
import type { Figures } from '../governance/figures';
import type { Mode } from '../governance/mode';
import type { FireVerdict } from '../governance/rule';
import type { JsonObject } from '../kernel/json';
import type { Change } from '../kernel/json-changes';
import { err, ok, type Result } from '../kernel/result';
import { changesOf } from '../plan/changes';
import type { BoundValue, Plan } from '../plan/plan';
import { simulate } from '../simulator/simulator';
import { deciderFor, deciderOver, type Decided, type Decider } from './decider';
import type { Story } from './history-source';
import { refuseReplay, type ReplayRefusal } from './refusal';
import { decisionsOn } from './review';
import type { CompiledToday, CompileToday, Today } from './today';

/** What is rehearsed: an event, an outcome that ran, or both, where the event of the outcome is at hand. */
export interface RehearsalRequest {
  readonly event?: CloudEvent;
  readonly story?: Story;
}

export interface RehearsedDecision {
  readonly node: string;
  readonly awf: string;
  readonly mode: Mode;
  readonly fire: FireVerdict;
  /** What holds or denies it. */
  readonly because: readonly string[];
  /** What was decided then; absent where the action did not run then, or nothing governed it. */
  readonly was?: { readonly mode: Mode; readonly fire: FireVerdict };
}

export interface Rehearsal {
  /** The outcome that ran then; absent where an event is rehearsed alone. */
  readonly ran?: string;
  readonly selected: {
    readonly outcome: string;
    readonly entity: string;
    /** Absent where a person named the outcome. */
    readonly automation?: string;
    /** Whether selection was rehearsed too; it needs the event itself. */
    readonly isRehearsed: boolean;
  };
  /** Whose fields the plan was compiled with: those of today, or of then where the graph has the entity no more. */
  readonly entityFrom: 'today' | 'then';
  readonly planId: string;
  readonly plan: Plan;
  readonly was?: {
    readonly planId: string;
    readonly automation?: string;
    readonly changes: readonly Change[];
  };
  readonly decisions: readonly RehearsedDecision[];
  readonly trace: readonly TraceEvent[];
  readonly phase: EngineState['phase'];
}

/** Errors: `REPLAY_REHEARSAL_REFUSED` with the reasons, `REPLAY_CATALOG_MISSING`. */
export async function rehearse(
  { event, story }: RehearsalRequest,
  today: Today,
): Promise<Result<Rehearsal, ReplayRefusal>> {
  const asked = await askFor(
    { ...(event === undefined ? {} : { event }), ...(story === undefined ? {} : { story }) },
    today,
  );
  if (!asked.ok) return refused('today no automation takes the event', asked.error);
  const { request, selected, entityFrom } = asked.value;
  const compiled = today.compile(request);
  if (!compiled.ok)
    return refused(`${request.outcome} does not compile today for ${request.entity.id}`, compiled.error);
  const { plan, planId } = compiled.value;
  const missing = Object.keys(plan.awfs).filter((awf) => !today.contracts.has(awf));
  if (missing.length > 0)
    return refuseReplay('REPLAY_CATALOG_MISSING', `today’s catalog has no AWF \`${missing.join('`, `')}\``);
  const heard: Decided[] = [];
  const decider = await deciderOf(compiled.value, story, today, (decided) => heard.push(decided));
  const { trace, state } = await simulatedBy(plan, decider, today.contracts);
  return ok({
    ...(story === undefined ? {} : { ran: story.id }),
    selected,
    entityFrom,
    planId,
    plan,
    ...(story === undefined ? {} : { was: ranThen(story, plan) }),
    decisions: heard.map((decided) => besideThen(decided, story)),
    trace,
    phase: state.phase,
  });
}

interface Asked {
  readonly request: CompileToday;
  readonly selected: Rehearsal['selected'];
  readonly entityFrom: Rehearsal['entityFrom'];
}

async function askFor(
  { event, story }: RehearsalRequest,
  today: Today,
): Promise<Result<Asked, readonly Diagnostic[]>> {
  if (event !== undefined) return askByEvent(event, story, today);
  if (story === undefined) return err([]);
  const { plan } = story.start;
  const entity = await entityOf(today, plan.entity.id, story);
  const request = compileRequestOf(story, entity.fields);
  return ok({
    request,
    selected: {
      outcome: plan.outcome,
      entity: plan.entity.id,
      ...('automation' in request.who ? { automation: request.who.automation } : {}),
      isRehearsed: false,
    },
    entityFrom: entity.from,
  });
}

/** What an outcome's plan was compiled from, as far as its history tells: to compile the same again. */
export function compileRequestOf({ start }: Story, fields: JsonObject): CompileToday {
  const { plan, startedBy, under, cause } = start;
  const named = startedBy.startsWith('automation:') ? startedBy.slice('automation:'.length) : undefined;
  const automation = under?.automation ?? named;
  const given = (from: string): Readonly<Record<string, BoundValue>> =>
    Object.fromEntries(Object.entries(plan.params).filter(([, bound]) => bound.from === from));
  const run = Object.entries(given('run')).map(([name, { value }]) => [name, value] as const);
  return {
    outcome: plan.outcome,
    entity: { id: plan.entity.id, fields },
    ...(Object.keys(plan.event).length === 0 ? {} : { event: plan.event }),
    given: { automation: given('automation'), run: Object.fromEntries(run) },
    who: automation === undefined ? { person: 'person' in cause ? cause.person : startedBy } : { automation },
  };
}

async function askByEvent(
  event: CloudEvent,
  story: Story | undefined,
  today: Today,
): Promise<Result<Asked, readonly Diagnostic[]>> {
  const selection = await today.select(event);
  if (!selection.ok) return err([selection.error]);
  const { automation, outcome, entity: id, params } = selection.value;
  const entity = await entityOf(today, id, story);
  const { data } = event;
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
  return ok({
    request: {
      outcome,
      entity: { id, fields: entity.fields },
      ...(isObject ? { event: data as JsonObject } : {}),
      given: { automation: params },
      who: { automation: automation.id },
    },
    selected: { outcome, entity: id, automation: automation.id, isRehearsed: true },
    entityFrom: entity.from,
  });
}

/** The entity as it is known today; as the plan of then had it where it is in the graph no more. */
async function entityOf(
  today: Today,
  id: string,
  story: Story | undefined,
): Promise<{ readonly fields: JsonObject; readonly from: 'today' | 'then' }> {
  const fields = await today.entity(id);
  if (fields !== undefined) return { fields, from: 'today' };
  const then = story?.start.plan.entity;
  return then?.id === id ? { fields: then.fields, from: 'then' } : { fields: {}, from: 'today' };
}

/**
 * By the data of then where decisions are on record, so that what differs comes from rules and configuration; else by what is
 * known now.
 */
async function deciderOf(
  { plan, under }: CompiledToday,
  story: Story | undefined,
  today: Today,
  heard: (decided: Decided) => void,
): Promise<Decider> {
  const isDecided = story?.told.trace.some((event) => 'decision' in event) === true;
  if (story !== undefined && isDecided) return deciderFor(story, 'today', { today, plan, under, heard });
  const known = new Map<string, { readonly facts: Facts; readonly figures: Figures }>();
  for (const awf of actionsOf(plan)) {
    const contract = today.contracts.get(awf);
    if (contract === undefined) continue;
    const [facts, { figures }] = await Promise.all([
      today.facts(under, contract),
      today.rules(under, contract),
    ]);
    known.set(awf, { facts, figures });
  }
  return deciderOver((_node, contract) => {
    const { facts, figures } = known.get(contract.name)!;
    return decide(facts, figures);
  }, heard);
}

/** AWFs that nodes fire; those that only undo are decided by nobody. */
const actionsOf = (plan: Plan): ReadonlySet<string> =>
  new Set(
    [...layoutOf(plan).blocks.values()].flatMap(({ nodes }) =>
      nodes.flatMap((node) => (node.kind === 'action' ? [node.awf] : [])),
    ),
  );

async function simulatedBy(
  plan: Plan,
  decider: Decider,
  contracts: ReadonlyMap<string, AwfContract>,
): Promise<{ readonly trace: readonly TraceEvent[]; readonly state: EngineState }> {
  const asked = new Map<string, number>();
  return simulate({
    plan,
    contracts,
    oracle: {
      fire: (node, contract) => {
        const nth = (asked.get(node) ?? 0) + 1;
        asked.set(node, nth);
        return decider(node, contract, nth);
      },
    },
  });
}

function ranThen({ start }: Story, plan: Plan): NonNullable<Rehearsal['was']> {
  const automation = start.under?.automation;
  return {
    planId: start.planId,
    ...(automation === undefined ? {} : { automation }),
    changes: changesOf(start.plan, plan),
  };
}

function besideThen({ node, awf, decision }: Decided, story: Story | undefined): RehearsedDecision {
  const { mode, fire, blocks } = decision;
  const then = story === undefined ? undefined : decisionsOn(story.told.trace, node).at(-1);
  const record =
    then?.awf === awf
      ? (then.record as unknown as { readonly mode: Mode; readonly fire: FireVerdict })
      : undefined;
  return {
    node,
    awf,
    mode,
    fire,
    because: blocks.map(({ because }) => because),
    ...(record === undefined ? {} : { was: { mode: record.mode, fire: record.fire } }),
  };
}

const refused = (message: string, diagnostics: readonly Diagnostic[]): Result<never, ReplayRefusal> =>
  refuseReplay('REPLAY_REHEARSAL_REFUSED', message, { diagnostics });
