/** `backstep log list|export|verify|prove|rebuild`. Entry ring. */
import { existsSync, statSync } from 'node:fs';
import {
  exportBundle,
  exportRecords,
  listRecords,
  rebuildProjections,
  verifyFolder,
  type Exported,
  type ListedRecord,
  type RecordFilter,
} from '../../app/policy-log';
import { checkProofText, proveConsistency, proveRecord } from '../../app/log-proofs';
import { spanOf } from '../../app/moments';
import { readLogPublicKey } from '../../app/log-key';
import { codecOf } from '../../app/payload-keys';
import type { RecordForm } from '../../app/record-forms';
import type { Verified } from '../../projection/verify-bundle';
import { Complaint, usage, type ExitCode } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { afterProof, afterRecords, noteAll } from '../next-steps';
import { checkNew, intoFile, intoFolder, textOfFile } from '../files';
import { counted } from '../numbers';
import { acceptedOf } from '../refuse';
import { withServices } from '../services';
import type { Terminal } from '../terminal';
import { isoOf, timeOf } from '../times';

export interface FilterOptions extends CommonOptions {
  readonly kind?: string;
  readonly outcome?: string;
  readonly actor?: string;
  readonly since?: string;
  readonly until?: string;
  readonly at?: string;
}

const ON_SERVERS = { starts: false } as const;

export async function list(
  context: CommandContext,
  _arguments: readonly [],
  options: FilterOptions & { readonly limit: number },
): CommandResult {
  const { terminal } = context;
  const query = { ...filterOf(options), limit: options.limit, newestFirst: true };
  return withServices<ExitCode>(context, options, ON_SERVERS, async (services) => {
    const found = acceptedOf(await listRecords(services, options.tenant, query));
    return showRecords(terminal, options, found.map(({ record }) => record).reverse());
  });
}

/** Oldest first, as they are read. */
export function showRecords(
  terminal: Terminal,
  { json }: CommonOptions,
  records: readonly ListedRecord['record'][],
): ExitCode {
  for (const record of records) {
    if (json) terminal.json(record);
    else terminal.line(lineOf(record));
  }
  if (!json && records.length === 0) terminal.line('the log has no such record');
  if (!json) noteAll(terminal, afterRecords(records));
  return 0;
}

export interface ExportOptions extends FilterOptions {
  readonly out: string;
  readonly format?: RecordForm;
  readonly reason: string;
  readonly as: string;
}

export async function exportLog(
  context: CommandContext,
  _arguments: readonly [],
  options: ExportOptions,
): CommandResult {
  const { out, format, tenant, reason, as: by } = options;
  const filter = chosenBy(options);
  return withServices<ExitCode>(context, options, ON_SERVERS, async (services) => {
    const who = { tenant, by, reason };
    const done: Exported =
      format === undefined
        ? await intoFolder(out, (sink) => exportBundle(services, { ...who, sink }))
        : await intoFile(out, async (write) =>
            acceptedOf(await exportRecords(services, { ...who, form: format, filter, write })),
          );
    return showExported(context.terminal, options, done);
  });
}

/** What is exported; wrong usage where it cannot be, or not to there. */
export function chosenBy(options: ExportOptions): RecordFilter {
  const { out, format } = options;
  const filter = filterOf(options);
  checkNew(out);
  if (format === undefined && Object.keys(filter).length > 0)
    throw usage('a bundle holds the whole log, or it would prove nothing: filters need `--format`');
  return filter;
}

export function showExported(terminal: Terminal, { json, out }: ExportOptions, done: Exported): ExitCode {
  if (json) terminal.json({ ...done, out });
  else {
    terminal.line(`${done.count} records in ${out}`);
    terminal.line(`sha256 ${done.sha256}`);
    terminal.line(`on record as ${done.control}`);
  }
  return 0;
}

export async function verify(
  context: CommandContext,
  [folder]: readonly [folder: string],
  options: CommonOptions & { readonly key?: string; readonly head?: string },
): CommandResult {
  const { terminal, settings } = context;
  const publicKey = options.key === undefined ? undefined : keyFrom(options.key);
  if (!existsSync(folder)) throw usage(`there is no such folder or file: \`${folder}\``);
  if (statSync(folder).isFile()) return verifyProof(context, folder, { ...options, publicKey });
  const known = options.head === undefined ? {} : { known: await textOfFile(options.head) };
  const key = publicKey === undefined ? {} : { publicKey };
  const verified = await verifyFolder(folder, { codec: codecOf(settings), ...key, ...known });
  const { flaws } = verified;
  if (!options.json) showVerified(terminal, verified);
  if (flaws.length > 0)
    throw new Complaint(`${counted(flaws.length, 'flaw')} in \`${folder}\``, {
      code: 'LOG_NOT_PROVEN',
      result: verified,
    });
  if (options.json) terminal.json(verified);
  return 0;
}

/** Wrong usage where it is no key: held against one, an honest bundle would look forged. */
function keyFrom(text: string): string {
  const key = readLogPublicKey(text);
  if (key !== undefined) return key;
  throw usage(
    `\`${text}\` is no key of a log`,
    '`--key` takes base64 of an Ed25519 public key: the `publicKey` that `log prove`, `log verify` and `/v1/policy-log/checkpoints` show',
  );
}

function showVerified(
  terminal: Terminal,
  { flaws, records, heads, histories, derived, notDerived, signer, publicKey, tenant, exportedAt }: Verified,
): void {
  if (publicKey !== '') {
    terminal.line(`log of ${tenant}, as of ${exportedAt}`);
    terminal.line(`signed by ${signer} ${publicKey}`);
    const parts = [counted(records, 'record'), counted(heads, 'head'), counted(histories, 'history')];
    terminal.line(parts.join(', '));
    terminal.line(
      `${counted(derived, 'record')} derived again${notDerived === 0 ? '' : `, ${notDerived} held by the chain alone: their histories are erased or their time is over`}`,
    );
  }
  for (const { code, at, what } of flaws) terminal.line(`${code} ${at}: ${what}`);
  if (flaws.length === 0) terminal.line('proven: nothing was changed, nothing is missing');
}

/** One proof that stands alone, in a file. */
async function verifyProof(
  { terminal }: CommandContext,
  file: string,
  { publicKey, json }: CommonOptions & { readonly publicKey: string | undefined },
): CommandResult {
  const checked = checkProofText(await textOfFile(file), publicKey);
  if (!checked.ok) {
    if (!json) terminal.line(`${checked.error.code}: ${checked.error.what}`);
    throw new Complaint(`\`${file}\` proves nothing`, {
      code: 'LOG_NOT_PROVEN',
      result: { flaws: [checked.error] },
    });
  }
  const { kind, origin, from, size, at, signedBy } = checked.value;
  if (json) terminal.json({ ...checked.value, flaws: [] });
  else {
    terminal.line(`${origin}, head of size ${size} of ${new Date(at).toISOString()}`);
    terminal.line(`signed by ${signedBy.signer} ${signedBy.publicKey}`);
    terminal.line(
      kind === 'record'
        ? `proven: record ${from} is in the log`
        : `proven: nothing of the ${from} records before was changed or taken out`,
    );
  }
  return 0;
}

export interface ProveOptions extends CommonOptions {
  readonly record?: number;
  readonly from?: number;
  readonly head?: number;
}

export async function prove(
  context: CommandContext,
  _arguments: readonly [],
  options: ProveOptions,
): CommandResult {
  const { tenant, record, from, head } = options;
  return withServices<ExitCode>(context, options, ON_SERVERS, async (services) => {
    if (record !== undefined) {
      const against = head === undefined ? {} : { size: head };
      return showProof(
        context.terminal,
        options,
        acceptedOf(await proveRecord(services, tenant, { seq: record, ...against })),
      );
    }
    if (from === undefined) throw usage('name what to prove: `--record` or `--from`');
    const to = head === undefined ? {} : { to: head };
    return showProof(
      context.terminal,
      options,
      acceptedOf(await proveConsistency(services, tenant, { from, ...to })),
    );
  });
}

export function showProof(terminal: Terminal, { json }: CommonOptions, proof: object): ExitCode {
  terminal.json(proof);
  if (!json && 'record' in proof) noteAll(terminal, afterProof(String(proof.record)));
  return 0;
}

export async function rebuild(
  context: CommandContext,
  _arguments: readonly [],
  options: CommonOptions,
): CommandResult {
  const { terminal } = context;
  return withServices<ExitCode>(context, options, ON_SERVERS, async (services) => {
    const rebuilt = await rebuildProjections(services, options.tenant);
    if (options.json) terminal.json(rebuilt);
    else {
      terminal.line(`${rebuilt.outcomes} outcomes told again from ${rebuilt.records} records`);
      for (const id of rebuilt.changed) terminal.line(`was not as it should be: ${id}`);
      for (const id of rebuilt.kept) terminal.line(`kept as it was, its history is gone: ${id}`);
    }
    return 0;
  });
}

function filterOf({ kind, outcome, actor, since, until, at }: FilterOptions): RecordFilter {
  const span = at === undefined ? {} : spanOf(at, Date.now());
  if (span === undefined)
    throw usage(`\`--at\` takes a time such as 2026-11-17T04:14, or \`tuesday 4:14\`, not \`${at ?? ''}\``);
  return {
    ...span,
    ...(kind === undefined ? {} : { kind }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(actor === undefined ? {} : { actor }),
    ...(since === undefined ? {} : { since: timeOf('--since', since) }),
    ...(until === undefined ? {} : { until: timeOf('--until', until) }),
  };
}

/** A time as an API takes it. */
export const givenAs = (option: string, text: string | undefined): string | undefined =>
  text === undefined ? undefined : isoOf(timeOf(option, text));

/** One line a record: when, what, who, about what. */
function lineOf(record: ListedRecord['record']): string {
  const { seq, at, kind, actor, outcome, node } = record as {
    readonly seq: number;
    readonly at: string;
    readonly kind: string;
    readonly actor: { readonly id: string };
    readonly outcome?: string;
    readonly node?: string;
  };
  const about = outcome === undefined ? '' : ` ${node === undefined ? outcome : `${outcome}#${node}`}`;
  return `${String(seq).padStart(6)} ${at} ${kind.padEnd(22)} by=${actor.id}${about}`;
}
