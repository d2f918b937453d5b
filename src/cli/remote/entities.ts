/** Entities over the API: shown as on the servers' own machine. Entry ring. */
import { ENTITY_LIMITS } from '../../config/limits';
import { fieldsFrom, showEntities, showEntity, showUpserted, type ShownEntity } from '../commands/entity';
import type { CommonOptions } from '../context';
import type { RemoteApi, RemoteCommand } from './api';

const pathOf = (id: string): string => `/v1/entities/${encodeURIComponent(id)}`;

/** Entities of one page of the API. */
const PAGE = 100;

export const get: RemoteCommand<readonly [id?: string], CommonOptions> = async (
  api,
  { terminal },
  { given: [id], options },
) =>
  id === undefined
    ? showEntities(terminal, options, await allOf(api))
    : showEntity(terminal, options, await api.get<ShownEntity>(pathOf(id)));

/** As many as a search of the graph gives. */
async function allOf(api: RemoteApi): Promise<readonly ShownEntity[]> {
  const found: ShownEntity[] = [];
  for (let cursor: string | undefined; ;) {
    const page: { readonly items: readonly ShownEntity[]; readonly next?: string } = await api.get(
      '/v1/entities',
      { limit: PAGE, cursor },
    );
    found.push(...page.items);
    cursor = page.next;
    if (cursor === undefined || found.length >= ENTITY_LIMITS.page) return found;
  }
}

export const upsert: RemoteCommand<readonly [id: string, fields: string], CommonOptions> = async (
  api,
  { terminal },
  { given: [id, written], options },
) => {
  const fields = await fieldsFrom(written);
  const { isChanged, ...entity } = await api.put<ShownEntity & { readonly isChanged: boolean }>(pathOf(id), {
    fields,
  });
  return showUpserted(terminal, options, { entity, isChanged });
};
