/**
 * Signed heads of a PolicyLog: which tree, how large, its root hash, and who says so. The form is that of transparency logs, so
 * that their witnesses and monitors can read ours.
 * Pure ring. It makes and reads the text; keys live elsewhere.
 * @source C2SP tlog-checkpoint, C2SP signed-note
 */
import { err, ok, type Result } from '../kernel/result';
import { areEqual, type Hash, type Primitives } from './primitives';

export interface TreeHead {
  /** Whose log it is: a name without white space, unique to the tenant's log, such as `backstep.example/acme`. */
  readonly origin: string;
  /** Records in the tree. */
  readonly size: number;
  readonly root: Hash;
  /** When the head was made, in milliseconds since the epoch; a line of its own behind the root. */
  readonly at: number;
}

/** Who may sign: a name without white space or plus, and an Ed25519 public key of 32 bytes. */
export interface Verifier {
  readonly name: string;
  readonly publicKey: Uint8Array;
}

export interface Signer extends Verifier {
  sign(text: string): Uint8Array;
}

/** Signature type of Ed25519 in a signed note. */
const ED25519 = 1;
const KEY_ID_BYTES = 4;
const SIGNATURE_BYTES = 64;
const ROOT_BYTES = 32;
const DASH = '\u2014';

/** Longest checkpoint that is read, in characters: a head with a hundred signatures is shorter. */
const MAX_LENGTH = 16_384;

/** The signed note of a head. */
export function signHead(primitives: Primitives, head: TreeHead, signer: Signer): string {
  const text = printHead(primitives, head);
  const signature = signer.sign(text);
  const signed = new Uint8Array(KEY_ID_BYTES + signature.length);
  signed.set(keyId(primitives, signer), 0);
  signed.set(signature, KEY_ID_BYTES);
  return `${text}\n${DASH} ${signer.name} ${primitives.toBase64(signed)}\n`;
}

/**
 * The head inside a signed note, if `verifier` signed it for the log named `origin`. Signatures of others are passed over, as
 * witnesses add theirs. The error says what is wrong.
 */
export function readHead(
  primitives: Primitives,
  note: string,
  { origin, verifier }: { readonly origin: string; readonly verifier: Verifier },
): Result<TreeHead, string> {
  if (note.length > MAX_LENGTH) return err(`a checkpoint has at most ${MAX_LENGTH} characters`);
  const split = note.lastIndexOf('\n\n');
  if (split < 0) return err('no empty line parts the head from its signatures');
  const text = note.slice(0, split + 1);
  const signatures = note.slice(split + 2);
  if (!signatures.endsWith('\n')) return err('the last signature does not end its line');
  const isSigned = signatures
    .slice(0, -1)
    .split('\n')
    .some((line) => isSignature(primitives, line, text, verifier));
  if (!isSigned) return err(`no signature of \`${verifier.name}\` fits the head`);
  return parseHead(primitives, text, origin);
}

function printHead({ toBase64 }: Primitives, { origin, size, root, at }: TreeHead): string {
  return `${origin}\n${size}\n${toBase64(root)}\nat ${new Date(at).toISOString()}\n`;
}

function parseHead(primitives: Primitives, text: string, expected: string): Result<TreeHead, string> {
  const [origin = '', size = '', encoded = '', time = '', ...rest] = text.split('\n');
  if (origin !== expected) return err(`it is the head of \`${origin}\`, not of \`${expected}\``);
  const root = primitives.fromBase64(encoded);
  const at = Date.parse(time.replace(/^at /, ''));
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size)) return err('its size is no whole number');
  if (root?.length !== ROOT_BYTES) return err('its root is no SHA-256 in base64');
  if (Number.isNaN(at) || rest.length !== 1) return err('its time is missing or malformed');
  const head = { origin, size: Number(size), root, at };
  // One head has one text: anything else would be a second way to say the same.
  return printHead(primitives, head) === text
    ? ok(head)
    : err('it is not written in the one form that it has');
}

function isSignature(primitives: Primitives, line: string, text: string, verifier: Verifier): boolean {
  const [dash, name, encoded, ...rest] = line.split(' ');
  if (dash !== DASH || name !== verifier.name || encoded === undefined || rest.length > 0) return false;
  const bytes = primitives.fromBase64(encoded);
  return (
    bytes?.length === KEY_ID_BYTES + SIGNATURE_BYTES &&
    areEqual(bytes.subarray(0, KEY_ID_BYTES), keyId(primitives, verifier)) &&
    primitives.isSignedBy(verifier.publicKey, text, bytes.subarray(KEY_ID_BYTES))
  );
}

const keyId = ({ sha256 }: Primitives, { name, publicKey }: Verifier): Uint8Array =>
  sha256(`${name}\n`, Uint8Array.of(ED25519), publicKey).subarray(0, KEY_ID_BYTES);
