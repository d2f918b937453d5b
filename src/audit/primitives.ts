/**
 * What proofs are made of and the pure ring cannot have by itself: digests, signatures and text as bytes. They come in as an
 * argument, so that the same proofs are checked on a server, in a test and on an auditor's machine.
 * Pure ring: types only.
 */

/** The 32 bytes of a SHA-256. */
export type Hash = Uint8Array;

export interface Primitives {
  /** SHA-256 of the parts, one after the other; texts count as UTF-8. */
  readonly sha256: (...parts: readonly (Uint8Array | string)[]) => Hash;
  /** Standard base64 with padding. @source RFC 4648 §4 */
  readonly toBase64: (bytes: Uint8Array) => string;
  /** `undefined` where the text is not canonical base64. */
  readonly fromBase64: (text: string) => Uint8Array | undefined;
  /** Whether `signature` is Ed25519's of the text's UTF-8 under the 32-byte public key. Never throws. @source RFC 8032 */
  readonly isSignedBy: (publicKey: Uint8Array, text: string, signature: Uint8Array) => boolean;
}

export function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
