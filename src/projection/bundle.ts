/**
 * An export bundle: everything that is needed to prove a log without any server, as files. What each of them holds and how it
 * is written stands in `docs/formats/policy-log.md`.
 * Adapter ring.
 */
import { existsSync, closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { z } from 'zod';

export const BUNDLE_FORMAT = 1;

export const FILES = {
  manifest: 'manifest.json',
  signature: 'manifest.sig',
  records: 'records.jsonl',
  heads: 'heads.jsonl',
  keys: 'keys.json',
  histories: 'histories',
} as const;

/** What a bundle says of itself; its bytes are signed. */
export interface Manifest {
  readonly format: typeof BUNDLE_FORMAT;
  readonly tenant: string;
  /** ISO 8601. */
  readonly exportedAt: string;
  readonly exportedBy: string;
  /** Records in it, from the first of the log on. */
  readonly records: number;
  readonly heads: number;
  readonly signer: { readonly name: string; readonly publicKey: string };
  readonly runs: readonly BundledRun[];
  /** SHA-256 by name of file, lower-case hex. */
  readonly files: { readonly [name: string]: string };
}

export interface BundledRun {
  readonly workflow: string;
  readonly run: string;
  /** File of its history; absent where there is none any more. */
  readonly file?: string;
  /** Id of the subject key that its records hash with; and whether its file is sealed with it. */
  readonly key: string | null;
  readonly isSealed: boolean;
}

const manifestSchema: z.ZodType<Manifest> = z.object({
  format: z.literal(BUNDLE_FORMAT),
  tenant: z.string(),
  exportedAt: z.iso.datetime(),
  exportedBy: z.string(),
  records: z.int().nonnegative(),
  heads: z.int().nonnegative(),
  signer: z.object({ name: z.string(), publicKey: z.string() }),
  runs: z.array(
    z.object({
      workflow: z.string(),
      run: z.string(),
      file: z.string().exactOptional(),
      key: z.string().nullable(),
      isSealed: z.boolean(),
    }),
  ),
  files: z.record(z.string(), z.string()),
});

/** A manifest, whoever has written it; `undefined` where the text is none. */
export function parseManifest(text: string): Manifest | undefined {
  try {
    return manifestSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The files of a bundle, wherever they are. */
export interface BundleFiles {
  /** `undefined` where there is none of that name, or one that is too large to be what it should be. */
  read(name: string): Uint8Array | undefined;
  /** Lines without their ends. */
  lines(name: string): Iterable<string>;
  /** Bytes of a file, piece by piece. */
  pieces(name: string): Iterable<Uint8Array>;
}

/** Bytes that are read at once. */
const PIECE = 1 << 20;
/** Largest file that is read as a whole, in bytes: well below the longest text that a process can hold. */
const LARGEST_WHOLE = 256 * 1024 * 1024;
/** Longest line, in characters. A record is a hundred times shorter: whoever wrote a longer one wants the memory of its reader. */
const LONGEST_LINE = 16 * 1024 * 1024;

/** A bundle in a folder. */
export function bundleIn(folder: string): BundleFiles {
  const pathOf = (name: string): string => join(folder, ...name.split('/'));
  const has = (name: string): boolean =>
    isInside(name) && existsSync(pathOf(name)) && statSync(pathOf(name)).isFile();
  function* pieces(name: string): Generator<Uint8Array, void> {
    if (!has(name)) return;
    const file = openSync(pathOf(name), 'r');
    try {
      for (;;) {
        const piece = Buffer.alloc(PIECE);
        const read = readSync(file, piece, 0, PIECE, null);
        if (read === 0) return;
        yield piece.subarray(0, read);
      }
    } finally {
      closeSync(file);
    }
  }
  return {
    read: (name) =>
      has(name) && statSync(pathOf(name)).size <= LARGEST_WHOLE ? readFileSync(pathOf(name)) : undefined,
    lines: (name) => linesOf(pieces(name)),
    pieces,
  };
}

/** Names come from a manifest that anybody may have written. */
const isInside = (name: string): boolean =>
  /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)?$/.test(name) && !name.includes('..');

/** Lines of UTF-8; an end without a line end is a line, too, and one that goes on and on is cut: its parts are no records. */
export function* linesOf(pieces: Iterable<Uint8Array>): Generator<string, void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for (const piece of pieces) {
    const parts = (rest + decoder.write(Buffer.from(piece))).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
    if (rest.length <= LONGEST_LINE) continue;
    yield rest;
    rest = '';
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
