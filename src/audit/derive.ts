/**
 * What a run of an outcome owes the PolicyLog: entries, derived from its history alone, each from the event that told of it.
 * The same history gives the same entries, and a longer one the same ones and more, so that a log can be written while the
 * outcome runs and derived again when it is checked.
 * Pure ring. `docs/formats/policy-log.md` says which event owes which record; goldens hold the bytes.
 */
import type { EngineEvent } from '../engine/effects';
import { beginningOf, steps, type Step } from '../engine/fold';
import type { TraceEvent } from '../engine/trace';
import type { JsonObject } from '../kernel/json';
import { actionFields, personIn } from './action-fields';
import { actorOf } from './actor';
import type { Aside, Derived, OutcomeRun, Tools } from './derived';
import { noteData, RECORD_OF_NOTE } from './notes';
import type { Actor, Entry, RecordKind } from './record';

/** The entries of one run, in the order in which the workflow learned of what they tell. */
export function deriveOutcome(run: OutcomeRun, tools: Tools): readonly Derived[] {
  const { start, at } = run;
  const owed = new Owed(run);
  const asked = new Map<string, EngineEvent>();
  let last: Step | undefined;
  for (const step of steps(start.plan, beginningOf(at, start), run.happenings)) {
    const happening = step.index === undefined ? undefined : run.happenings[step.index];
    const eventId = happening?.eventId ?? 1;
    const when = happening?.at ?? at;
    for (const note of step.trace) owed.note(note, step, { eventId, tools });
    // Until its check has answered nobody knows what came of it.
    if (step.answer === 'checking' && step.event !== undefined)
      asked.set(`c${step.state.checks?.asked ?? 0}`, step.event);
    const refused = refusalOf(step, asked);
    if (refused !== undefined) owed.add({ ...refused, at: when }, eventId);
    last = step;
  }
  if (run.end !== undefined && isByForce(run.end.how)) owed.terminated(run.end, last);
  return owed.entries;
}

class Owed {
  readonly entries: Derived[] = [];
  private readonly parts = new Map<number, number>();
  private readonly outcome: string;

  constructor(private readonly run: OutcomeRun) {
    this.outcome = run.start.of ?? run.workflow;
  }

  add(
    what: Pick<Entry, 'at' | 'kind' | 'actor' | 'data'> & { readonly node?: string },
    eventId: number,
    aside?: Aside,
  ): void {
    const { workflow, run, start } = this.run;
    const part = this.parts.get(eventId) ?? 0;
    this.parts.set(eventId, part + 1);
    const origin = { workflow, run, event: eventId, part };
    const entry: Entry = { tenant: start.plan.tenant, outcome: this.outcome, origin, ...what };
    this.entries.push(aside === undefined ? { entry } : { entry, aside });
  }

  note(
    note: TraceEvent,
    step: Step,
    { eventId, tools }: { readonly eventId: number; readonly tools: Tools },
  ): void {
    const kind = RECORD_OF_NOTE[note.kind];
    if (kind === null) return;
    const { at } = note;
    const actor = this.actor(note, step);
    if (note.kind === 'outcome') {
      const { id } = this.run.start.plan.entity;
      this.add({ at, kind, actor, data: this.beginning(tools) }, eventId, { entity: id });
      return;
    }
    const node = 'node' in note ? note.node : 'gate' in note ? note.gate : undefined;
    const context = { outcome: this.outcome, start: this.run.start, state: step.state, tools };
    const fields = actionFields(note, step.event, context);
    const decision = 'decision' in note ? note.decision : undefined;
    this.add(
      {
        at,
        kind,
        actor,
        data: { ...noteData(note, tools), ...fields },
        ...(node === undefined ? {} : { node }),
      },
      eventId,
      decision === undefined ? undefined : { decision },
    );
  }

  terminated(end: NonNullable<OutcomeRun['end']>, last: Step | undefined): void {
    const nodes = Object.entries(last?.state.nodes ?? {});
    // What a history holds and the workflow was never told.
    const standing = nodes
      .filter(([, { undo }]) => undo === 'acted' || undo === 'intended')
      .map(([id]) => id);
    const data: JsonObject = {
      how: end.how,
      ...(end.identity === undefined ? {} : { identity: end.identity }),
      ...(end.reason === undefined ? {} : { reason: end.reason }),
      phase: last?.state.phase ?? 'running',
      standing: standing.sort(),
    };
    const actor: Actor = { kind: 'system', id: 'temporal' };
    this.add({ at: end.at, kind: 'outcome.terminated', actor, data }, end.eventId);
  }

  private beginning({ keyed }: Tools): JsonObject {
    const { plan, planId, cause, under, correlation } = this.run.start;
    return {
      code: plan.outcome,
      runbook: plan.runbook.id,
      version: plan.runbook.version,
      domain: plan.runbook.domain,
      plan: planId,
      ruleset: plan.ruleset,
      cause: { ...cause },
      entity: keyed(plan.entity.id),
      ...(under?.automation === undefined ? {} : { automation: under.automation }),
      ...(under?.person === undefined ? {} : { person: under.person }),
      ...(correlation === undefined ? {} : { correlation }),
    };
  }

  /** Whoever the note names; else who acted, where it was a person's act; else the engine, or who answers for it. */
  private actor(note: TraceEvent, { event }: Step): Actor {
    const { start } = this.run;
    if (note.kind === 'outcome') return actorOf(start.startedBy);
    if ('by' in note && typeof note.by === 'string') return actorOf(note.by);
    if (event?.kind === 'fired') {
      // Who took a proposal, or one action of it, answers for what fires from then on; what was decided says who that is.
      const isOwn = 'awf' in note && note.node === event.node;
      const person = (isOwn ? personIn(event.result.decision) : undefined) ?? start.under?.person;
      if (person !== undefined) return actorOf(person);
    }
    const by = event === undefined ? undefined : actorNamedBy(event);
    if (by !== undefined) return actorOf(by);
    const automation = start.under?.automation;
    return { kind: 'engine', id: automation === undefined ? 'backstep' : `automation:${automation}` };
  }
}

function actorNamedBy(event: EngineEvent): string | undefined {
  if (event.kind === 'decide') return event.decision.by;
  return 'by' in event && typeof event.by === 'string' ? event.by : undefined;
}

/** Acts that changed nothing owe a record, too: that somebody tried. */
function refusalOf(
  { event: heard, answer, trace }: Step,
  asked: ReadonlyMap<string, EngineEvent>,
): Pick<Entry, 'kind' | 'actor' | 'data'> | undefined {
  const event = heard?.kind === 'checked' ? asked.get(heard.check) : heard;
  if (event === undefined || answer === 'done' || answer === 'checking') return undefined;
  const by = actorNamedBy(event);
  // Told by a note of its own, or an answer to the engine's own machinery.
  if (by === undefined || trace.length > 0) return undefined;
  const actor = actorOf(by);
  if (event.kind === 'decide') {
    const { gate, verdict, reason } = event.decision;
    const kind: RecordKind = answer === 'kept' ? 'gate.kept' : 'gate.refused';
    return { kind, actor, data: { gate, verdict, answer, ...(reason === undefined ? {} : { reason }) } };
  }
  if (answer === 'kept') return undefined;
  const reason = 'reason' in event ? event.reason : undefined;
  const node = 'node' in event ? { target: event.node } : {};
  return {
    kind: 'outcome.refused',
    actor,
    data: { act: event.kind, answer, ...node, ...(reason === undefined ? {} : { reason }) },
  };
}

/** A run that completed, or went on in another, told its end itself. */
const isByForce = (how: string): boolean => how !== 'completed' && how !== 'continued';
