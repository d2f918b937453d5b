/** The Merkle tree, held against the definition of RFC 6962 written out, and against every forgery of a proof. */
import fc from 'fast-check';
import { primitives } from '../../../src/app/primitives';
import {
  consistencyProof,
  inclusionProof,
  isConsistent,
  isIncluded,
  leafHash,
  rootHash,
  subtreesClosedBy,
  type SubtreeHash,
} from '../../../src/audit/merkle-tree';
import type { Hash } from '../../../src/audit/primitives';

/** A tree that is kept as a store would keep it: perfect subtrees by level and index. */
function treeOf(leaves: readonly string[]): SubtreeHash {
  const nodes = new Map<string, Hash>();
  const stored: SubtreeHash = (level, index) => {
    const hash = nodes.get(`${level}/${index}`);
    if (hash === undefined) throw new Error(`subtree ${level}/${index} is not stored`);
    return hash;
  };
  for (const [index, leaf] of leaves.entries())
    for (const node of subtreesClosedBy(primitives, index, leafHash(primitives, leaf), stored))
      nodes.set(`${node.level}/${node.index}`, node.hash);
  return stored;
}

/** MTH of RFC 6962 §2.1, as it stands there. */
function definedRoot(leaves: readonly string[]): Hash {
  if (leaves.length === 0) return primitives.sha256();
  if (leaves.length === 1) return primitives.sha256(Uint8Array.of(0), leaves[0]!);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return primitives.sha256(Uint8Array.of(1), definedRoot(leaves.slice(0, k)), definedRoot(leaves.slice(k)));
}

const named = (count: number): string[] => Array.from({ length: count }, (_, i) => `record ${i}`);
const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');
const flipped = (hash: Hash, bit: number): Hash =>
  hash.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

const LARGEST = 70;

test('the head is the one that RFC 6962 defines, for every size', () => {
  for (let size = 0; size <= LARGEST; size++) {
    const leaves = named(size);
    expect(hex(rootHash(primitives, size, treeOf(leaves)))).toBe(hex(definedRoot(leaves)));
  }
});

// Published with the reference implementation of RFC 6962: eight leaves of known bytes.
test('the head of the reference leaves is the published one', () => {
  const leaves = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ];
  const hashes = leaves.map((leaf) => primitives.sha256(Uint8Array.of(0), Buffer.from(leaf, 'hex')));
  const stored = new Map<string, Hash>();
  const at: SubtreeHash = (level, index) => stored.get(`${level}/${index}`)!;
  for (const [index, hash] of hashes.entries())
    for (const node of subtreesClosedBy(primitives, index, hash, at))
      stored.set(`${node.level}/${node.index}`, node.hash);
  expect(hex(rootHash(primitives, 8, at))).toBe(
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  );
});

test('every record is proven to be in every tree that holds it, and in no other place', () => {
  const leaves = named(LARGEST);
  const stored = treeOf(leaves);
  for (let size = 1; size <= LARGEST; size++) {
    const root = rootHash(primitives, size, stored);
    for (let index = 0; index < size; index++) {
      const proof = inclusionProof(primitives, index, size, stored);
      const leaf = leafHash(primitives, leaves[index]!);
      expect(isIncluded(primitives, { index, size, leaf, proof, root })).toBe(true);
      const wrong = (index + 1) % size;
      if (wrong !== index)
        expect(isIncluded(primitives, { index: wrong, size, leaf, proof, root })).toBe(false);
    }
  }
});

test('every tree is proven to begin with every smaller one', () => {
  const stored = treeOf(named(LARGEST));
  for (let size = 0; size <= LARGEST; size++) {
    const root = rootHash(primitives, size, stored);
    for (let oldSize = 0; oldSize <= size; oldSize++) {
      const proof = consistencyProof(primitives, oldSize, size, stored);
      const oldRoot = rootHash(primitives, oldSize, stored);
      expect(isConsistent(primitives, { oldSize, oldRoot, size, root, proof })).toBe(true);
    }
  }
});

test('no flipped bit, missing hash or added hash leaves a proof of inclusion standing', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: LARGEST }), fc.nat(), fc.nat(), fc.nat(255), (size, a, b, bit) => {
      const leaves = named(size);
      const stored = treeOf(leaves);
      const index = a % size;
      const leaf = leafHash(primitives, leaves[index]!);
      const root = rootHash(primitives, size, stored);
      const proof = inclusionProof(primitives, index, size, stored);
      const where = b % proof.length;
      const bent = proof.map((hash, i) => (i === where ? flipped(hash, bit) : hash));
      for (const forged of [bent, proof.slice(1), proof.slice(0, -1), [...proof, root]])
        expect(isIncluded(primitives, { index, size, leaf, proof: forged, root })).toBe(false);
      expect(isIncluded(primitives, { index, size, leaf: flipped(leaf, bit), proof, root })).toBe(false);
      expect(isIncluded(primitives, { index, size, leaf, proof, root: flipped(root, bit) })).toBe(false);
    }),
  );
});

test('a tree whose past was rewritten is consistent with no head from before', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: LARGEST }), fc.nat(), fc.nat(), (size, a, b) => {
      const leaves = named(size);
      const oldSize = 1 + (a % size);
      const changed = b % oldSize;
      const rewritten = leaves.map((leaf, i) => (i === changed ? `${leaf}, rewritten` : leaf));
      const stored = treeOf(rewritten);
      const proof = consistencyProof(primitives, oldSize, size, stored);
      const oldRoot = rootHash(primitives, oldSize, treeOf(leaves));
      const root = rootHash(primitives, size, stored);
      expect(isConsistent(primitives, { oldSize, oldRoot, size, root, proof })).toBe(false);
    }),
  );
});
