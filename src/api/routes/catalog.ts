/** What there is: runbooks and AWFs, configuration with where each value comes from, and entities. Entry ring. */
import { z } from 'zod';
import { awfRows, runbookRows } from '../../app/catalog-rows';
import { explainConfig } from '../../app/explain-config';
import { shipped } from '../../app/catalog';
import { refuse } from '../../app/refusal';
import { tellEntity } from '../../app/tell-entity';
import type { Entity } from '../../cortex/cortex';
import { ok } from '../../kernel/result';
import { API_LIMITS } from '../limits';
import { EVERY_PERSON } from '../roles';
import { defineRoute } from '../route';
import { diagnostics, jsonObject, name, pageQuery } from '../schemas';

export const getCatalog = defineRoute({
  id: 'getCatalog',
  method: 'GET',
  path: '/v1/catalog',
  access: EVERY_PERSON,
  summary: 'The runbooks and AWFs there are',
  query: z.object({ system: z.string().max(200).optional().meta({ description: 'AWFs of one system' }) }),
  answer: z.object({
    runbooks: z.array(z.looseObject({ outcome: z.string(), id: z.string() })),
    awfs: z.array(z.looseObject({ name: z.string(), system: z.string() })),
  }),
  answers: { 200: 'all of them' },
  handle: ({ query }) =>
    Promise.resolve(
      ok({
        status: 200,
        body: {
          runbooks: runbookRows(shipped()),
          awfs: awfRows(shipped()).filter(({ system }) => (query.system ?? system) === system),
        },
      }),
    ),
});

export const checkConfig = defineRoute({
  id: 'checkConfig',
  method: 'GET',
  path: '/v1/config',
  access: EVERY_PERSON,
  summary: 'Which configuration is in force, and what is doubtful in it',
  answer: z.object({ tenant: z.string(), tier: z.string(), digest: z.string(), warnings: diagnostics }),
  answers: { 200: 'it is valid' },
  problems: ['CONFIG_REFUSED'],
  async handle({ caller }, { configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    const { bundle, warnings } = config.value;
    const { tenant, tier, digest } = bundle;
    return ok({ status: 200, body: { tenant, tier, digest, warnings } });
  },
});

export const explainKey = defineRoute({
  id: 'explainConfig',
  method: 'GET',
  path: '/v1/config/{key}',
  about: 'own',
  access: EVERY_PERSON,
  summary: 'Where the value of a key comes from',
  params: z.object({ key: name('such as `dial.default`; with `outcome`, a parameter’s own name is enough') }),
  query: z.object({
    entity: z.string().max(200).optional(),
    outcome: z.string().max(200).optional(),
  }),
  answer: z.looseObject({
    key: z.string(),
    from: z.string(),
    meaning: z.string(),
    cascade: z.array(z.looseObject({ layer: z.string() })).readonly(),
  }),
  answers: { 200: 'the value, and every layer that had a say' },
  problems: ['CONFIG_REFUSED', 'COMPILE_REFUSED', 'CONTROL_REFUSED'],
  async handle({ caller, params, query }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    const explained = await explainConfig(services, config.value, { key: params.key, ...query });
    if (!explained.ok) return explained;
    const { cascade, ...rest } = explained.value;
    return ok({ status: 200, body: { ...rest, cascade: cascade.map((step) => ({ ...step })) } });
  },
});

const entity = z.object({
  id: z.string(),
  type: z.string(),
  version: z.int(),
  fields: z.looseObject({}),
  relations: z.record(z.string(), z.array(z.string()).readonly()),
  sources: z.record(z.string(), z.object({ at: z.number(), by: z.string() })).meta({
    description: 'who told each of `fields.<name>` and `relations.<name>`, and when, in milliseconds',
  }),
});

const shown = ({ id, type, version, fields, relations, sources }: Entity) => ({
  id,
  type,
  version,
  fields: { ...fields },
  relations,
  sources,
});

export const listEntities = defineRoute({
  id: 'listEntities',
  method: 'GET',
  path: '/v1/entities',
  access: EVERY_PERSON,
  summary: 'The entities of the tenant, by id',
  query: pageQuery.extend({ type: z.string().max(100).optional() }),
  answer: z.object({ items: z.array(entity), next: z.string().optional() }),
  answers: { 200: 'one page' },
  problems: ['CONFIG_REFUSED'],
  async handle({ caller: { tenant }, query: { limit, cursor, type } }, { services, configOf }) {
    // Seeds what the configuration has.
    const config = await configOf(tenant);
    if (!config.ok) return config;
    const found = await services.cortex.find({
      tenant,
      limit: Math.min(limit, API_LIMITS.pageMax),
      ...(type === undefined ? {} : { type }),
      ...(cursor === undefined ? {} : { after: cursor }),
    });
    const last = found.length < limit ? undefined : found.at(-1)?.id;
    const items = found.map(shown);
    return ok({ status: 200, body: { items, ...(last === undefined ? {} : { next: last }) } });
  },
});

const entityParams = z.object({ id: name('such as `person:sarah.chen`') });

export const getEntity = defineRoute({
  id: 'getEntity',
  method: 'GET',
  path: '/v1/entities/{id}',
  about: 'own',
  access: EVERY_PERSON,
  summary: 'One entity',
  params: entityParams,
  answer: entity,
  answers: { 200: 'the entity' },
  problems: ['CONFIG_REFUSED', 'CONTROL_REFUSED'],
  async handle({ caller: { tenant }, params }, { services, configOf }) {
    const config = await configOf(tenant);
    if (!config.ok) return config;
    const found = await services.cortex.need(tenant, params.id);
    if (found.ok) return ok({ status: 200, body: shown(found.value) });
    return refuse('CONTROL_REFUSED', found.error.message);
  },
});

export const putEntity = defineRoute({
  id: 'putEntity',
  method: 'PUT',
  path: '/v1/entities/{id}',
  about: 'own',
  access: { roles: ['operator', 'admin'] },
  summary: 'Say something of an entity, and make it where it is not there',
  description:
    '`approvalLevel` and `roles`, which approvals trust, are for the role `admin` to say, and for nobody of themselves.',
  params: entityParams,
  body: z.strictObject({ fields: jsonObject }),
  answer: entity.extend({ isChanged: z.boolean() }),
  answers: { 200: 'it is known' },
  problems: ['CONFIG_REFUSED', 'ENTITY_REFUSED'],
  async handle({ caller, params, body }, { services, configOf }) {
    const config = await configOf(caller.tenant);
    if (!config.ok) return config;
    const told = await tellEntity(services, config.value, {
      ...{ id: params.id, fields: body.fields },
      ...{ by: caller.name, roles: [...caller.roles] },
    });
    if (!told.ok) return told;
    const { entity: known, isChanged } = told.value;
    return ok({ status: 200, body: { ...shown(known), isChanged } });
  },
});
