import { z } from 'zod';
import {
  backstep,
  branch,
  defineEntity,
  defineRunbook,
  escalate,
  retryAfter,
  skip,
  text,
  type Builder,
  type Ref,
} from '../../../src/dsl';
import { create, look, send, set } from '../../kit/toys';

const Person = defineEntity(
  'person',
  z.object({ email: z.string(), phone: z.string().optional(), contractor: z.boolean() }),
);
const HEAD = { id: 'toy.test', outcome: 'TOY-R-001', version: '1.0', domain: 'people', entity: Person };
const Params = z.object({
  device: z.enum(['mac', 'pc']),
  groups: z.array(z.object({ name: z.string() })),
  anything: z.string(),
});

const Event = z.object({ at: z.string() });

type Say<T> = (
  builder: Builder<z.output<typeof Person.fields>, z.output<typeof Params>, z.output<typeof Event>>,
) => T;
const sourceOf = <T>(say: Say<T>) => defineRunbook({ ...HEAD, params: Params, event: Event }, say).source();
const nodeOf = (source: ReturnType<typeof sourceOf>, id: string) =>
  source.body.nodes.find((node) => node.id === id);

describe('references', () => {
  it('members of a reference are references with a longer path', () => {
    const source = sourceOf(({ run, entity, params }) => {
      const a = run('a', create, { key: entity.email });
      run('b', set, { key: a.id, value: params.groups });
    });
    expect(nodeOf(source, 'b')).toMatchObject({
      input: {
        obj: {
          key: { ref: { from: 'node', node: 'a', path: ['id'] } },
          value: { ref: { from: 'param', path: ['groups'] } },
        },
      },
    });
  });

  it('a literal stays a literal, whatever its text', () => {
    const source = sourceOf(({ run }) => void run('a', create, { key: '${entity.email}' }));
    expect(nodeOf(source, 'a')).toMatchObject({ input: { lit: { key: '${entity.email}' } } });
  });

  it('text joins literals and references', () => {
    const source = sourceOf(({ run, entity }) => void run('a', create, { key: text`u-${entity.email}!` }));
    expect(nodeOf(source, 'a')).toMatchObject({
      input: {
        obj: {
          key: { join: [{ lit: 'u-' }, { ref: { from: 'entity', path: ['email'] } }, { lit: '!' }] },
        },
      },
    });
  });

  it('a reference used as text is a diagnostic, not a broken literal', () => {
    // eslint-disable-next-line @typescript-eslint/restrict-template-expressions, @typescript-eslint/no-base-to-string -- the mistake under test
    const source = sourceOf(({ run, entity }) => void run('a', create, { key: `u-${entity.email}` }));
    expect(source.problems.map((problem) => problem.code)).toEqual(['RUNBOOK_REFERENCE_AS_TEXT']);
  });
});

describe('order', () => {
  it('what is declared later starts later, and what follows a parallel waits for all of it', () => {
    const source = sourceOf(({ run, parallel }) => {
      run('a', create, { key: 'a' });
      parallel(
        () => run('b', create, { key: 'b' }),
        () => {
          run('c', create, { key: 'c' });
          run('d', create, { key: 'd' });
        },
      );
      run('e', create, { key: 'e' });
    });
    expect(source.body.nodes.map(({ id, after }) => [id, after])).toEqual([
      ['a', []],
      ['b', ['a']],
      ['c', ['a']],
      ['d', ['c']],
      ['e', ['b', 'd']],
    ]);
  });

  it('an explicit `after` replaces the order of declaration', () => {
    const source = sourceOf(({ run }) => {
      const a = run('a', create, { key: 'a' });
      run('b', create, { key: 'b' });
      run('c', create, { key: 'c' }, { after: [a] });
      run('d', create, { key: 'd' });
    });
    expect(source.body.nodes.map(({ id, after }) => [id, after])).toEqual([
      ['a', []],
      ['b', ['a']],
      ['c', ['a']],
      ['d', ['b', 'c']],
    ]);
  });

  it('the function runs once, and only when the source is asked for', () => {
    let runs = 0;
    const runbook = defineRunbook(HEAD, () => {
      runs++;
    });
    expect(runs).toBe(0);
    expect(runbook.source()).toBe(runbook.source());
    expect(runs).toBe(1);
  });
});

describe('mistakes while recording', () => {
  const bad = new Map();
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  it.each([
    [new Date(0), 'a Date'],
    [bad, 'a Map'],
    [() => 1, 'a function'],
    [1n, 'a bigint'],
    [Number.NaN, 'the number NaN'],
    ['\ud800', 'a text with half a character (a lone surrogate)'],
    [loop, 'an object that contains itself'],
  ])('a literal that is no JSON is named with its place: %p', (value, what) => {
    const source = sourceOf(({ run }) => void run('a', set, { key: 'k', value: value as string }));
    expect(source.problems).toHaveLength(1);
    expect(source.problems[0]).toMatchObject({ code: 'RUNBOOK_LITERAL_NOT_JSON' });
    expect(source.problems[0]?.at).toMatch(/^runbook toy\.test › node a › input\.value/);
    expect(source.problems[0]?.message).toContain(what);
  });

  it('an error thrown by the function is a diagnostic', () => {
    const source = sourceOf(() => {
      throw new Error('boom');
    });
    expect(source.problems).toMatchObject([{ code: 'RUNBOOK_THREW', at: 'runbook toy.test' }]);
  });

  it('only a node can be waited for', () => {
    const source = sourceOf(
      ({ run, params }) => void run('a', look, { key: 'a' }, { after: [params.device] }),
    );
    expect(source.problems).toMatchObject([{ code: 'RUNBOOK_STEP_EXPECTED' }]);
  });
});

/** Never called: it is compiled by the type checker alone. */
export const types: Say<void> = ({ run, entity, params, choose, each, parallel, use, wait, gate, event }) => {
  const made: Ref<{ id: string; kind: 'big' | 'small'; parts: string[] }> = run('a', create, {
    key: entity.email,
  });
  // @ts-expect-error a field that may be absent reads as null
  run('b', create, { key: entity.phone });
  // @ts-expect-error unknown members have no reference
  const _nope: unknown = made.nope;
  // @ts-expect-error a text is no colour
  run('d', create, { key: 'd', colour: params.anything });
  // @ts-expect-error the input is not complete
  run('e', create, {});
  // @ts-expect-error the input has no such field
  run('f', create, { key: 'f', weight: 1 });
  // @ts-expect-error the event has no such field
  const _id: unknown = event.id;
  // @ts-expect-error the contract has no such error
  run('h', create, { key: 'h' }, { onError: { takn: skip() } });
  run(
    'i',
    create,
    { key: 'i' },
    {
      onError: {
        taken: skip({ output: { id: entity.email, kind: 'big', parts: [] } }),
        gone: retryAfter('1m', { max: 2, then: escalate({ to: 'manager' }) }),
        SYSTEM_UNAVAILABLE: branch(() => run('i2', create, { key: 'i2' })),
        '*': backstep(),
      },
    },
  );
  // @ts-expect-error the stand-in is not the output of `toy.create`
  run('j', create, { key: 'j' }, { onError: { taken: skip({ output: { id: 1 } }) } });
  // @ts-expect-error the branch stands in with something else
  run('k', create, { key: 'k' }, { onError: { taken: branch(() => run('k2', look, { key: 'k' })) } });
  const size: Ref<string> = choose(made.kind, { big: () => made.id, small: () => entity.email });
  run('l', create, { key: size });
  // @ts-expect-error not exhaustive
  choose(made.kind, { big: () => {} });
  // @ts-expect-error unknown case
  choose(made.kind, { big: () => {}, small: () => {}, tiny: () => {} });
  const mixed = choose(made.kind, { big: () => made.id, small: () => made.parts }, { id: 'mixed' });
  // @ts-expect-error one of the cases gives a list
  run('l2', create, { key: mixed });
  // @ts-expect-error a text is not a closed union
  choose(params.anything, { a: () => {} });
  choose(entity.contractor, { true: () => {}, false: () => {} });
  each(params.groups, { max: 5 }, (group) => run('m', create, { key: group.name }));
  each([entity.email, 'x'], { max: 5 }, (mail) => run('n', create, { key: mail }));
  // @ts-expect-error a for-each has a bound
  each(params.groups, {}, () => {});
  const [one, two] = parallel(
    () => run('o', create, { key: 'o' }),
    () => run('p', look, { key: 'p' }),
  );
  run('q', set, { key: one.id, value: two.found });
  const paid = wait('paid', { signal: 'paid', data: z.object({ amount: z.number() }), timeout: '1d' });
  run('r', set, { key: 'r', value: { amount: paid.amount, of: [one.id] } });
  // @ts-expect-error nobody has this rank
  gate('s', { approval: 'approve', by: 'boss' });
  const sub = defineRunbook({ ...HEAD, params: z.object({ size: z.number().default(1) }) }, ({ run }) => ({
    id: run('x', create, { key: 'x' }).id,
  }));
  const used: Ref<{ readonly id: string }> = use('t', sub, {});
  run('u', send, { to: used.id, text: text`hello ${entity.email}` });
  // @ts-expect-error a size is a number
  use('v', sub, { size: 'big' });
  const other = defineRunbook(
    { ...HEAD, entity: defineEntity('device', z.object({ serial: z.string() })) },
    () => {},
  );
  defineRunbook(HEAD, ({ event: none }) => {
    // @ts-expect-error this runbook reads no event
    const _at: unknown = none.at;
  });
  // @ts-expect-error it is about another entity
  use('w', other, {});
};
