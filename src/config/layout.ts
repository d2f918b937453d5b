/**
 * Where configuration files stand, and what each place means.
 * Authoring ring: paths only, nothing is read.
 */
import { TIERS, type Tier } from '../governance/mode';
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import { err, ok, type Result } from '../kernel/result';
import { NAME } from './file-schemas';

export const CONFIG_ROOT = 'config';
const SHARED_TIERS = 'tiers';

/** What a file is, by its place. */
export type Place =
  | { readonly kind: 'global' }
  | { readonly kind: 'tier'; readonly tier: Tier }
  | { readonly kind: TenantFileKind; readonly tenant: string };

export type TenantFileKind =
  'tenant' | 'entities' | 'connections' | 'notices' | 'seed' | 'layer' | 'automation';

const SINGLE: Readonly<Record<string, TenantFileKind>> = {
  'tenant.yaml': 'tenant',
  'entities.yaml': 'entities',
  'connections.yaml': 'connections',
  'notices.yaml': 'notices',
  'seed.yaml': 'seed',
};
const FOLDERS: Readonly<Record<string, TenantFileKind>> = { layers: 'layer', automations: 'automation' };

/** What the file at a path is; `undefined` for files that are not YAML, which configuration does not read. */
export function placeOf(path: string): Result<Place, Diagnostic> | undefined {
  const steps = path.replace(/\\/g, '/').replace(/^\.\//, '').split('/');
  if (!/\.ya?ml$/.test(path) || steps[0] !== CONFIG_ROOT) return undefined;
  if (path.endsWith('.yml')) return unknown(path, 'configuration files end in `.yaml`', 'rename it');
  const [, folder = '', second = '', ...rest] = steps;
  if (steps.length === 2) {
    return folder === 'global.yaml'
      ? ok({ kind: 'global' })
      : unknown(path, ...expected(folder, ['global.yaml']));
  }
  if (folder === SHARED_TIERS) {
    const tier = TIERS.find((known) => second === `${known}.yaml` && rest.length === 0);
    const names = TIERS.map((known) => `${known}.yaml`);
    return tier === undefined ? unknown(path, ...expected(second, names)) : ok({ kind: 'tier', tier });
  }
  if (!NAME.test(folder)) return unknown(path, `\`${folder}\` is no name for a tenant`);
  const kind = rest.length === 0 ? SINGLE[second] : FOLDERS[second];
  const names = rest.length === 0 ? Object.keys(SINGLE) : Object.keys(FOLDERS);
  return kind === undefined ? unknown(path, ...expected(second, names)) : ok({ kind, tenant: folder });
}

/** Tenants that have a `tenant.yaml`, sorted. */
export function tenantsOf(paths: Iterable<string>): readonly string[] {
  const tenants = new Set<string>();
  for (const path of paths) {
    const place = placeOf(path);
    if (place?.ok && place.value.kind === 'tenant') tenants.add(place.value.tenant);
  }
  return [...tenants].sort();
}

/** The tenant a path belongs to; `undefined` for shared files. Says nothing of whether the file is known. */
export function tenantFolder(path: string): string | undefined {
  const [, folder = '', ...rest] = path.replace(/\\/g, '/').replace(/^\.\//, '').split('/');
  return rest.length === 0 || folder === SHARED_TIERS ? undefined : folder;
}

function expected(name: string, names: readonly string[]): [string, string] {
  const known = `known here: ${names.map((one) => `\`${one}\``).join(', ')}`;
  return [`nothing reads \`${name}\` at this place`, didYouMean(name, names) ?? known];
}

const unknown = (at: string, message: string, help?: string): Result<never, Diagnostic> =>
  err({ code: 'CONFIG_FILE_UNKNOWN', at, message, ...(help === undefined ? {} : { help }) });
