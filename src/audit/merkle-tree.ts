/**
 * The Merkle tree of RFC 6962 over the records of one tenant: its head commits to every record before it, and two short proofs
 * show that a record is in it and that nothing was rewritten since an older head.
 * Pure ring. It keeps no tree: hashes of perfect subtrees come from whoever stores them.
 */
import { invariant } from '../kernel/invariant';
import { areEqual, type Hash, type Primitives } from './primitives';

type Sha256 = Pick<Primitives, 'sha256'>;

/** The hash of the perfect subtree over leaves `[index · 2^level, (index + 1) · 2^level)`; level 0 are the leaves. */
export type SubtreeHash = (level: number, index: number) => Hash;

/** A stored node: a perfect subtree that an append has completed. */
export interface Subtree {
  readonly level: number;
  readonly index: number;
  readonly hash: Hash;
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** @source RFC 6962 §2.1 */
export const leafHash = ({ sha256 }: Sha256, leaf: string): Hash => sha256(LEAF, leaf);

const nodeHash = ({ sha256 }: Sha256, left: Hash, right: Hash): Hash => sha256(NODE, left, right);

/** The subtrees that appending the leaf at `index` completes, smallest first: the leaf itself and all that end with it. */
export function subtreesClosedBy(
  primitives: Sha256,
  index: number,
  leaf: Hash,
  stored: SubtreeHash,
): readonly Subtree[] {
  const closed: Subtree[] = [{ level: 0, index, hash: leaf }];
  let last = closed[0]!;
  while (last.index % 2 === 1) {
    const hash = nodeHash(primitives, stored(last.level, last.index - 1), last.hash);
    last = { level: last.level + 1, index: (last.index - 1) / 2, hash };
    closed.push(last);
  }
  return closed;
}

/** The head of the tree over the first `size` leaves. @source RFC 6962 §2.1 */
export function rootHash(primitives: Sha256, size: number, stored: SubtreeHash): Hash {
  return size === 0 ? primitives.sha256() : rangeHash(primitives, 0, size, stored);
}

/** Hashes that lead from the leaf at `index` to the head over `size` leaves, leaf's sibling first. @source RFC 6962 §2.1.1 */
export function inclusionProof(
  primitives: Sha256,
  index: number,
  size: number,
  stored: SubtreeHash,
): readonly Hash[] {
  invariant(index >= 0 && index < size, 'a leaf that is proven is in the tree');
  const path: Hash[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + largestPowerBelow(to - from);
    const isLeft = index < middle;
    path.push(
      isLeft ? rangeHash(primitives, middle, to, stored) : rangeHash(primitives, from, middle, stored),
    );
    if (isLeft) to = middle;
    else from = middle;
  }
  return path.reverse();
}

/** Hashes that show the tree over `oldSize` leaves to be the beginning of that over `size`. @source RFC 6962 §2.1.2 */
export function consistencyProof(
  primitives: Sha256,
  oldSize: number,
  size: number,
  stored: SubtreeHash,
): readonly Hash[] {
  invariant(oldSize >= 0 && oldSize <= size, 'an older tree is no larger');
  if (oldSize === 0 || oldSize === size) return [];
  const path: Hash[] = [];
  let [from, to] = [0, size];
  while (to !== oldSize) {
    const middle = from + largestPowerBelow(to - from);
    const isLeft = oldSize <= middle;
    path.push(
      isLeft ? rangeHash(primitives, middle, to, stored) : rangeHash(primitives, from, middle, stored),
    );
    if (isLeft) to = middle;
    else from = middle;
  }
  // Where the older tree is a perfect subtree on the left edge, its head is what the verifier has already.
  if (from > 0) path.push(rangeHash(primitives, from, to, stored));
  return path.reverse();
}

export interface Inclusion {
  readonly index: number;
  readonly size: number;
  readonly leaf: Hash;
  readonly proof: readonly Hash[];
  readonly root: Hash;
}

/** @source RFC 9162 §2.1.3.2 */
export function isIncluded(primitives: Sha256, { index, size, leaf, proof, root }: Inclusion): boolean {
  if (index < 0 || index >= size) return false;
  let [fn, sn, head] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      head = nodeHash(primitives, sibling, head);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      head = nodeHash(primitives, head, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && areEqual(head, root);
}

export interface Consistency {
  readonly oldSize: number;
  readonly oldRoot: Hash;
  readonly size: number;
  readonly root: Hash;
  readonly proof: readonly Hash[];
}

/** @source RFC 9162 §2.1.4.2 */
export function isConsistent(primitives: Sha256, claim: Consistency): boolean {
  const { oldSize, oldRoot, size, root, proof } = claim;
  if (oldSize > size || oldSize < 0) return false;
  if (oldSize === size) return proof.length === 0 && areEqual(oldRoot, root);
  if (oldSize === 0) return proof.length === 0 && areEqual(oldRoot, primitives.sha256());
  const path = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof;
  const first = path[0];
  if (first === undefined) return false;
  let [fn, sn, oldHead, head] = [oldSize - 1, size - 1, first, first];
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)];
  for (const sibling of path.slice(1)) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      oldHead = nodeHash(primitives, sibling, oldHead);
      head = nodeHash(primitives, sibling, head);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      head = nodeHash(primitives, head, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && areEqual(oldHead, oldRoot) && areEqual(head, root);
}

/** The head of the tree over leaves `[from, to)`, made of the perfect subtrees inside it. */
function rangeHash(primitives: Sha256, from: number, to: number, stored: SubtreeHash): Hash {
  const width = to - from;
  if (isPowerOfTwo(width)) return stored(Math.log2(width), from / width);
  const middle = from + largestPowerBelow(width);
  return nodeHash(
    primitives,
    rangeHash(primitives, from, middle, stored),
    rangeHash(primitives, middle, to, stored),
  );
}

// Sizes pass 2^31, so bits are taken by arithmetic.
const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);
const isPowerOfTwo = (value: number): boolean => Number.isInteger(Math.log2(value));

/** The largest power of two below `width`, which is at least 2. */
function largestPowerBelow(width: number): number {
  let power = 1;
  while (power * 2 < width) power *= 2;
  return power;
}
