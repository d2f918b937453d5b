/**
 * The shape of every configuration file, as zod schemas: what is checked here is what editors are told (docs/schemas).
 * Keys under `values` are judged one by one against the registry, not here.
 * Authoring ring.
 */
import { z } from 'zod';
import { PRIORITIES } from '../governance/facts';
import { MODES, TIERS } from '../governance/mode';
import { conditionSchema } from './condition';
import { SCOPED_LAYERS } from './layers';
import { NOTICE_KINDS } from './notice-kinds';
import { CONFIG_LIMITS } from './limits';
import { count, duration } from './value-types';

/** Names of tenants, teams, regions, classes, automations: safe in paths, ids and metrics. */
export const NAME = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/;
const name = z.string().max(CONFIG_LIMITS.nameLength).regex(NAME);
const text = z.string().min(1).max(1_000);
const member = z
  .string()
  .min(1)
  .max(CONFIG_LIMITS.nameLength)
  .regex(/^[A-Za-z][A-Za-z0-9_]*$/);
const template = z
  .string()
  .min(1)
  .max(500)
  .meta({ examples: ['person:{data.email|localpart|lower}'] });
const eventType = z
  .string()
  .min(1)
  .max(CONFIG_LIMITS.nameLength)
  .meta({ examples: ['com.acme.hr.contractor.hired'] });

const settings = {
  values: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'configuration keys and their values' }),
  locked: z
    .array(z.string())
    .optional()
    .meta({ description: 'keys that no more specific layer may set; `prefix.*` for all of a family' }),
  tightenOnly: z
    .array(z.string())
    .optional()
    .meta({ description: 'keys that more specific layers may only tighten; `prefix.*` for all of a family' }),
};

/** `config/global.yaml` and `config/tiers/<tier>.yaml`. */
export const sharedFile = z.strictObject(settings);

/** `config/<tenant>/tenant.yaml`. */
export const tenantFile = z.strictObject({
  name: text.meta({ description: 'the name people know the tenant by' }),
  tier: z.enum(TIERS),
  regions: z.array(name).optional().meta({ description: 'all regions there are; left out, any name is one' }),
  teams: z.array(name).optional().meta({ description: 'all teams there are; left out, any name is one' }),
  classes: z
    .array(name)
    .optional()
    .meta({ description: 'all entity and device classes; left out, any name is one' }),
  ...settings,
});

/** `config/<tenant>/layers/**.yaml`: exactly one member of `scope`. */
export const layerFile = z.strictObject({
  scope: z.strictObject(Object.fromEntries(SCOPED_LAYERS.map((layer) => [layer, text.optional()]))).meta({
    description: 'exactly one of region, domain, runbook, team, class',
    minProperties: 1,
    maxProperties: 1,
  }),
  ...settings,
});

const CREDIT_PARTY = /^(human|backstep|system:[a-z0-9_-]+)$/;
const split = z
  .record(z.string().regex(CREDIT_PARTY), z.number().min(0).max(100))
  .refine((shares) => Math.abs(Object.values(shares).reduce((sum, one) => sum + one, 0) - 100) < 1e-9, {
    message: 'the shares must add up to 100',
  });

const boundParam = z.union([
  z.strictObject({ from: z.string().meta({ description: 'a path such as data.department' }) }),
  z.strictObject({ value: z.json() }),
]);

/** `config/<tenant>/automations/*.yaml`: one automation a file. */
export const automationFile = z.strictObject({
  id: name,
  summary: text.optional(),
  events: z.array(eventType).min(1).max(50).meta({ description: 'types of the events it listens to' }),
  when: conditionSchema.optional().meta({ description: 'left out, every event of those types is meant' }),
  outcome: text.meta({ description: 'outcome code of the runbook', examples: ['EMP-R-001'] }),
  entity: template.meta({ description: 'id of the entity the event is about' }),
  params: z.record(member, boundParam).optional(),
  dial: z
    .enum(MODES)
    .optional()
    .meta({ description: 'left out: the key `dial.default`, which is observe at first' }),
  priority: z
    .enum(PRIORITIES)
    .optional()
    .meta({ description: 'left out: normal; critical actions fire even while all limits are stressed' }),
  authors: z
    .array(z.string().regex(/^person:[^\s]{1,200}$/))
    .max(20)
    .optional()
    .meta({ description: 'who wrote it: none of them approves what it asks people for' }),
  limits: z
    .strictObject({
      actionsPerHour: count(0, 1_000_000).optional(),
      outcomesPerDay: count(0, 1_000_000).optional(),
      outcomesPerEntityPerDay: count(0, 10_000).optional(),
      concurrent: count(0, 100_000).optional(),
    })
    .optional(),
  measures: z
    .array(
      z.strictObject({
        id: name,
        kind: z.enum([
          'recovered_revenue',
          'avoided_cost',
          'time_saved',
          'conversion',
          'schedule_saved',
          'other',
        ]),
        meaning: text,
        system: name.meta({ description: 'the source of truth it is computed against' }),
        query: text.meta({ description: 'what is read there, in the words of the connector' }),
        unit: text.meta({ examples: ['minute', 'USD', 'count'] }),
        within: duration('1m', '400d')
          .optional()
          .meta({ description: 'how long after the outcome it may still count' }),
      }),
    )
    .optional()
    .meta({ description: 'outcome definitions: what changed in the world' }),
  credit: z
    .strictObject({ autopilot: split.optional(), approved: split.optional(), overridden: split.optional() })
    .optional()
    .meta({ description: 'who gets credit, in per cent; left out: 100 backstep, 50/50, 100 human' }),
});

/** A secret, or any text that the composition root takes from the environment. */
export const ENV_REFERENCE = /^env:[A-Z][A-Z0-9_]*$/;
const BASE_URL = /^(env:[A-Z][A-Z0-9_]*(\/[^\s]*)?|(https?|ldaps?):\/\/[^\s@]+)$/;

/** Of a mail server. */
const SMTP_URL = /^(?:smtps?:\/\/[^\s/]+|env:[A-Z][A-Z0-9_]*)$/;

/** `config/<tenant>/connections.yaml`. */
export const connectionsFile = z.strictObject({
  systems: z.record(
    name,
    z.strictObject({
      baseUrl: z
        .string()
        .max(500)
        .regex(BASE_URL)
        .meta({ description: 'a URL, or env:NAME with an optional path' }),
      secrets: z
        .record(member, z.string().regex(ENV_REFERENCE))
        .optional()
        .meta({ description: 'references such as env:OKTA_TOKEN, never the secrets themselves' }),
      settings: z.record(member, z.string().max(500)).optional(),
    }),
  ),
});

const address = z
  .string()
  .max(500)
  .regex(BASE_URL)
  .meta({ description: 'a URL, or env:NAME with an optional path' });
const secret = z.string().regex(ENV_REFERENCE).meta({ description: 'a reference such as env:MAIL_PASSWORD' });
const channel = {
  id: name.meta({ description: 'what the channel is called in the outbox; a delivery belongs to it' }),
  about: z
    .array(z.enum(NOTICE_KINDS))
    .min(1)
    .optional()
    .meta({ description: 'what is told on it; left out, everything' }),
};

/** `config/<tenant>/notices.yaml`. */
export const noticesFile = z.strictObject({
  link: address.optional().meta({
    description: 'address of the API, or of a console, that links lead to; left out, messages have none',
  }),
  mail: z
    .strictObject({
      server: z
        .string()
        .max(500)
        .regex(SMTP_URL)
        .meta({ description: 'smtp://host:port, smtps://host:port, or env:NAME' }),
      from: text,
      user: secret.optional(),
      password: secret.optional(),
    })
    .optional(),
  channels: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({ ...channel, kind: z.literal('email'), to: z.array(z.email()).min(1).max(50) }),
        z.strictObject({
          ...channel,
          kind: z.literal('slack'),
          channel: text.meta({ examples: ['#approvals'] }),
        }),
        z.strictObject({
          ...{ ...channel, kind: z.literal('webhook'), url: address },
          secret: secret.meta({ description: 'what each call is signed with' }),
        }),
      ]),
    )
    .max(50),
});

const FIELD_TYPES = ['text', 'number', 'boolean', 'date', 'texts'] as const;

const factSource = z.union([
  member,
  z.strictObject({ field: member, map: z.record(z.string(), name), otherwise: name.optional() }),
]);

/** `config/<tenant>/entities.yaml`. */
export const entitiesFile = z.strictObject({
  types: z.record(
    name,
    z.strictObject({
      summary: text.optional(),
      fields: z.record(
        member,
        z.strictObject({
          type: z.enum(FIELD_TYPES),
          required: z.boolean().optional(),
          sensitive: z.boolean().optional().meta({ description: 'personal data: masked in logs' }),
        }),
      ),
      relations: z
        .record(
          member,
          z.union([
            z.strictObject({ to: name, many: z.boolean().optional() }),
            z.strictObject({ to: name, inverse: member }),
          ]),
        )
        .optional(),
      facts: z
        .strictObject({
          region: factSource.optional(),
          team: factSource.optional(),
          class: factSource.optional(),
        })
        .optional()
        .meta({ description: 'which fields say the region, team and class of the cascade' }),
    }),
  ),
  feeds: z
    .array(
      z.strictObject({
        id: name,
        events: z.array(eventType).min(1),
        when: conditionSchema.optional(),
        entity: template,
        fields: z.record(member, boundParam).optional(),
        relations: z.record(member, template).optional(),
      }),
    )
    .optional()
    .meta({ description: 'which events feed which fields' }),
});

/** `config/<tenant>/seed.yaml`: entities that are there before the first event. */
export const seedFile = z.strictObject({
  entities: z.array(
    z.strictObject({
      id: z.string().min(3).max(200),
      fields: z.record(member, z.json()),
      relations: z.record(member, z.union([z.string(), z.array(z.string())])).optional(),
    }),
  ),
});
