/**
 * The files of one tenant, read as YAML, judged against their schema and sorted by what they are.
 * Authoring ring.
 */
import { z } from 'zod';
import type { Tier } from '../governance/mode';
import type { Diagnostic } from '../kernel/diagnostic';
import { secretsInClear } from './connections';
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
import { issuesToDiagnostics } from './issues';
import { placeOf, tenantFolder, type Place } from './layout';
import { readYaml, type ConfigFile, type YamlFile } from './yaml-file';

export interface Read<Schema extends z.ZodType> {
  readonly file: YamlFile;
  readonly content: z.output<Schema>;
}

export interface TenantFiles {
  readonly global?: Read<typeof sharedFile>;
  readonly tiers: ReadonlyMap<Tier, Read<typeof sharedFile>>;
  readonly tenant?: Read<typeof tenantFile>;
  readonly entities?: Read<typeof entitiesFile>;
  readonly connections?: Read<typeof connectionsFile>;
  readonly notices?: Read<typeof noticesFile>;
  readonly seed?: Read<typeof seedFile>;
  readonly layers: readonly Read<typeof layerFile>[];
  readonly automations: readonly Read<typeof automationFile>[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Files of the tenant and the shared ones; what can't be read or has another shape is added to `found`. */
export function readFiles(tenant: string, files: readonly ConfigFile[], found: Diagnostic[]): TenantFiles {
  const layers: Read<typeof layerFile>[] = [];
  const automations: Read<typeof automationFile>[] = [];
  const tiers = new Map<Tier, Read<typeof sharedFile>>();
  const read: Mutable<TenantFiles> = { tiers, layers, automations };
  for (const file of files) {
    const folder = tenantFolder(file.path);
    if (folder !== undefined && folder !== tenant) continue;
    const place = placeOf(file.path);
    if (place === undefined) continue;
    if (!place.ok) {
      found.push(place.error);
      continue;
    }
    const yaml = readYaml(file);
    if (!yaml.ok) {
      found.push(...yaml.error);
      continue;
    }
    const one = new Reader(yaml.value, found);
    keep(place.value, one, { read, tiers, layers, automations });
  }
  return read;
}

interface Kept {
  readonly read: Mutable<TenantFiles>;
  readonly tiers: Map<Tier, Read<typeof sharedFile>>;
  readonly layers: Read<typeof layerFile>[];
  readonly automations: Read<typeof automationFile>[];
}

function keep(place: Place, one: Reader, { read, tiers, layers, automations }: Kept): void {
  switch (place.kind) {
    case 'global':
      return one.as(sharedFile, (value) => (read.global = value));
    case 'tier':
      return one.as(sharedFile, (value) => tiers.set(place.tier, value));
    case 'tenant':
      return one.as(tenantFile, (value) => (read.tenant = value));
    case 'entities':
      return one.as(entitiesFile, (value) => (read.entities = value));
    case 'connections':
      return one.as(connectionsFile, (value) => (read.connections = value));
    case 'notices':
      return one.as(noticesFile, (value) => (read.notices = value));
    case 'seed':
      return one.as(seedFile, (value) => (read.seed = value));
    case 'layer':
      return one.as(layerFile, (value) => layers.push(value));
    case 'automation':
      return one.as(automationFile, (value) => automations.push(value));
  }
}

/** One file, to be judged against the schema of its place. */
class Reader {
  constructor(
    private readonly file: YamlFile,
    private readonly found: Diagnostic[],
  ) {}

  as<Schema extends z.ZodType>(schema: Schema, take: (read: Read<Schema>) => unknown): void {
    const { file, found } = this;
    const isConnections = (schema as z.ZodType) === connectionsFile;
    const isSecret = isConnections || (schema as z.ZodType) === noticesFile;
    const secrets = isConnections ? secretsInClear(file) : [];
    found.push(...secrets);
    // An empty file, or one of comments alone, is a file that says nothing.
    const value = file.value ?? {};
    const parsed = schema.safeParse(value);
    if (parsed.success) {
      take({ file, content: parsed.data });
      return;
    }
    const issues = parsed.error.issues.filter(({ path }) => secrets.length === 0 || path[2] !== 'secrets');
    found.push(...issuesToDiagnostics(issues, { value, at: file.at, fields: fieldsOf(schema), isSecret }));
  }
}

/** Every field name that a file of this schema can hold, for "did you mean". */
function fieldsOf(schema: z.ZodType): readonly string[] {
  const names = new Set<string>();
  collectFields(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), names);
  return [...names];
}

function collectFields(node: unknown, names: Set<string>): void {
  if (typeof node !== 'object' || node === null) return;
  for (const [key, value] of Object.entries(node as Readonly<Record<string, unknown>>)) {
    if (key === 'properties' && typeof value === 'object' && value !== null) {
      Object.keys(value).forEach((name) => names.add(name));
    }
    collectFields(value, names);
  }
}
