/** Each mistake gives its code at its place, and nothing else. */
import { z } from 'zod';
import { configurationsOf } from '../../../src/compiler';
import {
  backstep,
  branch,
  defineEntity,
  defineRunbook,
  escalate,
  retryAfter,
  skip,
  text,
  type AnyRunbook,
  type Approver,
  type Ref,
} from '../../../src/dsl';
import { defineAwf } from '../../../src/dsl/awf';
import { catalogOf } from '../../../src/dsl/catalog';
import { PLAN_LIMITS } from '../../../src/plan/limits';
import { aRunbook, given, mistakeOf, mistakesOf, Person, planOf, TOYS, type Says } from '../../kit/compile';
import { create, look, remove, restore, send, set } from '../../kit/toys';

const HEAD = { id: 'toy.runbook', outcome: 'TOY-R-001', version: '1.0', domain: 'people', entity: Person };
const mistakeIn = (say: Says, settings = {}): string => mistakeOf(aRunbook(say), { settings });
const AT = 'runbook toy.runbook';

describe('parameters', () => {
  const runbook = defineRunbook(
    { ...HEAD, params: z.object({ size: z.number().max(5) }) },
    ({ run, params }) => {
      run('a', set, { key: 'k', value: params.size });
    },
  );
  it.each([
    [{}, `PARAM_MISSING ${AT} › params.size`],
    [given({ size: 9 }), `PARAM_INVALID ${AT} › params.size`],
    [
      { size: { value: 'x', from: 'team', at: 'config/acme/team.yaml:4' } },
      'PARAM_INVALID config/acme/team.yaml:4',
    ],
    [{ ...given({ size: 1 }), sise: { value: 1, from: 'run' } }, `PARAM_UNKNOWN ${AT} › params.sise`],
  ])('%j', (params, wanted) => {
    expect(mistakeOf(runbook, { params })).toBe(wanted);
  });

  it('an unknown one asks whether another was meant', () => {
    const params = given({ size: 1, sise: 1 });
    expect(mistakesOf(runbook, { params })[0]?.help).toBe('did you mean `size`?');
  });

  it('rules over several parameters hold too', () => {
    const both = defineRunbook(
      { ...HEAD, params: z.object({ from: z.number(), to: z.number() }).refine(({ from, to }) => from < to) },
      ({ run, params }) => run('a', set, { key: 'k', value: [params.from, params.to] }),
    );
    expect(mistakeOf(both, { params: given({ from: 2, to: 1 }) })).toBe(`PARAM_INVALID ${AT} › params`);
  });

  it('of a sub-runbook are checked where it is used', () => {
    const sub = defineRunbook({ ...HEAD, id: 'sub', params: z.object({ n: z.number().max(5) }) }, () => {});
    const use = (params: object) => aRunbook(({ use }) => void use('s', sub, params as { n: number }));
    expect(mistakeOf(use({ n: 9 }), { more: [sub] })).toBe(`PARAM_INVALID ${AT} › node s › params.n`);
    expect(mistakeOf(use({}), { more: [sub] })).toBe(`PARAM_MISSING ${AT} › node s › params.n`);
    expect(mistakeOf(use({ n: 1, m: 1 }), { more: [sub] })).toBe(`PARAM_UNKNOWN ${AT} › node s › params.m`);
  });
});

describe('entity and event', () => {
  const reads = defineRunbook({ ...HEAD, event: z.object({ at: z.string() }) }, ({ run, entity, event }) => {
    run('a', set, { key: entity.email, value: event.at });
  });
  const rest = { event: { at: 'x' } };
  const person = (fields: object) => ({ id: 'person:x', fields: fields as Record<string, string> });

  it.each([
    [{ ...rest, entity: { id: 'device:x', fields: { email: 'e' } } }, `ENTITY_TYPE_MISMATCH ${AT} › entity`],
    [{ ...rest, entity: person({}) }, `ENTITY_FIELD_MISSING ${AT} › entity.email`],
    [{ ...rest, entity: person({ email: 1 }) }, `ENTITY_FIELD_INVALID ${AT} › entity.email`],
    [{ entity: person({ email: 'e' }) }, `EVENT_FIELD_MISSING ${AT} › event.at`],
    [{ entity: person({ email: 'e' }), event: { at: 1 } }, `EVENT_FIELD_INVALID ${AT} › event.at`],
  ])('%j', (overrides, wanted) => {
    expect(mistakeOf(reads, overrides)).toBe(wanted);
  });

  it('a field that nothing reads may be absent', () => {
    expect(planOf(reads, { ...rest, entity: person({ email: 'e' }) }).plan.entity.fields).toEqual({
      email: 'e',
    });
  });

  it('personal data is not shown', () => {
    const runbook = aRunbook(({ run, entity }) => run('a', create, { key: entity.name }));
    const [mistake] = mistakesOf(runbook, { entity: person({ name: 42 }) });
    expect(mistake?.message).toContain('(sensitive)');
    expect(mistake?.message).not.toContain('42');
  });
});

describe('names', () => {
  const stranger = defineAwf({ ...create, name: 'toy.creat' });
  const sub = defineRunbook({ ...HEAD, id: 'sub' }, () => {});
  const device = defineRunbook(
    { ...HEAD, id: 'dev', entity: defineEntity('device', z.object({})) },
    () => {},
  );
  const loop: AnyRunbook = aRunbook(({ use }) => void use('again', loop as typeof sub, {}));

  it.each<[string, Says]>([
    ['PLAN_AWF_UNKNOWN node a', ({ run }) => run('a', stranger, { key: 'a' })],
    ['RUNBOOK_UNKNOWN node s', ({ use }) => use('s', sub, {})],
    ['PLAN_NODE_UNKNOWN node a › after', ({ run }) => run('a', look, { key: 'a' }, { after: ['b'] })],
    ['PLAN_NODE_ID_MALFORMED node a/b', ({ run }) => run('a/b', look, { key: 'a' })],
    ['PLAN_NODE_ID_MALFORMED node ', ({ run }) => run('', look, { key: 'a' })],
    ['PLAN_NODE_ID_MALFORMED node constructor', ({ run }) => run('constructor', look, { key: 'a' })],
    [
      'PLAN_NODE_DUPLICATE node a',
      ({ run }) => {
        run('a', look, { key: 'a' });
        run('a', look, { key: 'b' });
      },
    ],
  ])('%s', (wanted, say) => {
    const [code, ...at] = wanted.split(' ');
    expect(mistakeIn(say)).toBe(`${code ?? ''} ${AT} › ${at.join(' ')}`);
  });

  it('a sub-runbook is about the same entity', () => {
    const say: Says = ({ use }) => use('s', device as unknown as typeof sub, {});
    expect(mistakeOf(aRunbook(say), { more: [device] })).toBe(`ENTITY_TYPE_MISMATCH ${AT} › node s`);
  });

  it('a runbook does not contain itself', () => {
    expect(mistakeOf(loop)).toBe(`PLAN_CYCLE ${AT} › node again`);
  });

  it('an unknown AWF asks whether another was meant', () => {
    const [mistake] = mistakesOf(aRunbook(({ run }) => run('a', stranger, { key: 'a' })));
    expect(mistake?.help).toBe('did you mean `toy.create`?');
  });
});

describe('order and paths', () => {
  it.each<[string, Says]>([
    ['PLAN_CYCLE node a › after', ({ run }) => run('a', look, { key: 'a' }, { after: ['a'] })],
    [
      'PLAN_CYCLE node a › after',
      ({ run }) => {
        run('a', look, { key: 'a' }, { after: ['b'] });
        run('b', look, { key: 'b' });
      },
    ],
    [
      'PLAN_NODE_OUTSIDE node b › after',
      ({ run, choose }) => {
        const a = run('a', look, { key: 'a' });
        choose(a.found, { true: () => run('in', look, { key: 'i' }), false: () => {} });
        run('b', look, { key: 'b' }, { after: ['in'] });
      },
    ],
    [
      'PLAN_NODE_UNREACHABLE node b',
      ({ run, complete }) => {
        complete();
        run('b', look, { key: 'b' });
        run('c', look, { key: 'c' });
      },
    ],
    [
      'PLAN_NODE_UNREACHABLE node b',
      ({ run, choose, complete, backstepAll }) => {
        const a = run('a', look, { key: 'a' });
        choose(a.found, { true: () => complete(), false: () => backstepAll() });
        run('b', look, { key: 'b' });
      },
    ],
    [
      'PLAN_OUTPUT_OUTSIDE node b › input',
      ({ run, choose }) => {
        const a = run('a', create, { key: 'a' });
        const leaked: { ref?: typeof a } = {};
        choose(a.kind, { big: () => void (leaked.ref = run('in', create, { key: 'i' })), small: () => {} });
        run('b', create, { key: leaked.ref!.id });
      },
    ],
    [
      'PLAN_OUTPUT_OUTSIDE node b › input',
      ({ run, each }) => {
        const leaked: { key?: Ref<string> } = {};
        const { parts } = run('p', create, { key: 'p' });
        each(parts, { max: 1 }, (item) => void (leaked.key = item));
        run('b', create, { key: leaked.key! });
      },
    ],
    [
      'PLAN_OUTPUT_MISSING node b › input',
      ({ run }) => {
        const a = run('a', create, { key: 'a' }, { onError: { taken: skip() } });
        run('b', create, { key: a.id });
      },
    ],
    [
      'PLAN_OUTPUT_MISSING node b › input',
      ({ run }) => {
        const more = retryAfter('1s', { then: branch(() => void run('x', look, { key: 'x' })) });
        const a = run('a', create, { key: 'a' }, { onError: { '*': more as never } });
        run('b', create, { key: a.id });
      },
    ],
    [
      'PLAN_OUTPUT_MISSING node b › input',
      ({ run, choose }) => {
        const a = run('a', create, { key: 'a' });
        const id = choose(a.kind, { big: () => a.id, small: () => {} });
        run('b', create, { key: id as typeof a.id });
      },
    ],
    [
      'PLAN_OUTPUT_MISSING node c › input',
      ({ run, checkpoint }) => {
        const start = checkpoint('start');
        const a = run('a', create, { key: 'a' });
        const then = () => run('c', create, { key: a.id });
        run('b', create, { key: 'b' }, { onError: { '*': backstep({ to: start, then }) } });
      },
    ],
    [
      'PLAN_OUTPUT_MISSING node c › input',
      ({ run, each, checkpoint }) => {
        const start = checkpoint('start');
        const { parts } = run('p', create, { key: 'p' });
        each(parts, { max: 1 }, (item) => {
          const then = () => run('c', create, { key: item });
          run('b', create, { key: 'b' }, { onError: { '*': backstep({ to: start, then }) } });
        });
      },
    ],
    [
      'PLAN_OUTPUT_MISSING node pick › cases.true',
      ({ run, choose, checkpoint }) => {
        const seen = run('seen', look, { key: 's' });
        const inside = () => {
          const start = checkpoint('start');
          const made = run('made', create, { key: 'm' });
          run('next', create, { key: 'n' }, { onError: { '*': backstep({ to: start }) } });
          return made.id;
        };
        const id = choose(seen.found, { true: inside, false: () => text`none` }, { id: 'pick' });
        run('last', create, { key: id });
      },
    ],
    [
      'PLAN_OUTPUT_MISSING node b › input',
      ({ run, checkpoint }) => run('b', create, { key: checkpoint('start') as never }),
    ],
    [
      'PLAN_CHECKPOINT_UNKNOWN node a › onError.*',
      ({ run }) => run('a', create, { key: 'a' }, { onError: { '*': backstep({ to: 'start' }) } }),
    ],
    [
      'PLAN_CHECKPOINT_UNKNOWN node a › onError.*',
      ({ run }) => run('a', create, { key: 'a' }, { onError: { '*': backstep({ then: () => {} }) } }),
    ],
    [
      'PLAN_CHECKPOINT_NOT_REACHED node a › onError.*',
      ({ run, checkpoint }) => {
        run('a', create, { key: 'a' }, { onError: { '*': backstep({ to: 'late' }) } });
        checkpoint('late');
      },
    ],
    [
      'PLAN_CHECKPOINT_NOT_REACHED node b › onError.*',
      ({ run, choose, checkpoint }) => {
        const a = run('a', look, { key: 'a' });
        choose(a.found, { true: () => void checkpoint('in'), false: () => {} });
        run('b', create, { key: 'b' }, { onError: { '*': backstep({ to: 'in' }) } });
      },
    ],
  ])('%s', (wanted, say) => {
    const [code, ...at] = wanted.split(' ');
    const place = at.join(' ').replace('node c', 'node b/c');
    expect(mistakeIn(say).split('\n')[0]).toBe(`${code ?? ''} ${AT} › ${place}`);
  });
});

describe('actions', () => {
  it.each<[string, Says]>([
    ['PLAN_INPUT_INVALID node a › input.key', ({ run }) => run('a', create, { key: '' })],
    [
      'PLAN_INPUT_INVALID node b › input.colour',
      ({ run }) => {
        const a = run('a', create, { key: 'a' });
        run('b', create, { key: a.id, colour: 'green' as 'red' });
      },
    ],
    [
      'PLAN_EXIT_IMPOSSIBLE node a › onError.tekan',
      ({ run }) => run('a', create, { key: 'a' }, { onError: { tekan: skip() } as never }),
    ],
    [
      'PLAN_EXIT_SHADOWED node a › onError.taken',
      ({ run }) => run('a', create, { key: 'a' }, { onError: { '*': skip(), taken: backstep() } }),
    ],
    [
      'PLAN_EXIT_SHADOWED node a › onError.taken',
      ({ run }) =>
        run(
          'a',
          create,
          { key: 'a' },
          {
            onError: [
              { codes: ['taken', 'gone'], course: skip() },
              { codes: ['taken'], course: backstep() },
            ],
          },
        ),
    ],
    ['PLAN_COMPENSATION_MISSING node a', ({ run }) => run('a', send, { to: 'x', text: 'y' })],
    [
      'PLAN_TOO_MANY_RETRIES node a › onError.taken',
      ({ run }) => run('a', create, { key: 'a' }, { onError: { taken: retryAfter('1m', { max: 11 }) } }),
    ],
    [
      'PLAN_DURATION_MALFORMED node a › onError.taken',
      ({ run }) => run('a', create, { key: 'a' }, { onError: { taken: retryAfter('soon') } }),
    ],
    [
      'PLAN_APPROVER_MALFORMED node a › onError.taken',
      ({ run }) =>
        run('a', create, { key: 'a' }, { onError: { taken: escalate({ to: 'boss' as Approver }) } }),
    ],
    [
      'PLAN_PAYLOAD_TOO_LARGE node a › input',
      ({ run }) => run('a', set, { key: 'a', value: 'x'.repeat(PLAN_LIMITS.payloadBytes) }),
    ],
  ])('%s', (wanted, say) => {
    const [code, ...at] = wanted.split(' ');
    expect(mistakeIn(say)).toBe(`${code ?? ''} ${AT} › ${at.join(' ')}`);
  });

  it('a compensation is in the catalog too', () => {
    const catalog = catalogOf([create]);
    const runbook = aRunbook(({ run }) => run('a', create, { key: 'a' }));
    expect(mistakeOf(runbook, { catalog })).toBe(`PLAN_COMPENSATION_UNKNOWN ${AT} › node a`);
  });

  it.each([
    [{ 'awf.toy.send.lane': { value: 'local', from: 'team' } }, `PLAN_LANE_NOT_LOCAL ${AT} › node a › lane`],
    [
      { 'awf.toy.send.lane': { value: 'near', from: 'team' } },
      `SETTING_INVALID ${AT} › setting awf.toy.send.lane`,
    ],
    [
      { 'awf.toy.send.timeout': { value: '5s', from: 'team' } },
      `SETTING_INVALID ${AT} › setting awf.toy.send.timeout`,
    ],
  ])('%j', (settings, wanted) => {
    expect(mistakeIn(({ run }) => run('a', send, { to: 'x', text: 'y' }, { pivot: true }), settings)).toBe(
      wanted,
    );
  });
});

describe('the pivot', () => {
  const pivot: Says = ({ run }) => run('p', send, { to: 'x', text: 'y' }, { pivot: true });

  it('what stands behind it may have no compensation', () => {
    const again = defineAwf({ ...send, name: 'toy.again', retriable: true });
    const runbook = aRunbook((builder) => {
      pivot(builder);
      builder.run('b', again, { to: 'x', text: 'y' });
    });
    expect(planOf(runbook, { catalog: catalogOf([...TOYS, again]) }).plan.undoWindowMs).toBe(0);
  });

  it.each<[string, Says]>([
    [
      'PLAN_PIVOT_TWICE node p2',
      (builder) => {
        pivot(builder);
        builder.run('p2', set, { key: 'k', value: 1 }, { pivot: true });
      },
    ],
    [
      'PLAN_PIVOT_TWICE node each',
      (builder) => {
        const made = builder.run('m', create, { key: 'm' });
        builder.each(made.parts, { id: 'each', max: 2 }, () => pivot(builder));
      },
    ],
    [
      'PLAN_PIVOT_CONCURRENT node a',
      (builder) => {
        builder.parallel(
          () => pivot(builder),
          () => builder.run('a', create, { key: 'a' }),
        );
      },
    ],
    [
      'PLAN_PIVOT_NOT_RETRIABLE node a',
      (builder) => {
        pivot(builder);
        builder.run('a', create, { key: 'a' });
      },
    ],
    [
      'PLAN_PIVOT_NO_WAY_BACK node g › onRejected',
      (builder) => {
        pivot(builder);
        builder.gate('g', { approval: 'confirm', by: 'manager', onExpired: skip() });
      },
    ],
    [
      'PLAN_PIVOT_NO_WAY_BACK node backstep',
      (builder) => {
        pivot(builder);
        builder.backstepAll();
      },
    ],
  ])('%s', (wanted, say) => {
    const [code, ...at] = wanted.split(' ');
    expect(mistakeIn(say)).toBe(`${code ?? ''} ${AT} › ${at.join(' ')}`);
  });

  it('may stand in each case of a choice, because only one is taken', () => {
    const runbook = aRunbook(({ run, choose }) => {
      const seen = run('seen', look, { key: 's' });
      choose(seen.found, {
        true: () => run('p1', send, { to: 'x', text: 'y' }, { pivot: true }),
        false: () => run('p2', send, { to: 'x', text: 'z' }, { pivot: true }),
      });
      run('after', set, { key: 'k', value: 1 });
    });
    expect(planOf(runbook).plan.body.nodes).toHaveLength(3);
  });

  it('a return to a checkpoint behind it is a way', () => {
    const runbook = aRunbook((builder) => {
      pivot(builder);
      const start = builder.checkpoint('start');
      builder.run('a', set, { key: 'k', value: 1 }, { onError: { '*': backstep({ to: start }) } });
    });
    expect(planOf(runbook).plan.body.nodes).toHaveLength(3);
  });
});

describe('choices', () => {
  const asAny = (cases: object) => cases as { big: () => void; small: () => void };
  const on =
    (cases: object): Says =>
    ({ run, choose }) => {
      const made = run('m', create, { key: 'm' });
      choose(made.kind, asAny(cases), { id: 'pick' });
    };
  it.each<[string, Says]>([
    ['PLAN_CASE_MISSING node pick › cases', on({ big: () => {} })],
    ['PLAN_CASE_UNKNOWN node pick › cases.smal', on({ big: () => {}, small: () => {}, smal: () => {} })],
    [
      'PLAN_CHOICE_OPEN node pick › cases',
      ({ run, choose }) => {
        const made = run('m', create, { key: 'm' });
        choose(made.id as unknown as typeof made.kind, { big: () => {}, small: () => {} }, { id: 'pick' });
      },
    ],
  ])('%s', (wanted, say) => {
    const [code, ...at] = wanted.split(' ');
    expect(mistakeIn(say)).toBe(`${code ?? ''} ${AT} › ${at.join(' ')}`);
  });

  it('on what another choice gives know its values', () => {
    const say: Says = ({ run, choose }) => {
      const made = run('m', create, { key: 'm' });
      const seen = run('s', look, { key: 's' });
      const kind = choose(seen.found, { true: () => made.kind, false: () => made.kind });
      choose(kind, { big: () => {}, small: () => {} });
    };
    expect(planOf(aRunbook(say)).plan.body.nodes).toHaveLength(4);
  });
});

describe('people and time', () => {
  it.each<[string, Says]>([
    ['PLAN_DURATION_MALFORMED node w › time', ({ wait }) => wait('w', { time: 'later' })],
    ['PLAN_WAIT_TOO_LONG node w › time', ({ wait }) => wait('w', { time: '401d' })],
    ['PLAN_WAIT_TOO_LONG node w › timeout', ({ wait }) => wait('w', { signal: 's', timeout: '401d' })],
    ['PLAN_INSTANT_MALFORMED node w › until', ({ wait }) => wait('w', { until: 'tomorrow' })],
    ['PLAN_INSTANT_MALFORMED node w › until', ({ wait }) => wait('w', { until: '2026-13-01' })],
    [
      'PLAN_BUSINESS_HOURS_MALFORMED node w › businessHours',
      ({ wait }) => wait('w', { businessHours: { timezone: 'Berlin' } }),
    ],
    [
      'PLAN_BUSINESS_HOURS_MALFORMED node w › businessHours',
      ({ wait }) => wait('w', { businessHours: { timezone: 'UTC', days: [0] } }),
    ],
    [
      'PLAN_BUSINESS_HOURS_MALFORMED node w › businessHours',
      ({ wait }) => wait('w', { businessHours: { timezone: 'UTC', from: '17:00', to: '09:00' } }),
    ],
    [
      'PLAN_APPROVER_MALFORMED node g › by',
      ({ gate }) => gate('g', { approval: 'approve', by: 'boss' as Approver }),
    ],
    ['PLAN_APPROVER_MALFORMED node g › by', ({ gate }) => gate('g', { approval: 'chain', by: [] })],
    ['PLAN_APPROVER_MALFORMED node g › by', ({ gate }) => gate('g', { approval: 'approve', by: 'auto' })],
    [
      'PLAN_APPROVER_MALFORMED node g › by',
      ({ gate }) => gate('g', { approval: 'chain', by: ['manager', 'auto'] as Approver[] }),
    ],
    [
      'PLAN_VALUE_NOT_KNOWN node g › ask',
      ({ run, gate }) => {
        const made = run('a', create, { key: 'a' });
        gate('g', { approval: 'approve', by: 'manager', ask: text`use ${made.id}?` });
      },
    ],
  ])('%s', (wanted, say) => {
    const [code, ...at] = wanted.split(' ');
    expect(mistakeIn(say)).toBe(`${code ?? ''} ${AT} › ${at.join(' ')}`);
  });
});

describe('limits', () => {
  const nest =
    (depth: number): Says =>
    (builder) => {
      const seen = builder.run('seen', look, { key: 's' });
      const down = (left: number): unknown =>
        left === 0
          ? undefined
          : builder.choose(
              seen.found,
              { true: () => void down(left - 1), false: () => {} },
              { id: `c${left}` },
            );
      down(depth);
    };
  const wide =
    (width: number): Says =>
    ({ run, parallel }) =>
      parallel(...Array.from({ length: width }, (_, i) => () => run(`n${i}`, look, { key: 'k' })));
  const times =
    (max: number, inner: number): Says =>
    ({ run, each }) => {
      const made = run('m', create, { key: 'm' });
      each(made.parts, { id: 'each', max }, () => {
        for (let i = 0; i < inner; i++) run(`n${i}`, look, { key: 'k' });
      });
    };
  const Kinds = z.enum(Array.from({ length: 65 }, (_, i) => `k${i}`));

  it.each<[string, Says]>([
    ['PLAN_TOO_DEEP', nest(PLAN_LIMITS.blockDepth + 1)],
    ['PLAN_TOO_WIDE', wide(PLAN_LIMITS.fanOut + 1)],
    ['PLAN_TOO_MANY_NODES', times(1_000, 11)],
    ['PLAN_TOO_MANY_ELEMENTS', times(1_001, 1)],
    ['PLAN_TOO_MANY_ELEMENTS', ({ each }) => each(['a', 'b'], { max: 1 }, () => {})],
    [
      'PLAN_TOO_LARGE',
      ({ run }) => {
        for (let i = 0; i < 10; i++) run(`n${i}`, set, { key: 'k', value: 'x'.repeat(200_000) });
      },
    ],
    [
      'PLAN_HISTORY_TOO_LONG',
      ({ run, each }) => {
        const made = run('m', create, { key: 'm' });
        each(made.parts, { id: 'each', max: 1_000 }, () => {
          const onError = { taken: retryAfter('1m', { max: 10 }), gone: retryAfter('1m', { max: 10 }) };
          for (let i = 0; i < 9; i++) run(`n${i}`, create, { key: 'k' }, { onError });
        });
      },
    ],
  ])('%s', (code, say) => {
    expect(mistakeIn(say).split(' ')[0]).toBe(code);
  });

  it('PLAN_TOO_MANY_CASES', () => {
    const runbook = defineRunbook({ ...HEAD, params: z.object({ kind: Kinds }) }, ({ params, choose }) => {
      const cases = Object.fromEntries(Kinds.options.map((kind) => [kind, () => {}]));
      choose(params.kind as never, cases as never);
    });
    expect(mistakeOf(runbook, { params: given({ kind: 'k1' }) })).toContain('PLAN_TOO_MANY_CASES');
  });

  it('sub-runbooks do not stand deeper than they may', () => {
    const all: AnyRunbook[] = [];
    const level = (left: number): AnyRunbook => {
      const inner = left === 0 ? undefined : level(left - 1);
      const runbook = aRunbook(({ use }) => inner && void use('s', inner as never, {}), `r${left}`);
      all.push(runbook);
      return runbook;
    };
    const top = level(PLAN_LIMITS.subRunbookDepth + 1);
    expect(mistakeOf(top, { more: all.filter((one) => one !== top) })).toMatch(/^PLAN_TOO_DEEP/);
  });

  it('CONFIGURATIONS_TOO_MANY', () => {
    const flags = Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`f${i}`, z.boolean()]));
    const runbook = defineRunbook({ ...HEAD, params: z.object(flags) }, () => {});
    const space = configurationsOf(runbook, { params: {}, entity: {} });
    expect(!space.ok && space.error.map(({ code }) => code)).toEqual(['CONFIGURATIONS_TOO_MANY']);
  });
});

describe('the toys', () => {
  it('are all in order', () => {
    const runbook = aRunbook(({ run }) => {
      run('create', create, { key: 'a' });
      run('set', set, { key: 'a', value: 1 });
      run('look', look, { key: 'a' });
    });
    expect(Object.keys(planOf(runbook).plan.awfs)).toHaveLength(5);
    expect([remove.name, restore.name]).toEqual(['toy.remove', 'toy.restore']);
  });
});
