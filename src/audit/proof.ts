/**
 * Proofs of a log that stand alone: that a record is in a signed head, and that a later head continues an earlier one. Each is one
 * JSON text that anybody checks with nothing but the key of the log.
 * Pure ring.
 * @source RFC 6962 §2.1.1, §2.1.2
 */
import { err, ok, type Result } from '../kernel/result';
import { readHead, type TreeHead } from './checkpoint';
import { isConsistent, isIncluded } from './merkle-tree';
import type { Hash, Primitives } from './primitives';
import { recordHash } from './record';

/** Shows that a record is in the head. */
export interface RecordProof {
  readonly seq: number;
  /** The text that was hashed. */
  readonly record: string;
  /** Signed note of the head. */
  readonly head: string;
  /** Records under the head. */
  readonly size: number;
  /** Hashes that lead from the record to the head, hex, its sibling first. */
  readonly proof: readonly string[];
}

/** Shows that nothing under `from` was changed, taken out or moved until `to`. */
export interface ConsistencyProof {
  /** Signed notes. */
  readonly from: string;
  readonly to: string;
  readonly proof: readonly string[];
}

/** Who signed: name, and base64 of the Ed25519 public key. */
export interface SignedBy {
  readonly signer: string;
  readonly publicKey: string;
}

export type ProofFlawCode =
  'PROOF_UNREADABLE' | 'HEAD_NOT_SIGNED' | 'RECORD_NOT_INCLUDED' | 'HEADS_NOT_CONSISTENT';

export interface ProofFlaw {
  readonly code: ProofFlawCode;
  readonly what: string;
}

export interface CheckedProof {
  readonly kind: 'record' | 'consistency';
  /** Name of the log in its heads. */
  readonly origin: string;
  readonly signedBy: SignedBy;
  /** Place of the record, or size of the earlier head. */
  readonly from: number;
  /** Size and time of the later head. */
  readonly size: number;
  readonly at: number;
}

type Given = SignedBy & (RecordProof | ConsistencyProof);

/** @param publicKey base64, where the verifier knows the key; else the proof's own is believed, and shown */
export function checkProof(
  primitives: Primitives,
  text: string,
  { publicKey }: { readonly publicKey?: string } = {},
): Result<CheckedProof, ProofFlaw> {
  const given = parse(text);
  const proof = given?.proof.map(bytesOf).filter((hash) => hash !== undefined);
  if (given === undefined || proof?.length !== given.proof.length)
    return flaw('PROOF_UNREADABLE', 'it is no proof of a record, and none between two heads');
  const key = publicKey ?? given.publicKey;
  const bytes = primitives.fromBase64(key);
  if (bytes === undefined) return flaw('PROOF_UNREADABLE', 'the key is no base64');
  const headOf = (note: string): Result<TreeHead, string> => {
    const origin = note.slice(0, note.indexOf('\n'));
    return readHead(primitives, note, { origin, verifier: { name: given.signer, publicKey: bytes } });
  };
  const signedBy = { signer: given.signer, publicKey: key };
  return 'record' in given
    ? checkRecord(primitives, { given, headOf, signedBy, proof })
    : checkHeads(primitives, { given, headOf, signedBy, proof });
}

interface Checking<Proof> {
  readonly given: Proof;
  readonly headOf: (note: string) => Result<TreeHead, string>;
  readonly signedBy: SignedBy;
  readonly proof: readonly Hash[];
}

function checkRecord(
  primitives: Primitives,
  { given, headOf, signedBy, proof }: Checking<RecordProof>,
): Result<CheckedProof, ProofFlaw> {
  const head = headOf(given.head);
  if (!head.ok) return flaw('HEAD_NOT_SIGNED', head.error);
  const { origin, size, root, at } = head.value;
  const leaf = recordHash(primitives, given.record);
  if (!isIncluded(primitives, { index: given.seq, size, leaf, proof, root }))
    return flaw(
      'RECORD_NOT_INCLUDED',
      `the head of size ${size} does not have this record in place ${given.seq}`,
    );
  return ok({ kind: 'record', origin, signedBy, from: given.seq, size, at });
}

function checkHeads(
  primitives: Primitives,
  { given, headOf, signedBy, proof }: Checking<ConsistencyProof>,
): Result<CheckedProof, ProofFlaw> {
  const [from, to] = [headOf(given.from), headOf(given.to)];
  if (!from.ok) return flaw('HEAD_NOT_SIGNED', `the earlier one: ${from.error}`);
  if (!to.ok) return flaw('HEAD_NOT_SIGNED', `the later one: ${to.error}`);
  const { origin, size, root, at } = to.value;
  const claim = { oldSize: from.value.size, oldRoot: from.value.root, size, root, proof };
  if (from.value.origin !== origin || !isConsistent(primitives, claim))
    return flaw(
      'HEADS_NOT_CONSISTENT',
      `the head of size ${size} is not the continuation of that of size ${from.value.size}`,
    );
  return ok({ kind: 'consistency', origin, signedBy, from: from.value.size, size, at });
}

const flaw = (code: ProofFlawCode, what: string): Result<never, ProofFlaw> => err({ code, what });

function parse(text: string): Given | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof read !== 'object' || read === null) return undefined;
  const value = read as Readonly<Record<string, unknown>>;
  const areTexts = (...names: readonly string[]): boolean =>
    names.every((name) => typeof value[name] === 'string');
  const isProof = Array.isArray(value['proof']) && value['proof'].every((one) => typeof one === 'string');
  const isRecord = areTexts('record', 'head') && Number.isSafeInteger(value['seq']);
  if (!isProof || !areTexts('signer', 'publicKey') || !(isRecord || areTexts('from', 'to'))) return undefined;
  return value as unknown as Given;
}

/** A SHA-256 in lower-case hex; `undefined` where it is none. */
function bytesOf(hex: string): Hash | undefined {
  if (!/^[0-9a-f]{64}$/.test(hex)) return undefined;
  return Uint8Array.from({ length: 32 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}
