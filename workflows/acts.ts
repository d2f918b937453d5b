/**
 * Signals and updates, read into what the engine understands. The same reading serves the running workflow and whoever reads
 * its history, so that both see the same happenings.
 * Loaded inside the Temporal sandbox. Nothing is judged here but the form: who may do what is decided at the doors.
 */
import type { EngineEvent, Resolution } from '../src/engine/effects';
import type { Json } from '../src/kernel/json';
import { err, ok, type Result } from '../src/kernel/result';

/** Signals and updates have the same names and the same one argument. */
export const ACTS = [
  'decide',
  'pause',
  'resume',
  'backstep',
  'cancel',
  'resolve',
  'release',
  'signal',
] as const;
export type ActName = (typeof ACTS)[number];

/** Longest text of a person or a name, in characters: it lands in histories and traces. */
const TEXT_LENGTH = 2_000;

export const isActName = (name: string): name is ActName => (ACTS as readonly string[]).includes(name);

/** The event that a signal means: one of the acts, or a named signal that some node waits for. */
export function readSignal(name: string, data: unknown): Result<EngineEvent, string> {
  return isActName(name) ? readAct(name, data) : ok({ kind: 'signal', name, data: (data ?? null) as Json });
}

/** The event that an act means, or what is wrong with its form. */
export function readAct(name: ActName, data: unknown): Result<EngineEvent, string> {
  const read = new Reader(data);
  const event = eventOf(name, read);
  return read.problems.length === 0 ? ok(event) : err(`\`${name}\`: ${read.problems.join(', ')}`);
}

function eventOf(name: ActName, read: Reader): EngineEvent {
  switch (name) {
    case 'decide':
      return {
        kind: 'decide',
        decision: {
          gate: read.text('gate'),
          verdict: read.word('verdict', ['approve', 'reject']),
          by: read.text('by'),
          ...read.maybe('reason'),
        },
      };
    case 'pause':
    case 'resume':
    case 'backstep':
    case 'cancel':
      return { kind: name, by: read.text('by'), ...read.maybe('reason') };
    case 'release':
      return { kind: 'release', node: read.text('node') };
    case 'resolve':
      return {
        kind: 'resolve',
        node: read.text('node'),
        by: read.text('by'),
        resolution: resolutionOf(read.inner('resolution')),
      };
    case 'signal':
      return { kind: 'signal', name: read.text('name'), data: (read.member('data') ?? null) as Json };
  }
}

function resolutionOf(read: Reader): Resolution {
  const as = read.word('as', ['retry', 'supply', 'accept', 'backstep']);
  switch (as) {
    case 'retry':
      return { as };
    case 'supply': {
      const output = read.member('output');
      return {
        as,
        evidence: read.text('evidence'),
        ...(output === undefined ? {} : { output: output as Json }),
      };
    }
    case 'accept':
    case 'backstep':
      return { as, reason: read.text('reason') };
  }
}

/** Reads members of an object and gathers what is wrong with them. */
class Reader {
  private readonly object: Readonly<Record<string, unknown>>;

  constructor(
    data: unknown,
    readonly problems: string[] = [],
    private readonly name = '',
  ) {
    const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
    if (!isObject) problems.push(`${name === '' ? 'the argument' : `\`${name}\``} is no object`);
    this.object = isObject ? (data as Readonly<Record<string, unknown>>) : {};
  }

  member(name: string): unknown {
    return this.object[name];
  }

  text(name: string): string {
    const value = this.object[name];
    if (typeof value === 'string' && value !== '' && value.length <= TEXT_LENGTH) return value;
    this.problems.push(`\`${this.pathTo(name)}\` is no text of 1 to ${TEXT_LENGTH} characters`);
    return '';
  }

  word<const Word extends string>(name: string, words: readonly Word[]): Word {
    const found = words.find((word) => word === this.object[name]);
    if (found !== undefined) return found;
    this.problems.push(`\`${this.pathTo(name)}\` is none of ${words.join(', ')}`);
    return words[0]!;
  }

  maybe(name: 'reason'): { readonly reason?: string } {
    return this.object[name] === undefined ? {} : { [name]: this.text(name) };
  }

  inner(name: string): Reader {
    return new Reader(this.object[name], this.problems, name);
  }

  private pathTo(member: string): string {
    return this.name === '' ? member : `${this.name}.${member}`;
  }
}
