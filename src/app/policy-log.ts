/**
 * Use cases: reading the PolicyLog, exporting, proving a bundle, and telling the projections again.
 * Entry ring. Who may do what is judged by the doors.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RECORD_KINDS, type RecordKind } from '../audit/record';
import { bundleIn } from '../projection/bundle';
import { bundleSource, recordsUpTo } from '../projection/bundle-source';
import { signWhenDue } from '../projection/heads';
import { startProjector } from '../projection/projector';
import { rebuild, type Rebuilt } from '../projection/rebuild';
import { verifyBundle, type Verified, type VerifyOptions } from '../projection/verify-bundle';
import { writeBundle, type BundleSink } from '../projection/write-bundle';
import { err, ok, type Result } from '../kernel/result';
import type { RecordQuery, StoredCheckpoint } from '../store/policy-log';
import { performControl } from '../temporal/controls';
import { openLogKey } from './log-key';
import { primitives } from './primitives';
import { printRecords, type RecordForm } from './record-forms';
import type { Refusal } from './refusal';
import type { Services } from './services';

export interface ListedRecord {
  readonly seq: number;
  /** The record as JSON. */
  readonly record: Readonly<Record<string, unknown>>;
}

export interface RecordFilter {
  readonly kind?: string;
  readonly outcome?: string;
  readonly actor?: string;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly until?: number;
}

/** Records as a list has them. Errors: `LOG_KIND_UNKNOWN`. */
export async function listRecords(
  { evidence }: Services,
  tenant: string,
  query: RecordFilter & Pick<RecordQuery, 'from' | 'before' | 'newestFirst' | 'limit'>,
): Promise<Result<readonly ListedRecord[], Refusal>> {
  const filter = filterOf(query);
  if (!filter.ok) return filter;
  const found = await evidence.log.list(tenant, { ...query, ...filter.value });
  return ok(
    found.map(({ seq, text }) => ({ seq, record: JSON.parse(text) as Readonly<Record<string, unknown>> })),
  );
}

function filterOf({
  kind,
  ...rest
}: RecordFilter): Result<RecordFilter & { readonly kinds?: readonly RecordKind[] }, Refusal> {
  if (kind === undefined) return ok(rest);
  // `gate` is all of `gate.…`.
  const kinds = RECORD_KINDS.filter((one) => one === kind || one.startsWith(`${kind}.`));
  if (kinds.length > 0) return ok({ ...rest, kinds });
  return err({
    code: 'LOG_KIND_UNKNOWN',
    message: `there is no record of kind \`${kind}\``,
    help: `there are ${[...new Set(RECORD_KINDS.map((one) => one.split('.')[0]))].map((one) => `\`${one}\``).join(', ')}, and \`docs/formats/policy-log.md\` lists them all`,
  });
}

export const checkpointsOf = (
  { evidence }: Services,
  tenant: string,
  newest: number,
): Promise<readonly StoredCheckpoint[]> => evidence.log.checkpoints(tenant, { newest });

export interface Exported {
  readonly count: number;
  /** SHA-256 of what left: of the manifest, for a bundle. */
  readonly sha256: string;
  /** Id of the act that put the export on record. */
  readonly control: string;
}

interface Exporting {
  readonly tenant: string;
  readonly by: string;
  readonly reason: string;
  readonly sink: BundleSink;
}

/** Writes everything that proves the log up to now, and puts on record that it left. */
export async function exportBundle(
  services: Services,
  { tenant, by, reason, sink }: Exporting,
): Promise<Exported> {
  const { evidence, settings, now } = services;
  const signer = await openLogKey(settings);
  const keys = await evidence.keys.snapshot(tenant);
  await catchUp(services);
  await erasuresOnRecord(services, tenant, keys.destroyedLately);
  await signWhenDue({ store: evidence.store, primitives, signer, now }, tenant, true);
  const source = await bundleSource(evidence, { tenant, at: now(), by, keys });
  const { manifest, sha256 } = await writeBundle(source, sink, signer);
  return putOnRecord(services, {
    ...{ tenant, by, reason, format: 'bundle', count: manifest.records, sha256, filter: {} },
  });
}

/** Erasures that are looked through: more than one minute brings. */
const NEWEST_ERASURES = 1_000;
/** An erasure is on record a moment after its key is gone; after a robot that died in between, once another has taken over. */
const ERASURE_WAIT_MS = 10_000;
const LOOK_EVERY_MS = 100;

/** Waits until the log tells of these keys' destruction. Of one that it does not tell of in time, the bundle's proof will. */
async function erasuresOnRecord(
  services: Services,
  tenant: string,
  destroyed: readonly string[],
): Promise<void> {
  const { log } = services.evidence;
  for (let waited = 0; waited < ERASURE_WAIT_MS; waited += LOOK_EVERY_MS) {
    const query = { kinds: ['log.erased'], newestFirst: true, limit: NEWEST_ERASURES } as const;
    const told = destroyed.length === 0 ? [] : await log.list(tenant, query);
    if (destroyed.every((id) => told.some(({ text }) => text.includes(`"key":"${id}"`)))) return;
    await sleep(LOOK_EVERY_MS);
    await catchUp(services);
  }
}

/** Writes records in one form, and puts on record that they left. Errors: `LOG_KIND_UNKNOWN`. */
export async function exportRecords(
  services: Services,
  {
    form,
    filter,
    write,
    ...who
  }: Omit<Exporting, 'sink'> & {
    readonly form: RecordForm;
    readonly filter: RecordFilter;
    readonly write: (text: string) => Promise<void> | void;
  },
): Promise<Result<Exported, Refusal>> {
  const { tenant } = who;
  const chosen = filterOf(filter);
  if (!chosen.ok) return chosen;
  await catchUp(services);
  const { size } = await services.evidence.log.end(tenant);
  const hash = createHash('sha256');
  let count = 0;
  const records = recordsUpTo(
    { list: (of, query) => services.evidence.log.list(of, { ...query, ...chosen.value }) },
    tenant,
    size,
  );
  for await (const text of printRecords(form, records, () => (count += 1))) {
    hash.update(text);
    await write(text);
  }
  const named = Object.fromEntries(
    Object.entries(filter).map(([name, value]) => [
      name,
      typeof value === 'number' ? new Date(value).toISOString() : String(value),
    ]),
  );
  return ok(
    await putOnRecord(services, { ...who, format: form, count, sha256: hash.digest('hex'), filter: named }),
  );
}

async function putOnRecord(
  { outcomes }: Services,
  {
    tenant,
    by,
    reason,
    ...rest
  }: {
    readonly tenant: string;
    readonly by: string;
    readonly reason: string;
    readonly format: string;
    readonly filter: Readonly<Record<string, string>>;
    readonly count: number;
    readonly sha256: string;
  },
): Promise<Exported> {
  const { id } = await performControl(outcomes.client, {
    tenant,
    act: { do: 'export', ...rest },
    by,
    reason,
  });
  return { count: rest.count, sha256: rest.sha256, control: id };
}

/** Projects what is not projected yet, also where no robot does. */
export async function catchUp({ evidence, now }: Pick<Services, 'evidence' | 'now'>): Promise<void> {
  const projector = startProjector({
    ...evidence,
    primitives,
    tenants: () => evidence.log.tenants(),
    now,
  });
  try {
    await projector.catchUp();
  } finally {
    await projector.stop();
  }
}

/** Tells the rows of a tenant again from histories and archive. */
export async function rebuildProjections(services: Services, tenant: string): Promise<Rebuilt> {
  await catchUp(services);
  return rebuild({ ...services.evidence, primitives }, tenant);
}

/** Proves a bundle in a folder; it asks no server. */
export const verifyFolder = (folder: string, given: Omit<VerifyOptions, 'primitives'>): Promise<Verified> =>
  verifyBundle(bundleIn(folder), { primitives, ...given });
