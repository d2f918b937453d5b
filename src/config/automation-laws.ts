/**
 * What an automation sets for itself stands above all layers, so locks and `tightenOnly` marks bind it too.
 * Authoring ring.
 */
import type { Diagnostic } from '../kernel/diagnostic';
import type { Json } from '../kernel/json';
import type { Bundle } from './bundle';
import type { ConfigCatalog } from './catalog';
import type { AutomationDraft } from './compile-automations';
import { paramKey } from './key-lookup';
import { isLooser, KEYS, showValue, type FixedKey, type KeySpec } from './keys';
import type { Facts } from './layers';
import { resolve } from './resolve';
import type { Path } from './yaml-file';

/** Every lock that an automation breaks and every bound it loosens, in the layers that its runbook is known to have. */
export function automationLaws(
  bundle: Bundle,
  drafts: readonly AutomationDraft[],
  catalog: ConfigCatalog,
): Diagnostic[] {
  return drafts.flatMap(({ automation, at }) => {
    const runbook = catalog.runbooks.find(({ outcome }) => outcome === automation.outcome);
    if (runbook === undefined) return [];
    const facts = { tenant: bundle.tenant, tier: bundle.tier, runbook: runbook.id, domain: runbook.domain };
    const own: Own[] = [
      ...(automation.dial === undefined
        ? []
        : [{ key: 'dial.default', value: automation.dial, path: ['dial'] }]),
      ...Object.entries(automation.limits).map(([name, value]) => ({
        key: `limits.${name}`,
        value: value as Json,
        path: ['limits', name],
      })),
      ...Object.keys(automation.params).map((name) => ({
        key: paramKey(runbook.id, name),
        path: ['params', name],
      })),
    ];
    return own.flatMap((one) => breaches(bundle, one, { facts, at }));
  });
}

interface Own {
  readonly key: string;
  /** Absent where it comes out of the event: then only a lock can be judged. */
  readonly value?: Json;
  readonly path: Path;
}

function breaches(
  bundle: Bundle,
  { key, value, path }: Own,
  { facts, at }: { readonly facts: Facts; readonly at: (path: Path) => string },
): Diagnostic[] {
  const inherited = resolve(bundle, key, facts);
  const lock = inherited.cascade.find(({ lockedAt }) => lockedAt !== undefined);
  if (lock !== undefined) {
    const message = `\`${key}\` is locked by ${lock.layer} at ${lock.lockedAt!}`;
    return [{ code: 'CONFIG_LOCKED', at: at(path), message, help: 'remove it here, or unlock it there' }];
  }
  const mark = inherited.cascade.find(({ tightenOnlyAt }) => tightenOnlyAt !== undefined);
  const spec: KeySpec | undefined = Object.hasOwn(KEYS, key) ? KEYS[key as FixedKey] : undefined;
  if (mark === undefined || spec?.tighter === undefined || value === undefined) return [];
  if (inherited.value === undefined || !isLooser(spec.tighter, value, inherited.value)) return [];
  const message =
    `\`${key}\` is \`${showValue(spec, value)}\`, looser than \`${showValue(spec, inherited.value)}\` ` +
    `from ${inherited.from}, and ${mark.layer} lets it only be tightened (${mark.tightenOnlyAt!})`;
  return [{ code: 'CONFIG_LOOSENED', at: at(path), message }];
}
