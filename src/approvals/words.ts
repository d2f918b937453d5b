/**
 * The signed words of people that stand in rows: a grant, its withdrawal, an absence, a verdict. Each row holds the newest; one that is
 * older, unsigned or another row's takes no place in it, whoever asks for that.
 * Adapter ring. Whether somebody may say such a thing was asked by the door that signed it.
 */
import type { Json } from '../kernel/json';
import type { DecisionKeyStore, PeopleRow } from '../store/decision-keys';
import {
  absenceRow,
  grantRow,
  readAbsence,
  readGrant,
  readReview,
  readWithdrawal,
  reviewRow,
} from './decision';
import type { SignedKind, Signatures } from './signing';

/** A word that holds for its row. */
export interface Word {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export type Took =
  /** It stands there, now or since it was sent before. */
  | 'taken'
  | 'unsigned'
  /** What stands there was said later. */
  | 'older';

export interface Words {
  /** The word that stands in a row; undefined where none does that holds. Throws StoreError. */
  standing(tenant: string, kind: string): Promise<Word | undefined>;
  /** Puts a word in its row, if it is newer than what stands there. Throws StoreError. */
  take(tenant: string, row: PeopleRow): Promise<Took>;
}

/** Begin the kinds of rows that hold nothing but signed words: no act of control takes one away. */
const SIGNED_ROWS: readonly string[] = ['grant:', 'absence:', 'reviewed:'];

export const isOfSignedWords = (kind: string): boolean => SIGNED_ROWS.some((begin) => kind.startsWith(begin));

/** @param now milliseconds since the epoch */
export function createWords(
  store: Pick<DecisionKeyStore, 'person' | 'replace'>,
  signatures: Pick<Signatures, 'verify'>,
  now: () => number,
): Words {
  return {
    async standing(tenant, kind) {
      const found = await store.person(tenant, kind);
      return found === undefined ? undefined : wordIn(signatures, tenant, { kind, value: found.value });
    },
    async take(tenant, row) {
      const word = await wordIn(signatures, tenant, row, { arrivedAt: now() });
      if (word === undefined) return 'unsigned';
      // Another word may come in between: each turn looks at what stands there by then.
      for (;;) {
        const found = await store.person(tenant, row.kind);
        const other =
          found === undefined
            ? undefined
            : await wordIn(signatures, tenant, { kind: row.kind, value: found.value });
        if (other?.token === word.token) return 'taken';
        if (other !== undefined && other.at >= word.at) return 'older';
        if (await store.replace(tenant, row, found?.mark)) return 'taken';
      }
    },
  };
}

/** What each kind of word says of where it belongs, and when it was said. */
const READERS: readonly {
  readonly kind: SignedKind;
  readonly read: (payload: Json) => { readonly at: number; readonly row: string } | undefined;
}[] = [
  { kind: 'grant', read: placed(readGrant, grantRow) },
  { kind: 'withdrawal', read: placed(readWithdrawal, grantRow) },
  { kind: 'absence', read: placed(readAbsence, ({ person }) => absenceRow(person)) },
  { kind: 'review', read: placed(readReview, ({ id }) => reviewRow(id)) },
];

function placed<Said extends { readonly at: number }>(
  read: (payload: Json) => Said | undefined,
  rowOf: (said: Said) => string,
) {
  return (payload: Json): { readonly at: number; readonly row: string } | undefined => {
    const said = read(payload);
    return said === undefined ? undefined : { at: said.at, row: rowOf(said) };
  };
}

async function wordIn(
  signatures: Pick<Signatures, 'verify'>,
  tenant: string,
  { kind: row, value }: Pick<PeopleRow, 'kind' | 'value'>,
  how: { readonly arrivedAt?: number } = {},
): Promise<Word | undefined> {
  const token = tokenIn(value);
  if (token === undefined) return undefined;
  for (const { kind, read } of READERS) {
    const payload = await signatures.verify(tenant, kind, token, how);
    const said = payload.ok ? read(payload.value) : undefined;
    if (said?.row === row) return { token, at: said.at };
  }
  return undefined;
}

/** The signed word in a row. */
export const tokenIn = (value: Json): string | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && 'token' in value
    ? typeof value['token'] === 'string'
      ? value['token']
      : undefined
    : undefined;
