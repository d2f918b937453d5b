/**
 * Whether a log is what it was: every record in its place, each hash the one its follower names, the tree that of the signed
 * heads, and every head the continuation of the one before. It says exactly what is wrong and where, and goes on.
 * Pure ring. Records come as text and are read once, so that millions fit.
 */
import { isCanonicalJson } from '../kernel/json';
import type { TreeHead } from './checkpoint';
import { GrowingLog } from './growing-log';
import { hexOf } from './hex';
import { areEqual, type Hash, type Primitives } from './primitives';
import { FIRST_PREVIOUS, RECORD_FORMAT, recordHash } from './record';

export type FlawCode =
  | 'RECORD_UNREADABLE'
  | 'RECORD_NOT_CANONICAL'
  | 'RECORD_FORMAT_UNKNOWN'
  | 'RECORD_OUT_OF_PLACE'
  | 'RECORD_OF_ANOTHER_TENANT'
  | 'CHAIN_BROKEN'
  | 'HEAD_MISSING_RECORDS'
  | 'HEAD_ROOT_DIFFERS'
  | 'HEAD_WENT_BACK';

export interface Flaw {
  readonly code: FlawCode;
  /** Record, by its place among those given, or the head's size. */
  readonly seq: number;
  readonly what: string;
}

export interface Checked {
  readonly records: number;
  /** Root over all records that were given. */
  readonly root: Hash;
  readonly flaws: readonly Flaw[];
}

/** Flaws beyond these are counted by nobody: the log is beyond mending. */
const MOST_FLAWS = 1_000;

export interface LogToCheck {
  readonly tenant: string;
  readonly records: Iterable<string>;
  readonly heads: readonly TreeHead[];
  /** Shown each record once, in order, with its text and its hash; `undefined` where it cannot be read. */
  readonly onRecord?: (
    record: Readonly<Record<string, unknown>> | undefined,
    seq: number,
    read: { readonly text: string; readonly hash: Hash },
  ) => void;
}

/**
 * Checks records from the first on against heads in order of their making, whose signatures were checked already.
 * `tenant` is whose log it is said to be.
 */
export function checkLog(primitives: Pick<Primitives, 'sha256'>, log: LogToCheck): Checked {
  const flaws: Flaw[] = [];
  const found = (code: FlawCode, seq: number, what: string): void => {
    if (flaws.length < MOST_FLAWS) flaws.push({ code, seq, what });
  };
  const tree = new GrowingLog(primitives);
  const heads = inOrder(log.heads, found);
  let previous = FIRST_PREVIOUS;
  let next = 0;
  const meetHeads = (): void => {
    for (let head = heads[next]; head?.size === tree.size; head = heads[++next]) {
      if (!areEqual(tree.root(), head.root))
        found(
          'HEAD_ROOT_DIFFERS',
          head.size,
          `the records are not those that the head of size ${head.size} was signed for`,
        );
    }
  };
  meetHeads();
  for (const text of log.records) {
    const record = parse(text);
    checkRecord(record, { text, seq: tree.size, previous, tenant: log.tenant }, found);
    const hash = recordHash(primitives, text);
    log.onRecord?.(record, tree.size, { text, hash });
    previous = hexOf(hash);
    tree.take(hash);
    meetHeads();
  }
  const largest = heads.at(-1);
  if (largest !== undefined && largest.size > tree.size)
    found(
      'HEAD_MISSING_RECORDS',
      tree.size,
      `a head was signed for ${largest.size} records, and ${tree.size} are here`,
    );
  return { records: tree.size, root: tree.root(), flaws };
}

interface Expected {
  readonly text: string;
  readonly seq: number;
  readonly previous: string;
  readonly tenant: string;
}

function checkRecord(
  record: Readonly<Record<string, unknown>> | undefined,
  { text, seq, previous, tenant }: Expected,
  found: (code: FlawCode, seq: number, what: string) => void,
): void {
  if (record === undefined) {
    found('RECORD_UNREADABLE', seq, `record ${seq} is no JSON object`);
    return;
  }
  if (!isCanonicalJson(text, record))
    found('RECORD_NOT_CANONICAL', seq, `record ${seq} is not written in the one form that it has`);
  if (record['format'] !== RECORD_FORMAT)
    found('RECORD_FORMAT_UNKNOWN', seq, `record ${seq} has a format that this program does not know`);
  if (record['seq'] !== seq)
    found('RECORD_OUT_OF_PLACE', seq, `${named(record['seq'])} stands in place ${seq}`);
  if (record['tenant'] !== tenant)
    found('RECORD_OF_ANOTHER_TENANT', seq, `record ${seq} is not of tenant \`${tenant}\``);
  if (record['previous'] !== previous)
    found('CHAIN_BROKEN', seq, `record ${seq} does not name the hash of the record before it`);
}

const named = (seq: unknown): string =>
  typeof seq === 'number' ? `record ${seq}` : 'a record without a place of its own';

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Heads as they were made; a smaller one behind a larger one is an old head that was put back. */
function inOrder(
  heads: readonly TreeHead[],
  found: (code: FlawCode, seq: number, what: string) => void,
): readonly TreeHead[] {
  let last: TreeHead | undefined;
  for (const head of heads) {
    if (last !== undefined && (head.size < last.size || head.at < last.at))
      found(
        'HEAD_WENT_BACK',
        head.size,
        `the head of size ${head.size} stands behind one of size ${last.size}`,
      );
    last = head;
  }
  return [...heads].sort((a, b) => a.size - b.size);
}
