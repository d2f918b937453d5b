/**
 * The JSON Schemas of the configuration files, for editors: made from the same zod schemas and the same registry of keys that
 * publishing checks with. `docs/schemas` holds them, and a test holds those current.
 * Authoring ring.
 */
import { z } from 'zod';
import {
  automationFile,
  connectionsFile,
  entitiesFile,
  layerFile,
  noticesFile,
  seedFile,
  sharedFile,
  tenantFile,
} from './file-schemas';
import { AWF_KEYS, CALENDAR_KEY, KEYS, NODE_KEYS, type KeySpec } from './keys';

type JsonSchema = Record<string, unknown>;

const FILES = {
  'layer-shared.json': ['config/global.yaml and config/tiers/<tier>.yaml', sharedFile],
  'tenant.json': ['config/<tenant>/tenant.yaml', tenantFile],
  'layer.json': ['config/<tenant>/layers/**.yaml', layerFile],
  'automation.json': ['config/<tenant>/automations/*.yaml', automationFile],
  'entities.json': ['config/<tenant>/entities.yaml', entitiesFile],
  'connections.json': ['config/<tenant>/connections.yaml', connectionsFile],
  'notices.json': ['config/<tenant>/notices.yaml', noticesFile],
  'seed.json': ['config/<tenant>/seed.yaml', seedFile],
} as const;

export type SchemaFile = keyof typeof FILES;

/** All schemas by file name, as values; printed with two spaces and a line end they are the published bytes. */
export function jsonSchemas(): Readonly<Record<SchemaFile, JsonSchema>> {
  const entries = Object.entries(FILES).map(([name, [title, schema]]): [string, JsonSchema] => {
    const made = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
    const properties = made['properties'] as Record<string, unknown> | undefined;
    if (properties !== undefined && 'values' in properties) properties['values'] = valuesSchema();
    return [name, { title, ...made }];
  });
  return Object.fromEntries(entries) as Record<SchemaFile, JsonSchema>;
}

/** Keys under `values`: fixed ones by name, families by pattern. What a runbook's parameters are, publishing checks. */
function valuesSchema(): JsonSchema {
  const family = (specs: Readonly<Record<string, KeySpec>>, prefix: string): [string, JsonSchema][] =>
    Object.entries(specs).map(([last, spec]) => [`^${prefix}\\.${last}$`, schemaOf(spec)]);
  return {
    description: 'configuration keys and their values',
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(KEYS).map(([name, spec]) => [name, schemaOf(spec as KeySpec)]),
    ),
    patternProperties: Object.fromEntries([
      ...family(AWF_KEYS, 'awf\\.[a-z0-9_]+\\.[a-z0-9_]+'),
      ...family(NODE_KEYS, 'node\\.[^/]+/.+'),
      ['^calendar\\.', schemaOf(CALENDAR_KEY as KeySpec)],
      ['^params\\.', { description: 'a parameter of a runbook: params.<runbook>.<name>' }],
      ['^figures\\.', { description: 'a figure of the authority rules, by its path' }],
    ]),
    additionalProperties: false,
  };
}

function schemaOf(spec: KeySpec): JsonSchema {
  const {
    $schema: _draft,
    description,
    ...made
  } = z.toJSONSchema(spec.schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as JsonSchema;
  const bounds = typeof description === 'string' ? `: ${description}` : '';
  // A duration is held in milliseconds and written as text, so its default is not shown as one.
  const shown = spec.default === undefined || spec.unit === 'ms' ? {} : { default: spec.default };
  return { description: `${spec.meaning}${bounds}`, ...made, ...shown };
}
