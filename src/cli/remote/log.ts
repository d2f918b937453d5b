/** The PolicyLog over the API: listed, and one record proven. Entry ring. */
import { givenAs, showProof, showRecords, type FilterOptions, type ProveOptions } from '../commands/log';
import { usage } from '../complaint';
import type { RemoteCommand } from './api';

/** Records of one page of the API. */
const PAGE = 100;

export const list: RemoteCommand<readonly [], FilterOptions & { readonly limit: number }> = async (
  api,
  { terminal },
  { options },
) => {
  const { kind, outcome, actor, at } = options;
  const span = { since: givenAs('--since', options.since), until: givenAs('--until', options.until) };
  const records: Readonly<Record<string, unknown>>[] = [];
  for (let cursor: string | null = null; records.length < options.limit;) {
    const limit = Math.min(PAGE, options.limit - records.length);
    const query = { kind, outcome, actor, at, ...span, limit, ...(cursor === null ? {} : { cursor }) };
    const page: { readonly items: typeof records; readonly next: string | null } = await api.get(
      '/v1/policy-log',
      query,
    );
    records.push(...page.items);
    cursor = page.next;
    if (cursor === null) break;
  }
  return showRecords(terminal, options, records.reverse());
};

export const prove: RemoteCommand<readonly [], ProveOptions> = async (api, { terminal }, { options }) => {
  const { record, from, head } = options;
  const path =
    record === undefined
      ? `/v1/policy-log/checkpoints/${from ?? ''}/proof`
      : `/v1/policy-log/${record}/proof`;
  if (record === undefined && from === undefined) throw usage('name what to prove: `--record` or `--from`');
  return showProof(terminal, options, await api.get<object>(path, { head }));
};
