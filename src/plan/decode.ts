/**
 * From bytes to a plan. Total: any text gives a plan that is whole, or what is wrong with it.
 * Pure ring.
 */
import type { Diagnostic } from '../kernel/diagnostic';
import { canonicalJson } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import { checkLinks } from './links';
import { PLAN_FORMAT, type Plan } from './plan';
import {
  amount,
  anything,
  count,
  flag,
  fraction,
  isObject,
  keyedBy,
  later,
  listOf,
  mapOf,
  name,
  object,
  oneOf,
  taggedBy,
  text,
  type Shape,
} from './shape';

/** Diagnostics told of one malformed plan. */
const SHOWN = 20;

/**
 * The plan in `bytes`, which need not be canonical. Errors: `PLAN_FORMAT_UNKNOWN`, `PLAN_MALFORMED`.
 * What comes out is whole: ids are unique, every edge, AWF, checkpoint and reference has its target.
 */
export function decodePlan(bytes: string): Result<Plan, readonly Diagnostic[]> {
  const parsed = parse(bytes);
  if (!parsed.ok) return err([parsed.error]);
  const value = parsed.value;
  const format = isObject(value) ? value['format'] : undefined;
  if (typeof format === 'number' && format !== PLAN_FORMAT) {
    return err([
      {
        code: 'PLAN_FORMAT_UNKNOWN',
        at: 'plan › format',
        message: `the plan has format ${format}: this program knows ${PLAN_FORMAT}`,
        help: 'use a newer program, or compile the plan again',
      },
    ]);
  }
  const wrong = checkPlan(value);
  return wrong.length > 0 ? err(wrong.slice(0, SHOWN)) : ok(value as Plan);
}

/** Why a value is no plan, or none that is whole; empty where it is one. */
export function checkPlan(value: unknown): readonly Diagnostic[] {
  const wrong: Diagnostic[] = [];
  plan(value, 'plan', wrong);
  return wrong.length > 0 ? wrong : checkLinks(value as Plan);
}

function parse(bytes: string): Result<unknown, Diagnostic> {
  try {
    const value: unknown = JSON.parse(bytes);
    // What has no canonical form, such as half a character or a tower of brackets, can't be a plan.
    canonicalJson(value);
    return ok(value);
  } catch {
    return err({
      code: 'PLAN_MALFORMED',
      at: 'plan',
      message: 'it is no JSON that a plan could be',
      help: 'give what `backstep compile --json` printed',
    });
  }
}

const path = listOf(text);

const expression: Shape = later(() =>
  keyedBy({
    lit: object({ lit: anything }),
    ref: object({
      ref: taggedBy('from', {
        node: object({ from: text, node: name, path }),
        param: object({ from: text, path }),
        entity: object({ from: text, path }),
        event: object({ from: text, path }),
        item: object({ from: text, each: name, path }),
      }),
    }),
    obj: object({ obj: mapOf(expression) }),
    list: object({ list: listOf(expression) }),
    join: object({ join: listOf(expression) }),
  }),
);

const block: Shape = later(() => object({ nodes: listOf(node) }));

const course: Shape = later(() =>
  taggedBy('do', {
    retry: object({ do: text, afterMs: count, max: count, then: course }),
    skip: object({ do: text }, { output: expression }),
    branch: object({ do: text, body: block }, { output: expression }),
    escalate: object({ do: text, to: listOf(name), expiresAfterMs: count }, { ask: text }),
    backstep: object({ do: text }, { to: name, body: block }),
  }),
);

const exit = object({ codes: listOf(name), course });

const hours = object({ timezone: name, days: listOf(count), from: count, to: count });

const waitFor = keyedBy({
  time: object({ time: count }),
  until: object({ until: expression }),
  signal: object({ signal: name }, { timeoutMs: count, onTimeout: course }),
  businessHours: object({ businessHours: hours }),
});

const base = { kind: text, id: name };
const after = { after: listOf(name) };

const node: Shape = taggedBy('kind', {
  action: object(
    { ...base, awf: name, input: expression, lane: oneOf('local', 'remote') },
    { ...after, timeoutMs: count, pivot: oneOf(true), exits: listOf(exit) },
  ),
  gate: object(
    {
      ...base,
      approval: oneOf('confirm', 'review', 'approve', 'chain'),
      by: listOf(name),
      expiresAfterMs: count,
      onRejected: course,
      onExpired: course,
    },
    { ...after, ask: text },
  ),
  wait: object({ ...base, for: waitFor }, after),
  choice: object({ ...base, on: expression, cases: mapOf(block) }, { ...after, outputs: mapOf(expression) }),
  each: object({ ...base, over: expression, max: count, parallel: flag, body: block }, after),
  checkpoint: object(base, after),
  end: object({ ...base, how: oneOf('complete', 'backstep') }, { ...after, reason: text }),
});

const bound = object({ value: anything, from: text }, { at: text });

const awf = object(
  {
    version: count,
    effect: oneOf('read', 'mutate'),
    reversibility: oneOf('full', 'partial', 'irreversible'),
    risk: object({ externality: fraction, magnitude: fraction, recovery: fraction, precedent: fraction }),
    external: flag,
    timeoutMs: count,
  },
  {
    riskClass: oneOf('low', 'medium', 'high', 'critical'),
    category: text,
    cost: mapOf(amount),
    compensation: name,
  },
);

const retry = object({ max: count, delaysMs: listOf(count) });

const plan = object({
  format: oneOf(PLAN_FORMAT),
  tenant: text,
  outcome: text,
  runbook: object({ id: text, version: text, domain: text }),
  entity: object({ id: text, fields: mapOf(anything) }),
  event: mapOf(anything),
  params: mapOf(bound),
  awfs: mapOf(awf),
  body: block,
  retry: object({ transient: retry, recoverable: retry, permanent: retry, unknown: retry }),
  ruleset: text,
  undoWindowMs: count,
});
