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

/** One kind of signed word, and how it is read where it belongs. */
export interface Kind<Said> {
  readonly name: SignedKind;
  /** `undefined` for what is no such word, and for one of another row: there no withdrawal of it would stand. */
  readonly read: (payload: Json, row: string) => Said | undefined;
}

const kindOf = <Said>(
  name: SignedKind,
  read: (payload: Json) => Said | undefined,
  rowOf: (said: Said) => string,
): Kind<Said> => ({
  name,
  read: (payload, row) => {
    const said = read(payload);
    return said !== undefined && rowOf(said) === row ? said : undefined;
  },
});

export const GRANT = kindOf('grant', readGrant, grantRow);
export const ABSENCE = kindOf('absence', readAbsence, ({ person }) => absenceRow(person));
export const REVIEW = kindOf('review', readReview, ({ id }) => reviewRow(id));
const KINDS: readonly Kind<{ readonly at: number }>[] = [
  ...[GRANT, ABSENCE, REVIEW],
  kindOf('withdrawal', readWithdrawal, grantRow),
];

type Row = Pick<PeopleRow, 'kind' | 'value'>;
type Verifies = Pick<Signatures, 'verify'>;

/** The word of this kind that stands in a row; `undefined` where none does that the tenant has signed. */
export async function saidIn<Said>(
  signatures: Verifies,
  tenant: string,
  { kind: row, value }: Row,
  kind: Kind<Said>,
  how: { readonly arrivedAt?: number } = {},
): Promise<Said | undefined> {
  const token = tokenIn(value);
  const payload = token === undefined ? undefined : await signatures.verify(tenant, kind.name, token, how);
  return payload?.ok === true ? kind.read(payload.value, row) : undefined;
}

async function wordIn(
  signatures: Verifies,
  tenant: string,
  row: Row,
  how: { readonly arrivedAt?: number } = {},
): Promise<Word | undefined> {
  const token = tokenIn(row.value);
  if (token === undefined) return undefined;
  for (const kind of KINDS) {
    const said = await saidIn(signatures, tenant, row, kind, how);
    if (said !== undefined) return { token, at: said.at };
  }
  return undefined;
}

/** The signed word in a row. */
export function tokenIn(value: Json): string | undefined {
  if (typeof value !== 'object' || value === null || !('token' in value)) return undefined;
  return typeof value['token'] === 'string' ? value['token'] : undefined;
}
