/**
 * Reads a tenant's configuration from its folder and publishes it as a bundle. Paths in diagnostics and provenance are
 * relative to the project (`config/acme/…`), wherever the folder is, so that they are the same on every machine.
 * Entry ring: I/O, no judgement.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bundle } from '../config/bundle';
import { compileBundle } from '../config/compile-bundle';
import { CONFIG_ROOT } from '../config/layout';
import { readFiles } from '../config/read-files';
import type { ConfigFile } from '../config/yaml-file';
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import type { JsonObject } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import { shipped } from './catalog';
import { sha256 } from './digest';
import type { Settings } from './settings';

export interface TenantConfig {
  readonly bundle: Bundle;
  /** Not wrong by themselves. */
  readonly warnings: readonly Diagnostic[];
  /** Entities that are there before the first event, by id. */
  readonly seed: ReadonlyMap<string, SeedEntity>;
}

export interface SeedEntity {
  readonly id: string;
  readonly fields: JsonObject;
  readonly relations: { readonly [relation: string]: string | readonly string[] };
}

/** The checked configuration of one tenant, or everything that is wrong with it. */
export async function loadConfig(
  settings: Settings,
  tenant: string,
): Promise<Result<TenantConfig, readonly Diagnostic[]>> {
  const files = await readConfigFiles(settings.configDir);
  if (!files.ok) return files;
  const compiled = compileBundle({
    tenant,
    files: files.value,
    catalog: shipped().configurable,
    digest: sha256,
  });
  if (!compiled.ok) return compiled;
  return ok({ ...compiled.value, seed: seedOf(tenant, files.value) });
}

/** An entity of the seed file. Errors: `ENTITY_UNKNOWN`. */
export function seededEntity(config: TenantConfig, id: string): Result<SeedEntity, Diagnostic> {
  const entity = config.seed.get(id);
  if (entity !== undefined) return ok(entity);
  const { tenant } = config.bundle;
  return err({
    code: 'ENTITY_UNKNOWN',
    at: seedFileOf(tenant),
    message: `there is no entity \`${id}\``,
    help:
      didYouMean(id, config.seed.keys()) ??
      `add it there, or take it from the running stand with \`--entities store\``,
  });
}

export const seedFileOf = (tenant: string): string => `${CONFIG_ROOT}/${tenant}/seed.yaml`;

/** The bundle has been published, so the files have been found good. */
function seedOf(tenant: string, files: readonly ConfigFile[]): ReadonlyMap<string, SeedEntity> {
  const entities = readFiles(tenant, files, []).seed?.content.entities ?? [];
  return new Map(
    entities.map(({ id, fields, relations }) => [id, { id, fields, relations: relations ?? {} }]),
  );
}

/** Every YAML file under the folder. Errors: `CONFIG_FILE_MISSING` where there is no folder. */
async function readConfigFiles(
  configDir: string,
): Promise<Result<readonly ConfigFile[], readonly Diagnostic[]>> {
  try {
    const names = await readdir(configDir, { recursive: true });
    const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
    const read = files.map(async (name) => ({
      path: `${CONFIG_ROOT}/${name.replaceAll('\\', '/')}`,
      text: await readFile(join(configDir, name), 'utf8'),
    }));
    return ok(await Promise.all(read));
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return err([
      {
        code: 'CONFIG_FILE_MISSING',
        at: CONFIG_ROOT,
        message: `the configuration can't be read from \`${configDir}\`: ${why}`,
        help: 'name another folder with `BACKSTEP_CONFIG`',
      },
    ]);
  }
}
