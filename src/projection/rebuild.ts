/**
 * Drops the rows of outcomes, actions and what waits, and tells them again from histories and archive. The log stays: each
 * entry is derived anew, and must be the record that stands in its place.
 * Adapter ring. It goes outcome by outcome, each in one transaction, so that live projecting goes on between them.
 */
import type { PayloadCodec } from '@temporalio/common';
import type { Derived } from '../audit/derived';
import type { Primitives } from '../audit/primitives';
import { canonicalJson } from '../kernel/json';
import type { EvidenceStore, RecordOrigin } from '../store/evidence';
import type { SubjectKeys } from '../store/subject-keys';
import type { Histories } from '../temporal/histories';
import { ARCHIVE_PART, unpackHistory } from './archive';
import { deriveFrom, readHistory } from './derive-history';
import { Rows } from './rows';

export interface RebuildParts {
  readonly store: EvidenceStore;
  readonly keys: SubjectKeys;
  readonly histories: Pick<Histories, 'fetch'>;
  readonly codec: PayloadCodec;
  readonly primitives: Pick<Primitives, 'sha256'>;
}

export interface Rebuilt {
  /** How many were told again. */
  readonly outcomes: number;
  /** Records that the rows were told from. */
  readonly records: number;
  /** Outcomes whose rows were not the same before. */
  readonly changed: readonly string[];
  /** Outcomes that cannot be told again, because a history is kept no more or its subject was erased: their rows stay. */
  readonly kept: readonly string[];
}

export async function rebuild(parts: RebuildParts, tenant: string): Promise<Rebuilt> {
  const changed: string[] = [];
  const kept: string[] = [];
  let records = 0;
  const outcomes = await parts.store.outcomes(tenant);
  for (const outcome of outcomes) {
    const told = await tellAgain(parts, tenant, outcome);
    if (told === undefined) kept.push(outcome);
    else {
      records += told.records;
      if (!told.isSame) changed.push(outcome);
    }
  }
  return { outcomes: outcomes.length - kept.length, records, changed, kept };
}

async function tellAgain(
  parts: RebuildParts,
  tenant: string,
  outcome: string,
): Promise<{ readonly records: number; readonly isSame: boolean } | undefined> {
  for (;;) {
    const origins = await parts.store.originsOf(tenant, outcome);
    const derived = await derivedOf(parts, tenant, origins);
    if (derived === undefined) return undefined;
    const isSame = await parts.store.write(tenant, async (writer) => {
      // Something was written since: then it is told once more, with that.
      if ((await parts.store.originsOf(tenant, outcome)).length !== origins.length) return undefined;
      const before = await writer.rows(tenant, [outcome]);
      const rows = new Rows();
      for (const [i, { seq }] of origins.entries()) {
        const one = derived[i];
        if (one !== undefined) rows.take({ ...one, seq });
      }
      await writer.dropRows(tenant, outcome);
      await writer.saveRows(rows.changes());
      return canonicalJson(before) === canonicalJson(await writer.rows(tenant, [outcome]));
    });
    if (isSame !== undefined) return { records: origins.length, isSame };
  }
}

/** The entries of an outcome in the order of the log; `undefined` where one cannot be derived. */
async function derivedOf(
  parts: RebuildParts,
  tenant: string,
  origins: readonly RecordOrigin[],
): Promise<readonly (Derived | undefined)[] | undefined> {
  const byRun = new Map<string, ReadonlyMap<string, Derived>>();
  for (const { workflow, run } of origins) {
    if (byRun.has(run)) continue;
    const derived = await deriveRun(parts, { tenant, workflow, run });
    if (derived === undefined) return undefined;
    byRun.set(run, new Map(derived.map((one) => [keyOf(one.entry.origin), one])));
  }
  const found = origins.map((origin) =>
    // The archive's own record says nothing of the outcome.
    origin.part === ARCHIVE_PART ? undefined : (byRun.get(origin.run)?.get(keyOf(origin)) ?? null),
  );
  return found.some((one) => one === null) ? undefined : (found as (Derived | undefined)[]);
}

async function deriveRun(
  { store, keys, histories, codec, primitives }: RebuildParts,
  name: { readonly tenant: string; readonly workflow: string; readonly run: string },
): Promise<readonly Derived[] | undefined> {
  const cursor = await store.cursor(name);
  const keyId = cursor?.subjectKey ?? null;
  const key = keyId === null ? undefined : await keys.byId(name.tenant, keyId);
  if (keyId !== null && key === undefined) return undefined;
  const archived = await store.archived(name);
  const history =
    archived === undefined
      ? await histories.fetch(name)
      : unpackHistory(name, archived.stored, archived.sealedWith === null ? undefined : key);
  if (history === undefined) return undefined;
  const read = await readHistory(name, history, codec);
  return deriveFrom(read, { sha256: primitives.sha256, ...(key === undefined ? {} : { subjectKey: key }) });
}

const keyOf = ({ event, part }: { readonly event: number; readonly part: number }): string =>
  `${event}.${part}`;
