/**
 * The published JSON Schema of facts (draft 2020-12), as data: fields, units, bounds, defaults, and of each field which
 * direction is the stricter (`x-stricter`, `x-null`). The parser interprets this same value, so the two can't differ.
 * Pure ring. A default is the strictest reading; only what restricts (pauses, ceilings, policies, calendars, limits) and
 * what has happened to this very action (unknown failures) is taken as none where nothing is said.
 */
import type { Json } from '../kernel/json';
import {
  BREAKER_STATES,
  CALENDAR_KINDS,
  PAUSE_SCOPES,
  POLICY_EFFECTS,
  PRIORITIES,
  SELECTIONS,
} from './facts';
import { CATEGORIES } from './figures/authority';
import { GUARDRAIL_IDS, WINDOWS } from './figures/guardrails';
import {
  APPROVAL_TYPES,
  APPROVER_LEVELS,
  MODES,
  REVERSIBILITIES,
  RISK_CLASSES,
  TIERS,
  TRUST_LEVELS,
} from './mode';

export type SchemaType = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean';

/**
 * Which change makes a field stricter: a higher or lower number, an earlier or later word of its enum, the truth value,
 * one entry more or fewer. `unordered`: a name, or a field whose changes only mean something beside another's.
 */
export type Stricter = 'higher' | 'lower' | 'earlier' | 'later' | 'true' | 'more' | 'fewer' | 'unordered';

export interface SchemaNode {
  readonly type: SchemaType | readonly [SchemaType, 'null'];
  readonly description: string;
  readonly 'x-stricter'?: Stricter;
  /** What `null` is beside a value; unordered where not said. */
  readonly 'x-null'?: 'strictest' | 'loosest';
  readonly default?: Json;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  readonly items?: SchemaNode;
  readonly maxItems?: number;
  readonly enum?: readonly (string | number | null)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** Most entries of any list; a decision that needs more is a configuration gone wrong. */
export const MAX_LIST = 256;
/** Most characters of any name. */
const MAX_NAME = 512;
/** Largest whole number that JSON carries exactly. */
export const MAX_COUNT = Number.MAX_SAFE_INTEGER;
/** The last moment of the year 9999: later ones have no calendar window that a date can name. */
export const MAX_TIME = 253_402_300_799_999;

type Rest = Partial<SchemaNode>;

/** May be null, and must be said. */
const orNull = (node: SchemaNode): SchemaNode => ({
  ...node,
  type: typeof node.type === 'string' ? [node.type, 'null'] : node.type,
  ...(node.enum === undefined ? {} : { enum: [...node.enum, null] }),
});

/** May be null, and is where nothing is said. */
const nullable = (node: SchemaNode): SchemaNode => ({ ...orNull(node), default: null });

const object = (
  description: string,
  properties: Readonly<Record<string, SchemaNode>>,
  rest: Rest & { readonly optional?: readonly string[] } = {},
): SchemaNode => {
  const { optional = [], ...more } = rest;
  const required = Object.keys(properties).filter(
    (key) => properties[key]?.default === undefined && !optional.includes(key),
  );
  return { type: 'object', description, ...more, properties, required, additionalProperties: false };
};

const list = (description: string, stricter: Stricter, items: SchemaNode): SchemaNode => ({
  type: 'array',
  description,
  'x-stricter': stricter,
  default: [],
  maxItems: MAX_LIST,
  items,
});

const name = (description: string): SchemaNode => ({
  type: 'string',
  description,
  'x-stricter': 'unordered',
  minLength: 1,
  maxLength: MAX_NAME,
});

const words = (
  description: string,
  known: readonly string[],
  stricter: Stricter,
  rest: Rest = {},
): SchemaNode => ({ type: 'string', description, 'x-stricter': stricter, enum: known, ...rest });

const share = (description: string, stricter: Stricter, rest: Rest = {}): SchemaNode => ({
  type: 'number',
  description: `${description}; in [0, 1]`,
  'x-stricter': stricter,
  minimum: 0,
  maximum: 1,
  ...rest,
});

const count = (description: string, stricter: Stricter, rest: Rest = {}): SchemaNode => ({
  type: 'integer',
  description,
  'x-stricter': stricter,
  minimum: 0,
  maximum: MAX_COUNT,
  ...rest,
});

const time = (description: string, stricter: Stricter, rest: Rest = {}): SchemaNode => ({
  type: 'integer',
  description: `${description}; milliseconds since the epoch`,
  'x-stricter': stricter,
  minimum: 0,
  maximum: MAX_TIME,
  ...rest,
});

const flag = (description: string, rest: Rest = {}): SchemaNode => ({
  type: 'boolean',
  description,
  'x-stricter': 'true',
  ...rest,
});

const action = object('The action, from its contract and configuration.', {
  type: name('AWF name, or a row of the profile table; the table is looked up by it'),
  subsystem: nullable(
    name('Profile for an action type without a row of its own, such as `citemind.engine_2`'),
  ),
  category: nullable(words('Action category of 4.3; null where none fits', CATEGORIES, 'unordered')),
  external: flag('Whether it is felt outside the organisation; counts as an external action', {
    default: true,
  }),
  reversibility: words('How completely its effect can be undone', REVERSIBILITIES, 'later', {
    default: 'irreversible',
  }),
  risk: nullable(
    object('The four risk dimensions; null is unknown, and so critical unless its profile knows them', {
      externality: share('Internal to public-facing', 'higher'),
      magnitude: share('Scale of the worst outcome', 'higher'),
      recovery: share('Effort to put it right', 'higher'),
      precedent: share('Whether it sets a pattern', 'higher'),
    }),
  ),
  declaredRisk: nullable(
    words(
      'Risk class the contract declares; the stricter of it and the computed one counts',
      RISK_CLASSES,
      'later',
      {
        'x-null': 'loosest',
      },
    ),
  ),
  selection: words(
    'Whether the configuration selects it for autopilot, and in which scope',
    SELECTIONS,
    'earlier',
    {
      default: 'none',
    },
  ),
  priority: words('What may still fire in priority mode', PRIORITIES, 'earlier', { default: 'normal' }),
});

const confidence = nullable(
  object(
    'How probably it does what it should; null is unknown, and so insufficient',
    {
      value: nullable(share('Confidence the proposer gives; with parts, the lower counts', 'lower')),
      parts: nullable(
        object('The four components of 3.2', {
          signalQuality: share('Clarity of the triggering signal', 'lower'),
          historicalSuccess: share('Success rate of similar actions', 'lower'),
          patternMatch: share('Likeness to proven patterns', 'lower'),
          riskAssessment: nullable(share('Inverse of the identified risk; null is 1 − risk score', 'lower')),
        }),
      ),
      assessedAt: time('When it was assessed; it decays from then on', 'lower'),
      unknownFailures: count('Attempts of this action that ended with an unknown effect', 'higher', {
        default: 0,
      }),
    },
    { 'x-null': 'strictest' },
  ),
);

const trust = object(
  'What the tenant has earned; a standing of the trust ledger',
  {
    base: words('Level kept through the last critical failure', TRUST_LEVELS, 'earlier', { default: 'new' }),
    successes: count('Successful executions of this climb', 'lower'),
    failures: count('Failed executions of this climb, moderate and critical', 'higher'),
    criticalFailures: count('Critical ones among them', 'higher'),
    since: orNull(time('Start of the climb; null is never', 'higher', { 'x-null': 'strictest' })),
    lastActiveAt: orNull(
      time('Last execution; null is never, and so nothing is earned', 'lower', { 'x-null': 'strictest' }),
    ),
    score: share('Trust score as of the last execution', 'lower'),
  },
  {
    default: {
      base: 'new',
      successes: 0,
      failures: 0,
      criticalFailures: 0,
      since: null,
      lastActiveAt: null,
      score: 0,
    },
  },
);

const blastRadius = nullable(
  object(
    'How far the automation has reached; null is unknown',
    {
      limitPerHour: nullable(count('Actions it may fire alone in an hour; null is the default', 'lower')),
      firedThisHour: count('Actions it has fired in this UTC hour, this one not included', 'higher'),
      mostAtOnceShare: nullable(
        share('Largest share of the population at once; null is the default', 'lower'),
      ),
      inFlight: count('Actions in flight, this one not included', 'higher'),
      population: orNull(
        count('Entities it could act on; null where nothing is a share of', 'lower', { 'x-null': 'loosest' }),
      ),
      stopAtErrorShare: nullable(share('Share of failures at which it stops; null is the default', 'lower')),
      failed: count('Actions of it that failed in this UTC hour', 'higher'),
      finished: count('Actions of it that ended in this UTC hour, failed ones included', 'lower'),
    },
    { 'x-null': 'strictest' },
  ),
);

const usageOf = (guardrail: string): SchemaNode =>
  object(`Use of \`${guardrail}\` in its current window, in its unit`, {
    used: count('Units reserved or settled, this request not included', 'higher'),
    asked: count('Units this action asks for; 0 where it holds its reservation already', 'higher'),
  });

const perGuardrail = (node: (guardrail: string) => SchemaNode): Record<string, SchemaNode> =>
  Object.fromEntries(GUARDRAIL_IDS.map((guardrail) => [guardrail, node(guardrail)]));

export const FACTS_SCHEMA: SchemaNode & {
  readonly $schema: string;
  readonly $id: string;
  readonly title: string;
} = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'backstep:facts:1',
  title: 'Facts of one decision',
  ...object('Everything the authority rules read. A field left out has its default.', {
    v: {
      type: 'integer',
      description: 'Version of this form',
      'x-stricter': 'unordered',
      enum: [1],
      default: 1,
    },
    now: time('The moment of the decision', 'unordered'),
    startedByPerson: nullable(
      name('The person who started or fires it under their own name; null where an event did'),
    ),
    tenant: object(
      'The tenant',
      {
        tier: words('Plan tier', TIERS, 'earlier', { default: 'starter' }),
        limits: object(
          'Limits by the tenant’s contract: they stand in for Custom and tighten what is printed',
          perGuardrail((guardrail) => count(`Most of \`${guardrail}\` per window, in its unit`, 'lower')),
          { optional: GUARDRAIL_IDS, default: {} },
        ),
      },
      { default: { tier: 'starter', limits: {} } },
    ),
    action,
    confidence,
    trust,
    automation: nullable(
      object('The automation that binds the event; null where none does', {
        id: name('Its name'),
        dial: words('The most a person lets it do', MODES, 'earlier', { default: 'observe' }),
        killed: flag('Whether its kill switch is thrown'),
        blastRadius,
      }),
    ),
    passive: flag('Whether the node only watches', { default: false }),
    pauses: list(
      'Pauses in force over this action',
      'more',
      object('A pause', {
        scope: words('What is paused', PAUSE_SCOPES, 'unordered'),
        name: name('Its name or id'),
      }),
    ),
    ceilings: list(
      'Ceilings declared by contract, runbook, node, integration or configuration',
      'more',
      object('A ceiling', {
        source: name('Who declares it'),
        mode: words('The most it allows', MODES, 'earlier'),
      }),
    ),
    policies: list(
      'Verdicts of the tenant’s policies that apply',
      'more',
      object('A verdict', {
        id: name('The policy'),
        effect: words('What it says of firing', POLICY_EFFECTS, 'later'),
        ceiling: nullable(words('The most it allows', MODES, 'earlier', { 'x-null': 'loosest' })),
        approval: nullable(
          words('The least it asks of people', APPROVAL_TYPES, 'later', { 'x-null': 'loosest' }),
        ),
        approvers: list('Approvers it asks for: a level, or `person:<name>`', 'more', name('An approver')),
      }),
    ),
    calendars: list(
      'Change calendars that cover this action',
      'more',
      object('A calendar', {
        id: name('Its name'),
        kind: words(
          'Freeze: nothing fires inside its windows. Maintenance: nothing fires outside them',
          CALENDAR_KINDS,
          'unordered',
        ),
        windows: list(
          'Its windows near now',
          'unordered',
          object('From, inclusive, to, exclusive', {
            from: time('Start', 'unordered'),
            to: time('End', 'unordered'),
          }),
        ),
      }),
    ),
    system: nullable(
      object(
        'The system it acts on',
        {
          name: name('The system'),
          breaker: words('Its circuit breaker', BREAKER_STATES, 'later', { default: 'open' }),
          retryAt: nullable(
            time('Earliest call the system asked for (429)', 'higher', { 'x-null': 'loosest' }),
          ),
        },
        { 'x-null': 'loosest' },
      ),
    ),
    usage: object(
      'Counters of the guardrails; one that applies and is missing holds the action',
      perGuardrail(usageOf),
      { optional: GUARDRAIL_IDS, default: {} },
    ),
    limits: list(
      'Rate limits of the automation and of the customer',
      'more',
      object('A limit', {
        id: name('Its name'),
        window: words('What it counts over', WINDOWS, 'unordered'),
        limit: count('Most per window', 'lower'),
        used: count('Units used, this request not included', 'higher'),
        asked: count('Units asked for', 'higher', { default: 1 }),
      }),
    ),
    approvals: list(
      'Decisions of people on this action, verified before they come here',
      'unordered',
      object('A decision', {
        by: name('The person'),
        as: words('Their level', APPROVER_LEVELS, 'earlier'),
        decision: words('What they decided', ['approved', 'rejected'], 'later'),
      }),
    ),
  }),
};
