/**
 * Publishing: the files of one tenant to one bundle, or every mistake in them at once.
 * Authoring ring: texts and a digest function come in; the order of the files does not matter.
 */
import type { z } from 'zod';
import type { Tier } from '../governance/mode';
import type { Diagnostic } from '../kernel/diagnostic';
import { canonicalJson } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import { BUNDLE_FORMAT, type Bundle, type BundleContent } from './bundle';
import { automationAddress, layerAddress, type LayerContent } from './bundle';
import type { ConfigCatalog } from './catalog';
import { automationLaws } from './automation-laws';
import {
  automationWarnings,
  compileAutomations,
  defined,
  unknownName,
  type AutomationDraft,
} from './compile-automations';
import { compileEntities, type EntityModel } from './compile-entities';
import { compileLayers, type LayerDraft, type LayerInput } from './compile-layers';
import { compileConnections } from './connections';
import { entityMistakes, type EntityUpdate } from './entity-model';
import { figureLaws } from './figure-laws';
import { layerLaws } from './layer-laws';
import { GLOBAL_SCOPE, rankOf, SCOPED_LAYERS, type ScopedLayer } from './layers';
import type { layerFile, tenantFile } from './file-schemas';
import { CONFIG_LIMITS } from './limits';
import { noticesOf, type NoticeSettings } from './notices';
import { readFiles, type TenantFiles } from './read-files';
import type { ConfigFile, YamlFile } from './yaml-file';

export interface CompileInput {
  readonly tenant: string;
  /** Paths begin with `config/`; files of other tenants are left alone. */
  readonly files: readonly ConfigFile[];
  readonly catalog: ConfigCatalog;
  /** Lower-case hex of a SHA-256. */
  readonly digest: (text: string) => string;
}

export interface Compiled {
  readonly bundle: Bundle;
  /** Not wrong by themselves: `SELECT_OVERLAP`, `SELECT_NEVER`. */
  readonly warnings: readonly Diagnostic[];
  /** Who is told of what, from `notices.yaml`. It decides nothing, so it is no part of the bundle. */
  readonly notices: NoticeSettings;
  /** Entities of `seed.yaml`, by id: what is put into the graph before the first event. */
  readonly seed: readonly EntityUpdate[];
}

/** Checks and freezes the configuration of one tenant. Errors: any `CONFIG_…` code, all of them at once. */
export function compileBundle(input: CompileInput): Result<Compiled, readonly Diagnostic[]> {
  const { catalog } = input;
  const found: Diagnostic[] = [];
  if (input.files.length > CONFIG_LIMITS.files) {
    const message = `${input.files.length} files are more than ${CONFIG_LIMITS.files}`;
    found.push({ code: 'CONFIG_TOO_LARGE', at: 'config', message });
  }
  const files = readFiles(input.tenant, input.files, found);
  const { tenant } = files;
  if (tenant === undefined) {
    if (found.length === 0) found.push(noTenant(input));
    return err(inOrder(found));
  }
  const drafts = compileLayers(layerInputs(input.tenant, files, { catalog, found }), { catalog, found });
  const automations = compileAutomations(files.automations, catalog, found);
  const entities =
    files.entities === undefined
      ? { types: {}, feeds: [] }
      : compileEntities(files.entities.content, files.entities.file, found);
  const connections =
    files.connections === undefined
      ? {}
      : compileConnections(files.connections.content, files.connections.file, { catalog, found });
  found.push(...layerLaws(drafts, catalog), ...figureLaws(drafts));
  const layers = drafts.map(freezeLayer).sort(byLayer);
  const { name, tier, regions, teams, classes } = tenant.content;
  const content: BundleContent = {
    format: BUNDLE_FORMAT,
    tenant: input.tenant,
    name,
    tier,
    space: defined({ region: sorted(regions), team: sorted(teams), class: sorted(classes) }),
    layers,
    automations: automations.map(({ automation }) => automation),
    connections,
    entityTypes: entities.types,
    feeds: entities.feeds,
  };
  const places = placesOf(drafts, automations, files);
  const bundle = {
    tenant: input.tenant,
    tier,
    digest: input.digest(canonicalJson(content)),
    content,
    places,
  };
  const notices = noticesOf(files.notices, { connected: Object.keys(connections), found });
  const seed = seedOf(files, entities.types, found);
  found.push(...automationLaws(bundle, automations, catalog));
  if (found.length > 0) return err(inOrder(found));
  return ok({
    bundle: deepFreeze(bundle),
    warnings: inOrder(automationWarnings(automations)),
    notices,
    seed,
  });
}

function noTenant({ tenant, files }: CompileInput): Diagnostic {
  const known = files.flatMap(({ path }) => /^config\/([^/]+)\/tenant\.yaml$/.exec(path)?.[1] ?? []);
  const diagnostic = unknownName(tenant, known, { at: `config/${tenant}/tenant.yaml`, kind: 'tenant' });
  return {
    ...diagnostic,
    code: 'CONFIG_FILE_MISSING',
    message: `tenant \`${tenant}\` has no \`tenant.yaml\``,
  };
}

interface Context {
  readonly catalog: ConfigCatalog;
  readonly found: Diagnostic[];
}

/** All layer files with their scope; those whose scope is wrong are left out and reported. */
function layerInputs(tenantName: string, files: TenantFiles, context: Context): LayerInput[] {
  const tenant = files.tenant!;
  const inputs: LayerInput[] = [settingsOf({ layer: 'tenant', scope: tenantName }, tenant)];
  if (files.global !== undefined)
    inputs.push(settingsOf({ layer: 'global', scope: GLOBAL_SCOPE }, files.global));
  const tier: Tier = tenant.content.tier;
  const ofTier = files.tiers.get(tier);
  if (ofTier !== undefined) inputs.push(settingsOf({ layer: 'tier', scope: tier }, ofTier));
  for (const layer of files.layers) {
    const scope = scopeOf(layer, { ...context, tenant: tenant.content });
    if (scope !== undefined) inputs.push(settingsOf(scope, layer));
  }
  return inputs;
}

type Scope = Pick<LayerInput, 'layer' | 'scope'>;

interface Settings {
  readonly file: YamlFile;
  readonly content: {
    readonly values?: Readonly<Record<string, unknown>> | undefined;
    readonly locked?: readonly string[] | undefined;
    readonly tightenOnly?: readonly string[] | undefined;
  };
}

const settingsOf = (scope: Scope, { file, content }: Settings): LayerInput => ({
  ...scope,
  file,
  values: content.values ?? {},
  locked: content.locked ?? [],
  tightenOnly: content.tightenOnly ?? [],
});

function scopeOf(
  { file, content }: { readonly file: YamlFile; readonly content: z.output<typeof layerFile> },
  { catalog, found, tenant }: Context & { readonly tenant: z.output<typeof tenantFile> },
): Scope | undefined {
  const named = Object.entries(content.scope as Record<ScopedLayer, string | undefined>).filter(
    ([, name]) => name !== undefined,
  ) as [ScopedLayer, string][];
  const [first] = named;
  if (first === undefined || named.length > 1) {
    const message = `a scope has exactly one of ${SCOPED_LAYERS.join(', ')}, and this one has ${named.length}`;
    found.push({ code: 'CONFIG_SCOPE', at: file.at(['scope']), message, help: 'write one file per scope' });
    return undefined;
  }
  const [layer, scope] = first;
  const known: Record<ScopedLayer, readonly string[] | undefined> = {
    region: tenant.regions,
    team: tenant.teams,
    class: tenant.classes,
    domain: [...new Set(catalog.runbooks.map(({ domain }) => domain))],
    runbook: catalog.runbooks.map(({ id }) => id),
  };
  const names = known[layer];
  if (names !== undefined && !names.includes(scope)) {
    found.push(unknownName(scope, names, { at: file.at(['scope', layer]), kind: layer }));
    return undefined;
  }
  return { layer, scope };
}

/** Checked entities of the seed; mistakes are added to `found`. */
function seedOf(
  { seed }: TenantFiles,
  types: EntityModel['types'],
  found: Diagnostic[],
): readonly EntityUpdate[] {
  const updates = (seed?.content.entities ?? []).map((written, i) => {
    const relations = Object.entries(written.relations ?? {}).map(
      ([name, to]) => [name, [to].flat()] as const,
    );
    const update = {
      id: written.id,
      fields: written.fields as EntityUpdate['fields'],
      relations: Object.fromEntries(relations),
    };
    const at = (part: string): string =>
      seed!.file.at(['entities', i, ...(part === '' ? [] : part.split('.'))]);
    found.push(...entityMistakes(types, update, { isWhole: true, at }));
    return update;
  });
  updates.forEach(({ id }, i) => {
    if (updates.findIndex((other) => other.id === id) === i) return;
    found.push({
      code: 'CONFIG_DUPLICATE',
      at: seed!.file.at(['entities', i]),
      message: `\`${id}\` stands twice`,
    });
  });
  return updates.sort((a, b) => (a.id < b.id ? -1 : 1));
}

const freezeLayer = (draft: LayerDraft): LayerContent => ({
  layer: draft.layer,
  scope: draft.scope,
  values: Object.fromEntries([...draft.values].sort(byName).map(([key, { value }]) => [key, value])),
  locked: [...draft.locked.keys()].sort(),
  tightenOnly: [...draft.tightenOnly.keys()].sort(),
});

function placesOf(
  drafts: readonly LayerDraft[],
  automations: readonly AutomationDraft[],
  files: TenantFiles,
): Record<string, string> {
  const places: Record<string, string> = {};
  for (const { layer, scope, values, locked, tightenOnly } of drafts) {
    for (const [key, { at }] of values) places[layerAddress(layer, scope, 'values', key)] = at;
    for (const [key, at] of locked) places[layerAddress(layer, scope, 'locked', key)] = at;
    for (const [key, at] of tightenOnly) places[layerAddress(layer, scope, 'tightenOnly', key)] = at;
  }
  for (const { automation, at } of automations) {
    places[automationAddress(automation.id)] = at(['id']);
    for (const name of Object.keys(automation.params)) {
      places[`${automationAddress(automation.id)} param ${name}`] = at(['params', name]);
    }
  }
  for (const system of Object.keys(files.connections?.content.systems ?? {})) {
    places[`connection ${system}`] = files.connections!.file.at(['systems', system]);
  }
  return places;
}

const byLayer = (a: LayerContent, b: LayerContent): number =>
  rankOf(a.layer) - rankOf(b.layer) || (a.scope < b.scope ? -1 : 1);

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

const sorted = (names: readonly string[] | undefined): readonly string[] | undefined =>
  names === undefined ? undefined : [...new Set(names)].sort();

/** By file and line, so that the list reads like the files and does not depend on the order of the checks. */
function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const keyOf = ({ at, code, message }: Diagnostic): string => {
    const [, path = at, line = '0'] = /^(.*):(\d+)$/.exec(at) ?? [];
    return `${path} ${line.padStart(9, '0')} ${code} ${message}`;
  };
  return [...diagnostics].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
