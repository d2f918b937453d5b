/**
 * A log at its growing end: what must be known of all records before to put the next ones behind them, however many there are.
 * Pure ring. It is the one place where entries become records.
 */
import { invariant } from '../kernel/invariant';
import { hexOf } from './hex';
import { rootHash, subtreesClosedBy, type SubtreeHash } from './merkle-tree';
import type { Hash, Primitives } from './primitives';
import { FIRST_PREVIOUS, recordHash, recordText, type Entry } from './record';

/** Where a log ends. */
export interface LogEnd {
  /** Records in it. */
  readonly size: number;
  /** Hash of the last one; empty where there is none. */
  readonly head: Hash;
  /** By level, the newest perfect subtree there; what stands at a level that has none counts for nothing. */
  readonly frontier: readonly Hash[];
}

export const EMPTY_LOG: LogEnd = { size: 0, head: new Uint8Array(), frontier: [] };

/** A perfect subtree that is kept for proofs. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly hash: Hash;
}

/** Of each eight levels one is kept: a proof works out those between from at most 256 hashes. */
export const TILE_LEVELS = 8;

export interface Appended {
  readonly end: LogEnd;
  readonly records: readonly { readonly seq: number; readonly text: string; readonly hash: Hash }[];
  readonly tiles: readonly Tile[];
}

/** Puts entries behind the end of a log. */
export function append(
  primitives: Pick<Primitives, 'sha256'>,
  end: LogEnd,
  entries: readonly Entry[],
): Appended {
  const log = new GrowingLog(primitives, end);
  let previous = end.size === 0 ? FIRST_PREVIOUS : hexOf(end.head);
  const tiles: Tile[] = [];
  const records = entries.map((entry) => {
    const seq = log.size;
    const text = recordText({ ...entry, seq, previous });
    const hash = recordHash(primitives, text);
    previous = hexOf(hash);
    tiles.push(...log.take(hash));
    return { seq, text, hash };
  });
  return { end: log.end, records, tiles };
}

/** The root over all records of a log, from its end alone. */
export function rootAt(primitives: Pick<Primitives, 'sha256'>, { size, frontier }: LogEnd): Hash {
  return rootHash(primitives, size, (level) => frontier[level]!);
}

export class GrowingLog {
  private count: number;
  private last: Hash;
  private readonly frontier: Hash[];
  private readonly stored: SubtreeHash = (level) => this.frontier[level]!;

  constructor(
    private readonly primitives: Pick<Primitives, 'sha256'>,
    end: LogEnd = EMPTY_LOG,
  ) {
    this.count = end.size;
    this.last = end.head;
    this.frontier = [...end.frontier];
  }

  get size(): number {
    return this.count;
  }

  get end(): LogEnd {
    return { size: this.count, head: this.last, frontier: this.frontier };
  }

  root(): Hash {
    return rootHash(this.primitives, this.count, this.stored);
  }

  /** Takes the hash of the next record; the tiles that it completes. */
  take(hash: Hash): readonly Tile[] {
    const tiles: Tile[] = [];
    for (const subtree of subtreesClosedBy(this.primitives, this.count, hash, this.stored)) {
      this.frontier[subtree.level] = subtree.hash;
      if (subtree.level > 0 && subtree.level % TILE_LEVELS === 0) tiles.push(subtree);
    }
    this.last = hash;
    this.count += 1;
    return tiles;
  }
}

/**
 * Any perfect subtree of a log from what is kept: hashes of records, and tiles.
 * @param kept level 0 or a multiple of `TILE_LEVELS`
 */
export function subtreeFrom(primitives: Pick<Primitives, 'sha256'>, kept: SubtreeHash): SubtreeHash {
  const known = new Map<string, Hash>();
  const hashAt: SubtreeHash = (level, index) => {
    if (level % TILE_LEVELS === 0) return kept(level, index);
    const key = `${level} ${index}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const closed = subtreesClosedBy(primitives, 1, hashAt(level - 1, 2 * index + 1), () =>
      hashAt(level - 1, 2 * index),
    )[1];
    invariant(closed !== undefined, 'two neighbours make a subtree');
    known.set(key, closed.hash);
    return closed.hash;
  };
  return hashAt;
}
