/**
 * The sandbox on disk: one line for every request, written before its answer is sent, and a checkpoint of the whole
 * state now and then. The same lines are the journal that is replayed after a crash and the audit log that tests read.
 * Adapter ring. A torn last line is cut off; anything else unreadable stops the start.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import type { Change } from './world';

/** One request, or one act of the admin API, as it stands in the log. */
export interface LogRecord {
  readonly seq: number;
  /** The sandbox's clock, ISO 8601. */
  readonly at: string;
  readonly kind: 'request' | 'admin';
  readonly vendor: string;
  /** Empty when the credential named none. */
  readonly tenant: string;
  readonly op: string;
  readonly method: string;
  readonly path: string;
  /** What the handler said it acts on, or the path. */
  readonly target: string;
  /** The action header as sent, empty when there was none. */
  readonly action: string;
  /** The header `traceparent` as sent; absent when there was none. */
  readonly trace?: string;
  /** The HTTP status that was, or would have been, sent. */
  readonly status: number;
  /** The answer that never arrived: the connection was cut, or the body torn. */
  readonly lost?: true;
  /** Ids of the faults that saw the request, and of those that hit it. */
  readonly seen?: readonly string[];
  readonly faults?: readonly string[];
  /** What changed; absent when nothing did. */
  readonly changes?: readonly Change[];
  /** The tenant's id counter after the request, when it moved. */
  readonly ids?: number;
  /** For `kind: admin`: the new clock or the new list of faults. */
  readonly clock?: number;
  readonly book?: readonly unknown[];
}

/** Segments kept for the audit log, and the size at which the next is begun: 2 GiB in all at most. */
const SEGMENTS_MAX = 16;
const SEGMENT_BYTES_MAX = 128 * 1024 * 1024;

export class RequestLog {
  private fd = -1;
  private bytes = 0;
  private segment = '';

  private constructor(
    private readonly dir: string,
    private readonly durable: boolean,
  ) {}

  /**
   * Opens the log of a folder, making it if need be, and replays it.
   * @param durable waits for the disk on every line, which survives the machine and not only the process.
   */
  static open<State extends { readonly seq: number }>(
    dir: string,
    durable: boolean,
    replay: { checkpoint(state: State): void; record(record: LogRecord): void },
  ): RequestLog {
    mkdirSync(dir, { recursive: true });
    takeLock(dir);
    const log = new RequestLog(dir, durable);
    let seq = 0;
    const checkpoint = join(dir, CHECKPOINT);
    if (existsSync(checkpoint)) {
      const state = JSON.parse(readFileSync(checkpoint, 'utf8')) as State;
      seq = state.seq;
      replay.checkpoint(state);
    }
    for (const name of log.segments()) {
      for (const record of readSegment(join(dir, name))) if (record.seq > seq) replay.record(record);
    }
    return log;
  }

  /** Whether the current segment is full, so that the caller should write a checkpoint. */
  get isFull(): boolean {
    return this.bytes >= SEGMENT_BYTES_MAX;
  }

  append(record: LogRecord): void {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    let written = 0;
    while (written < line.length) written += writeSync(this.fd, line, written);
    if (this.durable) fdatasyncSync(this.fd);
    this.bytes += line.length;
  }

  /** Writes the whole state and begins a new segment. With `forget`, the audit log so far is dropped. */
  checkpoint(state: { readonly seq: number }, options: { readonly forget?: boolean } = {}): void {
    const path = join(this.dir, CHECKPOINT);
    writeFileSync(`${path}.tmp`, JSON.stringify(state), { flush: true });
    if (this.fd >= 0) closeSync(this.fd);
    renameSync(`${path}.tmp`, path);
    const old = this.segments();
    for (const name of options.forget ? old : old.slice(0, -SEGMENTS_MAX))
      rmSync(join(this.dir, name), { force: true });
    this.segment = join(this.dir, `requests-${String(state.seq + 1).padStart(12, '0')}.ndjson`);
    this.fd = openSync(this.segment, 'a');
    this.bytes = statSync(this.segment).size;
  }

  /** Up to `limit` records after `after` that pass the filter, oldest first. Streams, so that memory stays bounded. */
  async page(after: number, limit: number, wanted: (record: LogRecord) => boolean): Promise<LogRecord[]> {
    const found: LogRecord[] = [];
    const segments = this.segments();
    for (const [index, name] of segments.entries()) {
      const next = segments[index + 1];
      if (next !== undefined && firstSeqOf(next) <= after + 1) continue;
      const stream = createReadStream(join(this.dir, name), 'utf8');
      for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
        const record = JSON.parse(line) as LogRecord;
        if (record.seq > after && wanted(record)) found.push(record);
        if (found.length >= limit) break;
      }
      stream.destroy();
      if (found.length >= limit) break;
    }
    return found;
  }

  close(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
    rmSync(join(this.dir, LOCK), { force: true });
  }

  private segments(): string[] {
    return readdirSync(this.dir)
      .filter((name) => /^requests-\d+\.ndjson$/.test(name))
      .sort();
  }
}

const CHECKPOINT = 'checkpoint.json';
const LOCK = 'sandbox.pid';

const firstSeqOf = (segment: string): number => Number(segment.slice('requests-'.length, -'.ndjson'.length));

function readSegment(path: string): LogRecord[] {
  const text = readFileSync(path, 'utf8');
  const end = text.lastIndexOf('\n') + 1;
  if (end < text.length) {
    // The process died while it wrote this line, so its answer was never sent and the request never happened.
    const fd = openSync(path, 'r+');
    ftruncateSync(fd, Buffer.byteLength(text.slice(0, end)));
    closeSync(fd);
  }
  return text
    .slice(0, end)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogRecord);
}

/** Two sandboxes on one folder would overwrite each other. A lock whose process is gone is taken over. */
function takeLock(dir: string): void {
  const path = join(dir, LOCK);
  const holder = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
  if (holder > 0 && holder !== process.pid && isAlive(holder)) {
    throw new Error(`the folder \`${dir}\` is in use by another sandbox, process ${holder}`);
  }
  writeFileSync(path, String(process.pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // The number may have gone to another program since; where the system tells what runs, ask.
  const about = `/proc/${pid}/cmdline`;
  return !existsSync(about) || readFileSync(about, 'utf8').includes('sandbox');
}
