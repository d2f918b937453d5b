/**
 * Pass 8, freeze: the draft becomes the plan. Defaults and what nothing reads are left out, because every byte stands in
 * the first event of every history.
 * Authoring ring.
 */
import { DEFAULTS } from '../dsl/defaults';
import type { AnyAwf } from '../dsl/catalog';
import type { SourceBusinessHours } from '../dsl/source';
import { durationMs, parseDuration } from '../kernel/duration';
import type { JsonObject } from '../kernel/json';
import type { Expression } from '../plan/expression';
import { PLAN_LIMITS } from '../plan/limits';
import {
  PLAN_FORMAT,
  type ActionNode,
  type Block,
  type BoundValue,
  type BusinessHours,
  type Course,
  type Plan,
  type PlannedAwf,
  type PlanNode,
  type WaitNode,
} from '../plan/plan';
import type { Context } from './context';
import { expressionsOf, type DraftBlock, type DraftCourse, type DraftNode } from './draft';
import { isMs, timeoutOf, undoWindowOf, type Firing } from './lanes';

export function freeze(context: Context, body: DraftBlock, firings: ReadonlyMap<string, Firing>): Plan {
  const { request } = context;
  const { runbook } = request;
  const frozen = new Freezer(context, firings).block(body);
  noteReads(context);
  const awfs = plannedAwfs(context);
  const undoWindowMs = undoWindow(context);
  return {
    format: PLAN_FORMAT,
    tenant: request.tenant,
    outcome: runbook.outcome,
    runbook: { id: runbook.id, version: runbook.version, domain: runbook.domain },
    entity: { id: request.entity.id, fields: readFields(context, 'entity') },
    event: readFields(context, 'event'),
    params: readParams(context),
    awfs,
    body: frozen,
    retry: request.retry,
    ruleset: request.ruleset,
    undoWindowMs,
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

class Freezer {
  constructor(
    private readonly context: Context,
    private readonly firings: ReadonlyMap<string, Firing>,
  ) {}

  block(block: DraftBlock): Block {
    return { nodes: block.nodes.map((node) => this.node(node)) };
  }

  private node(node: DraftNode): PlanNode {
    if (node.kind === 'action') return this.action(node);
    const base = node.after.length === 0 ? { id: node.id } : { id: node.id, after: node.after };
    switch (node.kind) {
      case 'gate': {
        const { approval } = node;
        return {
          ...base,
          kind: 'gate',
          approval,
          by: node.by.map((approver) => this.text(approver)),
          expiresAfterMs: this.expiry(
            node.expiresAfter,
            `gate.${approval}.expiresAfter`,
            DEFAULTS.gateExpiresAfter,
          ),
          ...(node.ask && { ask: this.text(node.ask) }),
          onRejected: this.course(node.onRejected),
          onExpired: this.course(node.onExpired),
        };
      }
      case 'wait':
        return { ...base, kind: 'wait', for: this.waitFor(node.for) };
      case 'choice': {
        const outputs = Object.keys(node.outputs).length > 0 ? { outputs: node.outputs } : {};
        return { ...base, kind: 'choice', on: node.on, cases: this.blocks(node.cases), ...outputs };
      }
      case 'each': {
        const { over, max, parallel } = node;
        return { ...base, kind: 'each', over, max, parallel, body: this.block(node.body) };
      }
      case 'checkpoint':
        return { ...base, kind: 'checkpoint' };
      case 'end':
        return {
          ...base,
          kind: 'end',
          how: node.how,
          ...(node.reason !== undefined && { reason: node.reason }),
        };
    }
  }

  /** Member by member: with many thousands of actions, copying a base into each takes longer than all else here. */
  private action(node: DraftNode & { readonly kind: 'action' }): ActionNode {
    const firing = this.firings.get(node.id);
    const action: Mutable<ActionNode> = {
      id: node.id,
      kind: 'action',
      awf: node.awf,
      input: node.input,
      lane: firing?.lane ?? 'remote',
    };
    if (node.after.length > 0) action.after = node.after;
    if (firing?.timeoutMs !== undefined) action.timeoutMs = firing.timeoutMs;
    if (node.pivot) action.pivot = true;
    if (node.exits.length > 0) {
      action.exits = node.exits.map(({ codes, course }) => ({ codes, course: this.course(course) }));
    }
    return action;
  }

  private waitFor(what: (DraftNode & { readonly kind: 'wait' })['for']): WaitNode['for'] {
    if ('time' in what) return { time: msOf(what.time) };
    if ('until' in what) return { until: what.until };
    if ('businessHours' in what) return { businessHours: hoursOf(what.businessHours) };
    const timeoutMs = what.timeout === undefined ? PLAN_LIMITS.waitMs : msOf(what.timeout);
    return { signal: what.signal, timeoutMs, onTimeout: this.course(what.onTimeout) };
  }

  private blocks(blocks: { readonly [value: string]: DraftBlock }): { readonly [value: string]: Block } {
    return Object.fromEntries(Object.entries(blocks).map(([value, block]) => [value, this.block(block)]));
  }

  private course(course: DraftCourse): Course {
    switch (course.do) {
      case 'retry':
        return { do: 'retry', afterMs: msOf(course.after), max: course.max, then: this.course(course.then) };
      case 'skip':
        return { do: 'skip', ...(course.output && { output: course.output }) };
      case 'branch':
        return {
          do: 'branch',
          body: this.block(course.body),
          ...(course.output && { output: course.output }),
        };
      case 'escalate':
        return {
          do: 'escalate',
          to: course.to.map((person) => this.text(person)),
          ...(course.ask && { ask: this.text(course.ask) }),
          expiresAfterMs: this.expiry(
            course.expiresAfter,
            'escalation.expiresAfter',
            DEFAULTS.escalationExpiresAfter,
          ),
        };
      case 'backstep':
        return {
          do: 'backstep',
          ...(course.to !== undefined && { to: course.to }),
          ...(course.body && { body: this.block(course.body) }),
        };
    }
  }

  /** As the runbook says, else as configured, else the default. */
  private expiry(written: string | undefined, key: string, standard: string): number {
    if (written !== undefined) return msOf(written);
    return this.context.setting(key, isMs, 'milliseconds') ?? durationMs(standard);
  }

  private text(expression: Expression): string {
    const value = this.context.known(expression);
    return typeof value === 'string' ? value : JSON.stringify(value ?? null);
  }
}

function hoursOf({ timezone, days, from, to }: SourceBusinessHours): BusinessHours {
  return {
    timezone,
    days: [...new Set(days)].sort((a, b) => a - b),
    from: minutesOf(from),
    to: minutesOf(to),
  };
}

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

/** Milliseconds of a duration that has been checked; a malformed one has been told of, and counts as none. */
function msOf(text: string): number {
  const parsed = parseDuration(text);
  return parsed.ok ? parsed.value : 0;
}

/** Remembers what the nodes of the plan read, beside what was read while compiling. */
function noteReads(context: Context): void {
  for (const node of context.nodes.values()) {
    for (const { of } of expressionsOf(node)) context.note(of);
    const given = node.kind === 'choice' ? Object.values(node.outputs) : [];
    for (const output of given) context.note(output);
    if (node.kind === 'action') {
      for (const { course } of node.exits) noteOutput(context, course);
    }
  }
}

function noteOutput(context: Context, course: DraftCourse): void {
  if (course.do === 'retry') noteOutput(context, course.then);
  else if (course.do === 'branch' && course.output !== undefined) context.note(course.output);
}

/** Fields that are read, sorted; what is wrong with one of them is told here. */
function readFields(context: Context, what: 'entity' | 'event'): JsonObject {
  const source = context.bindings[what];
  const names = [...context.read[what]].sort();
  for (const name of names) context.diagnostics.push(...(source.faults.get(name) ?? []));
  return Object.fromEntries(names.map((name) => [name, source.values[name] ?? null]));
}

/** Parameters that are read, and the settings that shaped the plan under `settings.<key>`. */
function readParams(context: Context): Plan['params'] {
  const { bound } = context.bindings.params;
  const params = [...context.read.param]
    .sort()
    .flatMap((name): [string, BoundValue][] => (bound[name] === undefined ? [] : [[name, bound[name]]]));
  const settings = [...context.applied]
    .filter(([, { from }]) => from !== 'default')
    .map(([key, value]): [string, BoundValue] => [`settings.${key}`, value]);
  return Object.fromEntries([...params, ...settings]);
}

function plannedAwfs(context: Context): Plan['awfs'] {
  const planned: Record<string, PlannedAwf> = {};
  const add = (name: string): void => {
    const awf = context.awf(name);
    if (awf === undefined || Object.hasOwn(planned, name)) return;
    planned[name] = freezeAwf(awf, timeoutOf(context, awf));
  };
  for (const node of context.nodes.values()) {
    if (node.kind !== 'action' || Object.hasOwn(planned, node.awf)) continue;
    add(node.awf);
    const compensation = context.awf(node.awf)?.compensation;
    if (compensation !== undefined) add(compensation.awf);
  }
  return planned;
}

/** What a plan holds of an AWF. `timeoutMs` bounds one attempt. */
export const freezeAwf = (awf: AnyAwf, timeoutMs: number): PlannedAwf => ({
  version: awf.version,
  effect: awf.effect,
  reversibility: awf.reversibility,
  risk: awf.risk,
  ...(awf.riskClass !== undefined && { riskClass: awf.riskClass }),
  ...(awf.category !== undefined && { category: awf.category }),
  external: awf.external,
  timeoutMs,
  ...(Object.keys(awf.cost).length > 0 && { cost: awf.cost }),
  ...(awf.compensation !== undefined && { compensation: awf.compensation.awf }),
});

/** The least of what its AWFs, its runbook and the configuration give; none where a pivot bars the way back. */
function undoWindow(context: Context): number {
  const actions = [...context.nodes.values()].filter((node) => node.kind === 'action');
  if (actions.some((node) => node.pivot)) return 0;
  const windows = [...new Set(actions.map((node) => node.awf))].flatMap((name) => {
    const awf = context.awf(name);
    return awf?.effect === 'mutate' ? [undoWindowOf(context, awf)] : [];
  });
  if (windows.length === 0) return 0;
  const { undoWindow: own } = context.request.runbook;
  const configured = context.setting('undoWindow', isMs, 'milliseconds');
  return Math.min(...windows, ...(own === undefined ? [] : [msOf(own)]), configured ?? Infinity);
}
