/**
 * Reads a tenant's configuration from its folder and publishes it as a bundle. Paths in diagnostics and provenance are
 * relative to the project (`config/acme/…`), wherever the folder is, so that they are the same on every machine.
 * Entry ring: I/O, no judgement.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bundle } from '../config/bundle';
import { compileBundle } from '../config/compile-bundle';
import { ENTITY_ID } from '../config/entity-id';
import type { EntityUpdate } from '../config/entity-model';
import { CONFIG_ROOT } from '../config/layout';
import type { NoticeSettings } from '../config/notices';
import type { ConfigFile } from '../config/yaml-file';
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import { err, ok, type Result } from '../kernel/result';
import { shipped } from './catalog';
import { sha256 } from './digest';
import type { Settings } from './settings';

export interface TenantConfig {
  readonly bundle: Bundle;
  /** Not wrong by themselves. */
  readonly warnings: readonly Diagnostic[];
  /** Who is told of what. */
  readonly notices: NoticeSettings;
  /** Entities that are there before the first event, in the order of the file. */
  readonly seed: readonly EntityUpdate[];
}

/** The checked configuration of one tenant, or everything that is wrong with it. */
export async function loadConfig(
  settings: Settings,
  tenant: string,
): Promise<Result<TenantConfig, readonly Diagnostic[]>> {
  const files = await readConfigFiles(settings.configDir);
  if (!files.ok) return files;
  return compileBundle({ tenant, files: files.value, catalog: shipped().configurable, digest: sha256 });
}

/** An entity of the seed file. Errors: `ENTITY_UNKNOWN`. */
export function seededEntity(config: TenantConfig, id: string): Result<EntityUpdate, Diagnostic> {
  const entity = config.seed.find((one) => one.id === id);
  if (entity !== undefined) return ok(entity);
  const { tenant } = config.bundle;
  if (!ENTITY_ID.test(id)) {
    return err({
      code: 'ENTITY_ID_MALFORMED',
      at: `entity ${id}`,
      message: `\`${id}\` is no id of an entity`,
      help: 'write it as `<type>:<name>`, such as `person:sarah.chen`',
    });
  }
  return err({
    code: 'ENTITY_UNKNOWN',
    at: seedFileOf(tenant),
    message: `there is no entity \`${id}\``,
    help:
      didYouMean(
        id,
        config.seed.map((one) => one.id),
      ) ?? 'add it there; what only the running stand knows, `compile --entities store` and `run` read',
  });
}

export const seedFileOf = (tenant: string): string => `${CONFIG_ROOT}/${tenant}/seed.yaml`;

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
