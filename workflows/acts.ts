/**
 * Signals and updates, read into what the engine understands. The same reading serves the running workflow and whoever reads
 * its history, so that both see the same happenings.
 * Loaded inside the Temporal sandbox. Nothing is judged here but the form: who may do what is decided at the doors.
 */
import type { EngineEvent, Override, OverrideChange, Resolution } from '../src/engine/effects';
import { canBeKept, isInherited, keptText, type Json } from '../src/kernel/json';
import { err, ok, type Result } from '../src/kernel/result';
import { PLAN_LIMITS } from '../src/plan/limits';
import type { PlannedAwf } from '../src/plan/plan';

/** Signals and updates have the same names and the same one argument. */
export const ACTS = [
  'decide',
  'pause',
  'resume',
  'backstep',
  'cancel',
  'resolve',
  'release',
  'override',
  'claim',
  'unclaim',
  'signal',
] as const;
export type ActName = (typeof ACTS)[number];

/** Longest signed decision, in characters: it names at most the steps of one card. */
const TOKEN_LENGTH = 32_768;
/** Compact JWS. @source RFC 7515 */
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Longest text of a person or a name, in characters: it lands in histories and traces. */
const TEXT_LENGTH = 2_000;

/** Longest name and longest description of a message without form, in characters: somebody else has written them. */
const NAME_LENGTH = 64;
const PROBLEM_LENGTH = 300;

/** What is wrong with `constructor` and its like as the name of a node. */
const INHERITED = 'a name that no node and no AWF can have';

/** An AWF that takes the place of another, and its compensation. */
const AWFS_AT_ONCE = 2;

export const isActName = (name: string): name is ActName => (ACTS as readonly string[]).includes(name);

/** The event that a signal means: one of the acts, or a named signal that some node waits for. */
export const readSignal = (name: string, data: unknown): Result<EngineEvent, string> =>
  isActName(name) ? readAct(name, data) : readAct('signal', { name, data });

/** The event of a signal that has not the form of the act it names: it changes nothing, and is on record. */
export const malformed = (name: string, problem: string): EngineEvent => ({
  kind: 'malformed',
  act: keptText(name.slice(0, NAME_LENGTH)),
  problem: keptText(problem.slice(0, PROBLEM_LENGTH)),
});

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
          gate: read.id('gate'),
          verdict: read.word('verdict', ['approve', 'reject']),
          by: read.text('by'),
          ...read.maybe('reason'),
          ...read.maybeToken(),
        },
      };
    case 'pause':
    case 'resume':
    case 'backstep':
    case 'cancel':
      return { kind: name, by: read.text('by'), ...read.maybe('reason'), ...read.maybeToken() };
    case 'release':
      return { kind: 'release', node: read.id('node') };
    case 'override':
      return { kind: 'override', override: overrideOf(read), ...read.maybeToken() };
    case 'claim':
    case 'unclaim':
      return {
        ...{ kind: name, node: read.id('node'), by: read.text('by') },
        ...read.maybe('reason'),
        ...read.maybeToken(),
      };
    case 'resolve':
      return {
        kind: 'resolve',
        node: read.id('node'),
        by: read.text('by'),
        resolution: resolutionOf(read.inner('resolution')),
        ...read.maybeToken(),
      };
    case 'signal':
      return { kind: 'signal', name: read.text('name'), data: read.maybeJson('data').data ?? null };
  }
}

/** An override of one outcome: those of an automation stand in its start, and come by no message. */
function overrideOf(read: Reader): Override {
  return {
    node: read.id('node'),
    change: changeOf(read.inner('change')),
    by: read.text('by'),
    reason: read.text('reason'),
    scope: read.word('scope', ['step', 'outcome']),
  };
}

const WORDS = ['skip', 'edit', 'choose', 'replace', 'decline', 'attest'] as const;

function changeOf(read: Reader): OverrideChange {
  const what = read.word('do', [...WORDS, 'withdraw']);
  switch (what) {
    case 'skip':
      return { do: what, ...read.maybeJson('output') };
    case 'edit':
      return { do: what, input: read.json('input') };
    case 'choose':
      return { do: what, value: read.text('value') };
    case 'replace':
      return {
        do: what,
        awf: read.id('awf'),
        awfs: awfsOf(read.inner('awfs')),
        ...read.maybeJson('input'),
      };
    case 'decline':
      return { do: what, then: read.word('then', ['backstep', 'complete']) };
    case 'withdraw':
      return read.member('what') === undefined ? { do: what } : { do: what, what: read.word('what', WORDS) };
    case 'attest':
      return {
        do: what,
        output: read.json('output'),
        evidence: read.text('evidence'),
        undo: read.word('undo', ['person', 'compensation']),
        ...read.maybeJson('args'),
      };
  }
}

/** What the engine and the walker read of an AWF; the rest is for people who look at the history. */
function awfsOf(read: Reader): Readonly<Record<string, PlannedAwf>> {
  return Object.fromEntries(
    read.names().map((name) => {
      const awf = read.inner(name);
      awf.word('effect', ['read', 'mutate']);
      awf.word('reversibility', ['full', 'partial', 'irreversible']);
      if (awf.member('domain') !== undefined) awf.text('domain');
      if (awf.member('compensation') !== undefined) awf.id('compensation');
      const timeoutMs = awf.member('timeoutMs');
      if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) awf.wrong('timeoutMs', 'no positive number');
      if (isInherited(name)) read.wrong(name, INHERITED);
      return [name, read.json(name) as unknown as PlannedAwf];
    }),
  );
}

function resolutionOf(read: Reader): Resolution {
  const as = read.word('as', ['retry', 'supply', 'accept', 'backstep']);
  switch (as) {
    case 'retry':
      return { as };
    case 'supply':
      return { as, evidence: read.text('evidence'), ...read.maybeJson('output') };
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
    const isText = typeof value === 'string' && value !== '' && value.length <= TEXT_LENGTH;
    if (isText && canBeKept(value)) return value;
    this.problems.push(`\`${this.pathTo(name)}\` is no text of 1 to ${TEXT_LENGTH} characters`);
    return '';
  }

  /** Name of a node or an AWF: states and plans are tables by them. */
  id(name: string): string {
    const id = this.text(name);
    if (isInherited(id)) this.wrong(name, INHERITED);
    return id;
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

  /** Any JSON of a size that an action can have. */
  json(name: string): Json {
    const value = this.object[name];
    if (value === undefined) this.wrong(name, 'not there');
    // First: what is nested without end can't be measured by printing it.
    else if (!canBeKept(value)) this.wrong(name, 'nothing that can be kept');
    else if (JSON.stringify(value).length > PLAN_LIMITS.payloadBytes) this.wrong(name, 'too large');
    return (value ?? null) as Json;
  }

  maybeJson<Name extends string>(name: Name): { readonly [Key in Name]?: Json } {
    return this.object[name] === undefined ? {} : ({ [name]: this.json(name) } as { [Key in Name]?: Json });
  }

  names(): readonly string[] {
    const names = Object.keys(this.object);
    if (names.length <= AWFS_AT_ONCE) return names;
    this.problems.push(`\`${this.name}\` has more than ${AWFS_AT_ONCE} members`);
    return [];
  }

  wrong(member: string, what: string): void {
    this.problems.push(`\`${this.pathTo(member)}\` is ${what}`);
  }

  maybeToken(): { readonly token?: string } {
    const { token } = this.object;
    if (token === undefined) return {};
    if (typeof token === 'string' && TOKEN.test(token) && token.length <= TOKEN_LENGTH) return { token };
    this.wrong('token', 'no signed word');
    return {};
  }

  inner(name: string): Reader {
    return new Reader(this.object[name], this.problems, this.pathTo(name));
  }

  private pathTo(member: string): string {
    return this.name === '' ? member : `${this.name}.${member}`;
  }
}
