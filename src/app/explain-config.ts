/** Use case: where the value of one key of the configuration comes from. Entry ring. */
import { factsOf } from '../config/facts';
import { paramKey } from '../config/key-lookup';
import { explainKey, type Explanation } from '../config/resolve';
import type { Diagnostic } from '../kernel/diagnostic';
import { ok, type Result } from '../kernel/result';
import { findRunbook, shipped } from './catalog';
import type { TenantConfig } from './configuration';
import { refuse, type Refusal } from './refusal';
import type { Services } from './services';

/** Errors: `CONTROL_REFUSED` for a key or an entity that is not there, `COMPILE_REFUSED` for an outcome, `CONFIG_REFUSED`. */
export async function explainConfig(
  { cortex }: Pick<Services, 'cortex'>,
  { bundle }: TenantConfig,
  asked: {
    readonly key: string;
    readonly entity?: string | undefined;
    readonly outcome?: string | undefined;
  },
): Promise<Result<Explanation, Refusal>> {
  const runbook = asked.outcome === undefined ? undefined : findRunbook(asked.outcome, shipped().runbooks);
  if (runbook?.ok === false) return refused('COMPILE_REFUSED', 'no such outcome', [runbook.error]);
  const entity = asked.entity === undefined ? undefined : await cortex.need(bundle.tenant, asked.entity);
  if (entity?.ok === false) return refused('CONTROL_REFUSED', 'no such entity', [entity.error]);
  const facts = factsOf(bundle, {
    ...(entity === undefined ? {} : { entity: entity.value }),
    ...(runbook === undefined ? {} : { runbook: runbook.value }),
  });
  if (!facts.ok) return refused('COMPILE_REFUSED', 'the facts do not fit', facts.error);
  const known = runbook?.value;
  const isParam = known !== undefined && Object.hasOwn(known.params.shape, asked.key);
  const key = isParam ? paramKey(known.id, asked.key) : asked.key;
  const explained = explainKey(bundle, key, { facts: facts.value, catalog: shipped().configurable });
  if (!explained.ok)
    return refused('CONTROL_REFUSED', `\`${asked.key}\` can't be explained`, [explained.error]);
  return ok(explained.value);
}

const refused = (code: string, message: string, found: readonly Diagnostic[]): Result<never, Refusal> =>
  refuse(code, message, { diagnostics: found });
