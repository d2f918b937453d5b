/**
 * Generated runbooks: everything an author can say, right or wrong. References are taken from anywhere, so a part of what
 * comes out must be refused.
 */
import fc from 'fast-check';
import {
  backstep,
  branch,
  escalate,
  retryAfter,
  skip,
  type AnyRunbook,
  type Course,
  type Ref,
} from '../../src/dsl';
import { aRunbook, type Says } from './compile';
import { create, look, set } from './toys';

type Said = Parameters<Says>[0];
type Pick = (below: number) => number;

/**
 * What an author does not care about: whether an action can end in silence, what a return to a checkpoint undoes, what a
 * block keeps to itself, which checkpoints have been passed.
 */
export const CARELESS = ['nothing', 'silence', 'returns', 'blocks', 'checkpoints'] as const;
export type Carelessness = (typeof CARELESS)[number];

interface Saying {
  readonly builder: Said;
  readonly pick: Pick;
  /** Texts that something has given so far. */
  readonly texts: Ref<string>[];
  readonly checkpoints: Ref<void>[];
  readonly names: { count: number };
  readonly careless: Carelessness;
  readonly depth: number;
}

/** A runbook about a person by an author who is careless in one way, or in none. */
export const arbitraryRunbook = (careless: Carelessness): fc.Arbitrary<AnyRunbook> =>
  fc.array(fc.nat(1_000), { minLength: 5, maxLength: 80 }).map((choices) =>
    aRunbook((builder) => {
      let at = 0;
      const pick: Pick = (below) => (choices[at++ % choices.length]! + at) % below;
      const texts = [builder.entity.email];
      sayBlock({ builder, pick, texts, checkpoints: [], names: { count: 0 }, careless, depth: 2 });
    }),
  );

function sayBlock(saying: Saying): void {
  const size = 1 + saying.pick(4);
  for (let i = 0; i < size; i++) sayOne(saying);
}

/** What is said inside is out of reach outside, unless the author does not care. */
const inner = (saying: Saying): Saying => ({
  ...saying,
  depth: saying.depth - 1,
  texts: saying.careless === 'blocks' ? saying.texts : [...saying.texts],
  checkpoints: saying.careless === 'checkpoints' ? saying.checkpoints : [...saying.checkpoints],
});

function sayOne(saying: Saying): void {
  const { builder, pick, texts, names } = saying;
  const id = `n${names.count++}`;
  const text = (): Ref<string> => texts[pick(texts.length)]!;
  switch (saying.depth === 0 ? pick(3) : pick(10)) {
    case 0: {
      const made = builder.run(id, create, { key: id }, { onError: exits(saying) });
      if (saying.careless === 'silence' || !mayBeSilent.get(saying)) texts.push(made.id);
      mayBeSilent.delete(saying);
      return;
    }
    case 1:
      builder.run(id, set, { key: id, value: { of: text() } });
      return;
    case 2:
      builder.run(id, look, { key: text() });
      return;
    case 3: {
      const seen = builder.run(id, look, { key: text() });
      const given = builder.choose(
        seen.found,
        { true: () => sayAndGive(inner(saying)), false: () => sayAndGive(inner(saying)) },
        { id: `${id}-choice` },
      );
      texts.push(given);
      return;
    }
    case 4: {
      const made = builder.run(id, create, { key: id });
      const options = { id: `${id}-each`, max: 5, parallel: pick(2) === 0 };
      builder.each(made.parts, options, (part) => {
        const inside = inner(saying);
        inside.texts.push(part);
        sayBlock(inside);
      });
      return;
    }
    case 5:
      builder.parallel(
        () => sayBlock(inner(saying)),
        () => sayBlock(inner(saying)),
      );
      return;
    case 6:
      builder.gate(id, {
        approval: 'approve',
        by: 'manager',
        onRejected: course(saying),
        onExpired: course(saying),
      });
      return;
    case 7:
      builder.wait(id, pick(2) === 0 ? { time: '1m' } : { signal: 's', timeout: '1h', onTimeout: skip() });
      return;
    case 8:
      saying.checkpoints.push(builder.checkpoint(id));
      return;
    default:
      builder.each(['x', 'y'], { id, max: 2, parallel: pick(2) === 0 }, (item) => {
        const inside = inner(saying);
        inside.texts.push(item);
        sayBlock(inside);
      });
  }
}

function sayAndGive(saying: Saying): Ref<string> {
  sayBlock(saying);
  return saying.texts[saying.pick(saying.texts.length)]!;
}

/** Whether the exits just made can leave their action without an output. */
const mayBeSilent = new WeakMap<Saying, boolean>();

function exits(saying: Saying): { readonly taken?: Course<never>; readonly '*'?: Course<never> } {
  if (saying.pick(3) === 0) return {};
  return { taken: course(saying), ...(saying.pick(2) === 0 && { '*': course(saying) }) };
}

function course(saying: Saying): Course<never> {
  const { pick, checkpoints } = saying;
  switch (pick(6)) {
    case 0:
      mayBeSilent.set(saying, true);
      return retryAfter('1s', { max: 2, then: skip() });
    case 1:
      mayBeSilent.set(saying, true);
      return skip();
    case 2:
      mayBeSilent.set(saying, true);
      return branch(() => (saying.depth === 0 ? undefined : sayBlock(inner(saying)))) as Course<never>;
    case 3:
      return escalate({ to: 'manager' });
    default: {
      const to = checkpoints[pick(checkpoints.length + 1)];
      if (to === undefined) return backstep();
      if (saying.depth === 0 || pick(2) === 0) return backstep({ to });
      // What stands behind the checkpoint is gone where this runs: only what the entity gives is sure.
      const texts = saying.careless === 'returns' ? saying.texts : [saying.builder.entity.email];
      return backstep({ to, then: () => sayBlock({ ...inner(saying), texts: [...texts] }) });
    }
  }
}
