/**
 * Use case: somebody says something of an entity by hand. What approvals trust of a person is for admins alone to say, and
 * for nobody of themselves: who edits people would else make themselves an executive, or one who passes chains.
 * Entry ring.
 */
import { TRUSTED_FIELDS } from '../approvals/people';
import type { Upserted } from '../cortex/cortex';
import type { JsonObject } from '../kernel/json';
import { ok, type Result } from '../kernel/result';
import type { TenantConfig } from './configuration';
import { refuse, type Refusal } from './refusal';
import type { Services } from './services';

export interface Telling {
  readonly id: string;
  readonly fields: JsonObject;
  readonly by: string;
  /** Of their token; the local command line has none. */
  readonly roles: readonly string[];
}

/** Merges fields into an entity, and makes it where it is not there. Errors: `ENTITY_REFUSED`. */
export async function tellEntity(
  { cortex, now }: Pick<Services, 'cortex' | 'now'>,
  { bundle }: TenantConfig,
  { id, fields, by, roles }: Telling,
): Promise<Result<Upserted, Refusal>> {
  const trusted = TRUSTED_FIELDS.find((field) => Object.hasOwn(fields, field));
  if (trusted !== undefined && id === by) {
    return refuse('ENTITY_REFUSED', `\`${by}\` says \`${trusted}\` of themselves`, {
      help: 'approvals trust it, so somebody else with the role admin says it, or the seed',
    });
  }
  if (trusted !== undefined && !roles.includes('admin')) {
    return refuse('ENTITY_REFUSED', `\`${by}\` may not say \`${trusted}\` of \`${id}\``, {
      help: 'approvals trust it, so it takes the role admin, with a token, or the seed',
    });
  }
  const told = await cortex.upsert(bundle, { id, fields, relations: {} }, { at: now(), by });
  if (told.ok) return ok(told.value);
  return refuse('ENTITY_REFUSED', 'the entity is refused', { diagnostics: told.error });
}
