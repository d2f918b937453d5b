/**
 * Projects one run: reads its history, derives what it owes, and writes what the log lacks, each record once however often and
 * from however many processes this is called.
 * Adapter ring.
 */
import type { PayloadCodec } from '@temporalio/common';
import { append } from '../audit/growing-log';
import type { Derived } from '../audit/derived';
import type { Primitives } from '../audit/primitives';
import { invariant } from '../kernel/invariant';
import type { EvidenceStore, EvidenceWriter } from '../store/evidence';
import type { SubjectKey, SubjectKeys } from '../store/subject-keys';
import type { Histories } from '../temporal/histories';
import { archiveOf } from './archive';
import { deriveFrom, readHistory, type ReadHistory, type RunId } from './derive-history';
import { Rows } from './rows';

export interface ProjectParts {
  readonly store: EvidenceStore;
  readonly keys: SubjectKeys;
  readonly histories: Histories;
  readonly codec: PayloadCodec;
  readonly primitives: Pick<Primitives, 'sha256'>;
}

export interface Projected {
  /** `gone`: Temporal has it no more. `other`: a workflow that owes nothing. */
  readonly kind: 'projected' | 'gone' | 'other';
  readonly tenant?: string;
  /** Records that were written now. */
  readonly records: number;
  /** When the last event that was read happened, in milliseconds since the epoch. */
  readonly lastAt?: number;
  /** Whether the run has ended: it owes nothing more, ever. */
  readonly isOver: boolean;
}

type Owing = Extract<ReadHistory, { readonly tenant: string }>;
type History = NonNullable<Awaited<ReturnType<Histories['fetch']>>>;

/** Throws what Temporal or the database throw where they are not at hand: nothing was written then. */
export async function projectRun(parts: ProjectParts, id: RunId): Promise<Projected> {
  const history = await parts.histories.fetch(id);
  if (history === undefined) return { kind: 'gone', records: 0, isOver: true };
  const read = await readHistory(id, history, parts.codec);
  if (read.kind === 'other') return { kind: 'other', records: 0, isOver: true };
  await projectBefore(parts, read);
  const key = await keyFor(parts, read);
  const derived = deriveFrom(read, {
    sha256: parts.primitives.sha256,
    ...(key === undefined ? {} : { subjectKey: key }),
  });
  const records = await parts.store.write(read.tenant, (writer) =>
    write(parts, writer, { read, history, key, derived }),
  );
  const { tenant, lastAt, ended } = read;
  return { kind: 'projected', tenant, records, lastAt, isOver: ended !== undefined };
}

/** What an outcome did in earlier runs stands before what it does now; its way back after its end, too. */
async function projectBefore(parts: ProjectParts, read: Owing): Promise<void> {
  const { workflow, tenant, previousRun } = read;
  if (previousRun !== undefined) await projectUnlessOver(parts, { tenant, workflow, run: previousRun });
  const of = read.kind === 'outcome' ? read.of.start.of : undefined;
  const run = of === undefined ? undefined : await parts.histories.newestRun(of);
  if (of !== undefined && run !== undefined) await projectUnlessOver(parts, { tenant, workflow: of, run });
}

async function projectUnlessOver(
  parts: ProjectParts,
  run: RunId & { readonly tenant: string },
): Promise<void> {
  const cursor = await parts.store.cursor(run);
  if (cursor?.ended == null) await projectRun(parts, run);
}

/** The key that the run's records hash with: the one they began with, also when it was destroyed since. */
async function keyFor(
  { store, keys }: ProjectParts,
  read: Owing,
): Promise<(Partial<SubjectKey> & { readonly id: string }) | undefined> {
  if (read.subject === undefined) return undefined;
  const cursor = await store.cursor(read);
  if (cursor?.subjectKey == null) return keys.of(read.tenant, read.subject);
  return (await keys.byId(read.tenant, cursor.subjectKey)) ?? { id: cursor.subjectKey };
}

interface Writing {
  readonly read: Owing;
  readonly history: History;
  readonly key: (Partial<SubjectKey> & { readonly id: string }) | undefined;
  readonly derived: readonly Derived[];
}

async function write(
  { primitives }: ProjectParts,
  writer: EvidenceWriter,
  { read, history, key, derived }: Writing,
): Promise<number> {
  const { tenant, lastEvent, ended } = read;
  const cursor = await writer.cursor(read);
  // Somebody else was faster.
  if (cursor != null && (cursor.ended !== null || cursor.lastEvent >= lastEvent)) return 0;
  const known = cursor?.records ?? 0;
  invariant(known <= derived.length, `\`${read.workflow}\` owes fewer records than it owed before`);
  invariant(
    cursor === undefined || cursor.subjectKey === (key?.id ?? null),
    `\`${read.workflow}\` goes on under the key that it began with`,
  );
  const fresh: Derived[] = derived.slice(known);
  if (ended !== undefined) {
    const { archived, entry } = archiveOf(read, history, { key, records: derived.length });
    await writer.archive(tenant, archived);
    fresh.push({ entry });
  }
  const entries = fresh.map(({ entry }) => entry);
  if (entries.length > 0) {
    const appended = append(primitives, writer.end, entries);
    await writer.append(fresh, appended);
    const outcomes = [...new Set(entries.flatMap(({ outcome }) => outcome ?? []))];
    const rows = new Rows(await writer.rows(tenant, outcomes));
    for (const [i, one] of fresh.entries()) rows.take({ ...one, seq: appended.records[i]!.seq });
    await writer.saveRows(rows.changes());
  }
  await writer.saveCursor(read, {
    kind: read.kind,
    records: known + entries.length,
    lastEvent,
    lastEventAt: read.lastAt,
    ended: ended?.how ?? null,
    nextRun: read.nextRun ?? null,
    subjectKey: key?.id ?? null,
  });
  return entries.length;
}
