/** The PolicyLog over the API: listed, taken along, and one record proven. Entry ring. */
import { sha256 } from '../../app/digest';
import {
  chosenBy,
  givenAs,
  showExported,
  showProof,
  showRecords,
  type ExportOptions,
  type FilterOptions,
  type ProveOptions,
} from '../commands/log';
import { Complaint, usage } from '../complaint';
import { intoFile } from '../files';
import { isoOf } from '../times';
import type { RemoteApi, RemoteCommand } from './api';

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

export const exportLog: RemoteCommand<readonly [], ExportOptions> = async (
  api,
  { terminal },
  { options },
) => {
  const { since, until, ...rest } = chosenBy(options);
  const { format, reason, out } = options;
  if (format === undefined) {
    // It holds the keys of subjects, and is signed with the key of the log.
    throw usage('an API gives records, and no bundle', 'name `--format`, or run it where the servers are');
  }
  const span = {
    ...(since === undefined ? {} : { since: isoOf(since) }),
    ...(until === undefined ? {} : { until: isoOf(until) }),
  };
  const done = await intoFile(out, (write) => taken(api, { format, reason, ...rest, ...span }, write));
  return showExported(terminal, options, done);
};

/** Fetches records, and holds them against what the log says that it gave. */
async function taken(api: RemoteApi, body: object, write: (text: string) => Promise<void>) {
  const { text, headers } = await api.take('/v1/exports', body);
  const digest = headers.get('backstep-sha256');
  if (digest !== sha256(text)) {
    throw new Complaint('what came is not what the log says that it gave', { code: 'API_UNREACHABLE' });
  }
  await write(text);
  const control = decodeURIComponent(headers.get('backstep-control') ?? '');
  return { count: Number(headers.get('backstep-records')), sha256: digest, control };
}

export const prove: RemoteCommand<readonly [], ProveOptions> = async (api, { terminal }, { options }) => {
  const { record, from, head } = options;
  const path =
    record === undefined
      ? `/v1/policy-log/checkpoints/${from ?? ''}/proof`
      : `/v1/policy-log/${record}/proof`;
  if (record === undefined && from === undefined) throw usage('name what to prove: `--record` or `--from`');
  return showProof(terminal, options, await api.get<object>(path, { head }));
};
