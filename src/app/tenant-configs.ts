/** Configurations by tenant, read once. One that is not valid now may be mended, and is read again when it is asked for. Entry ring. */
import { loadConfig, type TenantConfig } from './configuration';
import type { Settings } from './settings';

/** Rejects where a tenant's configuration is not valid. */
export type ConfigOf = (tenant: string) => Promise<TenantConfig>;

/** @param onRead told of each configuration when it has been read; it must return at once */
export function configsOf(settings: Settings, onRead?: (config: TenantConfig) => void): ConfigOf {
  const known = new Map<string, Promise<TenantConfig>>();
  const read = async (tenant: string): Promise<TenantConfig> => {
    const config = await loadConfig(settings, tenant);
    if (!config.ok) throw new Error(`the configuration of \`${tenant}\` is not valid`);
    onRead?.(config.value);
    return config.value;
  };
  return (tenant) => {
    let config = known.get(tenant);
    if (config === undefined) {
      config = read(tenant);
      known.set(tenant, config);
      config.catch(() => known.delete(tenant));
    }
    return config;
  };
}
