/**
 * The registry of configuration keys: what each means, its type with bounds, its unit, its default, and which way it
 * tightens. Fixed keys stand here by name, families by the parts of their name; nothing else can be configured.
 * Authoring ring. A figure of the authority rules keeps its home in `src/governance`; `figures.` only opens it.
 */
import { z } from 'zod';
import { AUTOPILOT_SCOPES, MODES, RISK_CLASSES, type Mode } from '../governance/mode';
import { printDuration } from '../kernel/duration';
import { canonicalJson, type Json } from '../kernel/json';
import { calendarSchema } from './calendar';
import { count, duration } from './value-types';

/** Which of two values is tighter: a number's side, a place in a list of words (tightest first), or a smaller set. */
export type Tightening = 'lower' | 'higher' | 'subset' | readonly (string | boolean)[];

export interface KeySpec<T = unknown> {
  /** One sentence for people, shown by `config explain`. */
  readonly meaning: string;
  /** Its bounds are part of the type. */
  readonly schema: z.ZodType<T>;
  /** Of the value as held, such as `ms`; absent for words and lists. */
  readonly unit?: string;
  /** Where no layer sets it; absent where whoever reads it has a default of its own, as an AWF's contract has. */
  readonly default?: T;
  /** Absent where neither direction is tighter: such a key can be locked, and can't be `tightenOnly`. */
  readonly tighter?: Tightening;
  /** Where the default or the rule comes from. */
  readonly source?: string;
}

export const LANE_CHOICES = ['auto', 'local', 'remote'] as const;
export type LaneChoice = (typeof LANE_CHOICES)[number];

const lane = z.enum(LANE_CHOICES);
const mode = z.enum(MODES);
const wait = duration('1m', '400d');
const attempt = duration('100ms', '24h');
const window = duration('0s', '400d');
const names = z.array(z.string().min(1).max(200)).max(1_000);

const key = <T>(spec: KeySpec<T>): KeySpec<T> => spec;
const gateExpiry = (approval: string): KeySpec<number> =>
  key({
    meaning: `how long a gate of type ${approval} waits for a decision, where its runbook does not say`,
    schema: wait,
    unit: 'ms',
    tighter: 'lower',
    source: 'execution model 8.3',
  });

/** Keys with a fixed name. */
export const KEYS = {
  lane: key<LaneChoice>({
    meaning:
      'where actions fire: in the worker of the outcome, through a task queue, or as the compiler chooses',
    schema: lane,
    default: 'auto',
    source: 'DESIGN 5',
  }),
  ceiling: key<Mode>({
    meaning: 'the most authority any action has here, whatever dial and trust say',
    schema: mode,
    default: 'autopilot',
    tighter: MODES,
    source: 'execution model 2.2',
  }),
  'dial.default': key<Mode>({
    meaning: 'the dial of an automation that sets none',
    schema: mode,
    default: 'observe',
    tighter: MODES,
    source: 'theory of operations 3',
  }),
  'autopilot.actions': key<string[]>({
    meaning: 'the actions selected for autopilot, where the tier opens it for selected actions',
    schema: names,
    default: [],
    tighter: 'subset',
    source: 'execution model 2.2',
  }),
  'gate.confirm.expiresAfter': gateExpiry('confirm'),
  'gate.review.expiresAfter': gateExpiry('review'),
  'gate.approve.expiresAfter': gateExpiry('approve'),
  'gate.chain.expiresAfter': gateExpiry('chain'),
  'escalation.expiresAfter': key<number>({
    meaning: 'how long an escalation waits for a person, where its runbook does not say',
    schema: wait,
    unit: 'ms',
    tighter: 'lower',
    source: 'execution model 8.3',
  }),
  undoWindow: key<number>({
    meaning:
      'how long after completion an outcome can still be backstepped; the AWFs of the plan can only shorten it',
    schema: window,
    unit: 'ms',
    source: 'theory of operations 4',
  }),
  'limits.actionsPerHour': key<number>({
    meaning:
      'actions one automation may fire alone in an hour before a person is asked, where it does not say',
    schema: count(0, 1_000_000),
    unit: 'actions',
    tighter: 'lower',
    source: 'theory of operations 4',
  }),
  'limits.outcomesPerDay': key<number>({
    meaning: 'outcomes one automation may start in a day, where it does not say',
    schema: count(0, 1_000_000),
    unit: 'outcomes',
    tighter: 'lower',
    source: 'theory of operations 4',
  }),
  'limits.outcomesPerEntityPerDay': key<number>({
    meaning: 'outcomes one automation may start in a day for one entity, where it does not say',
    schema: count(0, 10_000),
    unit: 'outcomes',
    tighter: 'lower',
    source: 'theory of operations 4',
  }),
  'limits.concurrent': key<number>({
    meaning: 'actions of one automation that execute at once, where it does not say',
    schema: count(0, 100_000),
    unit: 'actions',
    tighter: 'lower',
    source: 'theory of operations 4',
  }),
} as const;

export type FixedKey = keyof typeof KEYS;

/** Type of the value of a fixed key; `undefined` where it has no default and no layer sets it. */
export type FixedValue<K extends FixedKey> = (typeof KEYS)[K] extends KeySpec<infer T> ? T : never;

/** Last part of `awf.<AWF>.…`. */
export const AWF_KEYS = {
  lane: key({ meaning: 'where this AWF fires; stronger than `lane`, weaker than a node', schema: lane }),
  timeout: key({
    meaning: "one attempt's bound, in place of the contract's",
    schema: attempt,
    unit: 'ms',
    tighter: 'lower',
    source: 'execution model 8.3',
  }),
  undoWindow: key({
    meaning: "how long after its commit this AWF can be undone, in place of the contract's",
    schema: window,
    unit: 'ms',
  }),
  ceiling: key({ meaning: 'the most authority this AWF has', schema: mode, tighter: MODES }),
} as const satisfies Record<string, KeySpec>;

/** Last part of `node.<runbook>/<node>.…`. */
export const NODE_KEYS = {
  lane: key({ meaning: 'where this node fires; stronger than its AWF', schema: lane }),
  timeout: key({
    meaning: "one attempt's bound of this node; stronger than its AWF",
    schema: attempt,
    unit: 'ms',
    tighter: 'lower',
  }),
  passive: key({
    meaning: 'whether the engine only says what it would do at this node, and does nothing',
    schema: z.boolean(),
    default: false,
    tighter: [true, false],
    source: 'theory of operations 3',
  }),
} as const satisfies Record<string, KeySpec>;

/** `calendar.<name>`: as many as a tenant likes, and one that says no is enough. */
export const CALENDAR_KEY = key({
  meaning: 'when changes may be made here: never in the windows of a freeze, only in those of maintenance',
  schema: calendarSchema,
  source: 'DESIGN 6',
});

/** Which way a figure tightens, by the end of its path; first match. A figure that none names has no order. */
const FIGURE_ORDERS: readonly (readonly [RegExp, Tightening])[] = [
  [/(^|\.)ceiling$|^reversibility\.tiers\.\w+\.ceiling$/, MODES],
  [/^(eligibility\.\w+\.tiers|tiers\.autopilot)\./, AUTOPILOT_SCOPES],
  [/^tiers\.guardrails\..*\.limits\.|^tiers\.approvalChainDepth\./, 'lower'],
  [/^automation\.blastRadius\.(actionsPerHour|mostAtOnceShare|stopAtErrorShare)$/, 'lower'],
  [/^automation\.breaker\.opensAboveErrorShare$/, 'lower'],
  [/\.confidenceFrom$|\.(successes|daysActive)$|^confidence\.decay\.ratePerDay$/, 'higher'],
  [/\.failureRateBelow$|\.maxRetries$|^lifecycle\./, 'lower'],
  [/\.(riskClasses|reversibilities)$/, 'subset'],
  [/\.riskClass$/, [...RISK_CLASSES].reverse()],
  [/\.neverAutopilot$|\.humanStep$/, [true, false]],
];

export function figureOrder(path: string): Tightening | undefined {
  return FIGURE_ORDERS.find(([pattern]) => pattern.test(path))?.[1];
}

/**
 * Whether `value` is looser than `than`. Values that the order does not know, such as a figure set to null, which means
 * "by contract", count as loosest: what can't be compared must not slip past a bound.
 */
export function isLooser(order: Tightening, value: Json, than: Json): boolean {
  if (order === 'lower' || order === 'higher') {
    const sign = order === 'lower' ? 1 : -1;
    const loosest = sign * Infinity;
    const [a, b] = [value, than].map((one) => (typeof one === 'number' ? one : loosest)) as [number, number];
    return sign * (a - b) > 0;
  }
  if (order === 'subset') {
    if (!Array.isArray(than)) return false;
    return (
      !Array.isArray(value) || value.some((member) => !(than as readonly Json[]).includes(member as Json))
    );
  }
  const place = (one: Json): number => {
    const index = order.indexOf(one as string | boolean);
    return index < 0 ? order.length : index;
  };
  return place(value) > place(than);
}

/** A held value as people write it: durations with their units, all else as JSON. */
export function showValue(spec: Pick<KeySpec, 'unit'>, value: Json): string {
  return spec.unit === 'ms' && typeof value === 'number' ? printDuration(value) : canonicalJson(value);
}
