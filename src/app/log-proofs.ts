/**
 * Use cases: proofs about a log that stand alone, against signed heads that the caller names, and checking them without a server.
 * Entry ring.
 */
import { subtreeFrom, TILE_LEVELS } from '../audit/growing-log';
import { hexOf } from '../audit/hex';
import { consistencyProof, inclusionProof, type SubtreeHash } from '../audit/merkle-tree';
import type { Hash } from '../audit/primitives';
import {
  checkProof,
  type CheckedProof,
  type ConsistencyProof,
  type ProofFlaw,
  type RecordProof,
  type SignedBy,
} from '../audit/proof';
import { err, ok, type Result } from '../kernel/result';
import type { PolicyLogStore, StoredCheckpoint } from '../store/policy-log';
import { primitives } from './primitives';
import { refuse, type Refusal } from './refusal';

type Log = Pick<PolicyLogStore, 'list' | 'hashes' | 'tiles' | 'checkpoints'>;
type Reading = { readonly evidence: { readonly log: Log } };

/**
 * Shows that a record is in a signed head. Errors: `LOG_RECORD_UNKNOWN`, also where the head does not have it yet;
 * `LOG_HEAD_UNKNOWN`.
 * @param size of the head; absent: the newest
 */
export async function proveRecord(
  { evidence: { log } }: Reading,
  tenant: string,
  { seq, size }: { readonly seq: number; readonly size?: number },
): Promise<Result<RecordProof & SignedBy, Refusal>> {
  const found = await headOf(log, tenant, size);
  const [record] = await log.list(tenant, { from: seq, before: seq + 1, limit: 1 });
  if (record === undefined) return refuse('LOG_RECORD_UNKNOWN', `there is no record ${seq}`);
  const head = found.ok ? found.value : undefined;
  if (!found.ok && size !== undefined) return found;
  if (head === undefined || seq >= head.size)
    return refuse(
      'LOG_RECORD_UNKNOWN',
      `record ${seq} is in no signed head ${size === undefined ? 'yet' : `of size ${size}`}`,
    );
  const tree = await treeOf(log, { tenant, size: head.size, leaves: [seq] });
  const proof = inclusionProof(primitives, seq, head.size, tree).map(hexOf);
  return ok({ seq, record: record.text, head: head.note, size: head.size, proof, ...signedBy(head) });
}

/** Shows that a later head is the continuation of an earlier one. Errors: `LOG_HEAD_UNKNOWN`. */
export async function proveConsistency(
  { evidence: { log } }: Reading,
  tenant: string,
  { from, to }: { readonly from: number; readonly to?: number },
): Promise<Result<ConsistencyProof & SignedBy, Refusal>> {
  const [earlier, later] = [await headOf(log, tenant, from), await headOf(log, tenant, to)];
  if (!earlier.ok) return earlier;
  if (!later.ok) return later;
  const { size } = later.value;
  if (from > size)
    return refuse('LOG_HEAD_UNKNOWN', `the head of size ${size} is not later than that of ${from}`);
  const leaves = from === 0 ? [] : [from - 1];
  const tree = await treeOf(log, { tenant, size, leaves });
  const proof = consistencyProof(primitives, from, size, tree).map(hexOf);
  return ok({ from: earlier.value.note, to: later.value.note, proof, ...signedBy(later.value) });
}

/** Checks a proof; it asks no server. */
export const checkProofText = (
  text: string,
  publicKey: string | undefined,
): Result<CheckedProof, ProofFlaw> =>
  checkProof(primitives, text, publicKey === undefined ? {} : { publicKey });

const signedBy = ({ signer, publicKey }: StoredCheckpoint): SignedBy => ({
  signer,
  publicKey: Buffer.from(publicKey).toString('base64'),
});

/** The newest head of a size, or of all. */
async function headOf(
  log: Log,
  tenant: string,
  size: number | undefined,
): Promise<Result<StoredCheckpoint, Refusal>> {
  const [head] = await log.checkpoints(tenant, { newest: 1, ...(size === undefined ? {} : { upTo: size }) });
  if (head !== undefined && (size === undefined || head.size === size)) return ok(head);
  return err({
    code: 'LOG_HEAD_UNKNOWN',
    message: size === undefined ? 'no head was signed yet' : `no head of size ${size} was signed`,
    help: `${head === undefined ? '' : `the nearest below it is of size ${head.size}; `}\`GET /v1/policy-log/checkpoints\` lists them`,
  });
}

/** Hashes of the tree under a head: of the tiles of these leaves and the unfinished one at the end each record's, else tiles. */
async function treeOf(
  log: Log,
  {
    tenant,
    size,
    leaves,
  }: { readonly tenant: string; readonly size: number; readonly leaves: readonly number[] },
): Promise<SubtreeHash> {
  const tiles = new Map<string, Hash>();
  for (const { level, index, hash } of await log.tiles(tenant, size)) tiles.set(`${level} ${index}`, hash);
  const width = 2 ** TILE_LEVELS;
  const pages = new Map<number, readonly Hash[]>();
  for (const page of new Set([...leaves, size - 1].map((leaf) => Math.floor(leaf / width))))
    pages.set(page, await log.hashes(tenant, page * width, Math.min(size, (page + 1) * width)));
  return subtreeFrom(primitives, (level, index) => {
    const found =
      level === 0 ? pages.get(Math.floor(index / width))?.[index % width] : tiles.get(`${level} ${index}`);
    if (found === undefined)
      throw new Error(`the tree of \`${tenant}\` lacks level ${level}, index ${index}`);
    return found;
  });
}
