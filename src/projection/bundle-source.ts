/**
 * What goes into a bundle of a tenant's log, read from the database and, for what still runs, from Temporal.
 * Adapter ring.
 */
import type { EvidenceStore } from '../store/evidence';
import type { PolicyLogStore } from '../store/policy-log';
import type { KeySnapshot, SubjectKey, SubjectKeys } from '../store/subject-keys';
import type { Histories } from '../temporal/histories';
import { packHistory } from './archive';
import type { BundleSource, SourceRun } from './write-bundle';

export interface BundleParts {
  readonly store: EvidenceStore;
  readonly log: PolicyLogStore;
  readonly keys: SubjectKeys;
  readonly histories: Pick<Histories, 'fetch'>;
}

/** Records that are read at once. */
const PAGE = 2_000;

export interface Bundling {
  readonly tenant: string;
  readonly at: number;
  readonly by: string;
  /**
   * Keys from before the head: a bundle is as of its head, and the record of a later erasure is not in it. Absent: as they are
   * when it begins.
   */
  readonly keys?: KeySnapshot;
}

/** Up to the newest signed head: sign one before, so that it is up to now. */
export async function bundleSource(
  parts: BundleParts,
  { tenant, at, by, keys }: Bundling,
): Promise<BundleSource> {
  const before = keys ?? (await parts.keys.snapshot(tenant));
  // Whoever came since has a key that is not among them.
  const keyOf = async (id: string): Promise<SubjectKey | undefined> =>
    before.byId(id) ?? (await parts.keys.byId(tenant, id));
  const heads = await parts.log.checkpoints(tenant);
  const size = heads.at(-1)?.size ?? 0;
  return {
    tenant,
    exportedAt: at,
    exportedBy: by,
    records: recordsUpTo(parts.log, tenant, size),
    heads: heads.map(({ note }) => note),
    runs: runsOf(parts, tenant, keyOf),
    key: async (id) => (await keyOf(id))?.key ?? null,
  };
}

export async function* recordsUpTo(
  log: Pick<PolicyLogStore, 'list'>,
  tenant: string,
  size: number,
): AsyncGenerator<string, void> {
  for (let from = 0; from < size;) {
    const page = await log.list(tenant, { from, before: size, limit: PAGE });
    yield* page.map(({ text }) => text);
    const last = page.at(-1);
    if (last === undefined) return;
    from = last.seq + 1;
  }
}

async function* runsOf(
  parts: BundleParts,
  tenant: string,
  keyOf: (id: string) => Promise<SubjectKey | undefined>,
): AsyncGenerator<SourceRun, void> {
  for (const cursor of await parts.store.allRuns(tenant)) {
    if (cursor.records === 0) continue;
    const { workflow, run, subjectKey } = cursor;
    const name = { tenant, workflow, run };
    const archived = await parts.store.archived(name);
    if (archived !== undefined) {
      yield {
        workflow,
        run,
        key: subjectKey,
        isSealed: archived.sealedWith !== null,
        stored: archived.stored,
      };
      continue;
    }
    const history = cursor.ended === null ? await parts.histories.fetch({ workflow, run }) : undefined;
    const key = subjectKey === null ? undefined : await keyOf(subjectKey);
    const stored = history === undefined ? {} : { stored: packHistory(name, history, key) };
    yield { workflow, run, key: subjectKey, isSealed: key !== undefined, ...stored };
  }
}
