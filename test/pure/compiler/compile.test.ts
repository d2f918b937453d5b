import fc from 'fast-check';
import { z } from 'zod';
import { compile } from '../../../src/compiler/compile';
import { backstep, branch, defineRunbook, retryAfter, skip, text } from '../../../src/dsl';
import { aRunbook, given, Person, planOf, request } from '../../kit/compile';
import { create, look, send, set } from '../../kit/toys';

const HEAD = { id: 'toy.runbook', outcome: 'TOY-R-001', version: '1.0', domain: 'people', entity: Person };

describe('a plan', () => {
  it('holds what its nodes read, and nothing else of entity, event and parameters', () => {
    const runbook = defineRunbook(
      {
        ...HEAD,
        params: z.object({ read: z.string(), unread: z.string(), standard: z.number().default(7) }),
        event: z.object({ reason: z.string(), other: z.string() }),
      },
      ({ run, entity, params, event }) => {
        run('a', set, { key: entity.email, value: [params.read, params.standard, event.reason] });
      },
    );
    const params = {
      read: { value: 'r', from: 'team', at: 'config/acme/team.yaml:3' },
      ...given({ unread: 'u' }),
    };
    const { plan } = planOf(runbook, { params, event: { reason: 'hired', other: 'x' } });
    expect(plan.entity).toEqual({ id: 'person:sarah.chen', fields: { email: 'sarah@acme.test' } });
    expect(plan.event).toEqual({ reason: 'hired' });
    expect(plan.params).toEqual({
      read: { value: 'r', from: 'team', at: 'config/acme/team.yaml:3' },
      standard: { value: 7, from: 'default' },
    });
  });

  it('says the facts of each AWF once, compensations included', () => {
    const { plan } = planOf(
      aRunbook(({ run }) => {
        run('a', create, { key: 'a' });
        run('b', create, { key: 'b' });
      }),
    );
    expect(Object.keys(plan.awfs).sort()).toEqual(['toy.create', 'toy.remove']);
    expect(plan.awfs['toy.create']).toMatchObject({ timeoutMs: 2_000, compensation: 'toy.remove' });
  });

  it('is found under its digest', () => {
    const { bytes, planId, plan } = planOf(aRunbook(({ run }) => run('a', create, { key: 'a' })));
    expect(planId).toBe(request(aRunbook(() => {})).digest(bytes));
    expect(JSON.parse(bytes)).toEqual(plan);
  });

  it('undo window is the least of its AWFs, of the runbook and of the configuration', () => {
    const say = (undoWindow?: string) =>
      defineRunbook({ ...HEAD, ...(undoWindow && { undoWindow }) }, ({ run }) => {
        run('a', create, { key: 'a' });
      });
    expect(planOf(say()).plan.undoWindowMs).toBe(86_400_000);
    expect(planOf(say('1h')).plan.undoWindowMs).toBe(3_600_000);
    const settings = { 'awf.toy.create.undoWindow': { value: 5_000, from: 'tenant' } };
    expect(planOf(say('1h'), { settings }).plan.undoWindowMs).toBe(5_000);
  });
});

describe('order', () => {
  const edges = (plan: ReturnType<typeof planOf>['plan']) =>
    plan.body.nodes.map(({ id, after = [] }) => `${id} < ${after.join(' ')}`.trim());

  it('a reference to an output waits for its node, also across parallel branches', () => {
    const { plan } = planOf(
      aRunbook(({ run, parallel }) => {
        const [, made] = parallel(
          () => run('x', create, { key: 'x' }),
          () => run('made', create, { key: 'm' }),
        );
        parallel(() => run('reader', set, { key: made.id, value: 1 }, { after: [] }));
      }),
    );
    expect(edges(plan)).toEqual(['x <', 'made <', 'reader < made']);
  });

  it('edges that others imply are left out', () => {
    const { plan } = planOf(
      aRunbook(({ run }) => {
        const a = run('a', create, { key: 'a' });
        const b = run('b', create, { key: a.id });
        run('c', set, { key: a.id, value: b.id }, { after: [a, b] });
      }),
    );
    expect(edges(plan)).toEqual(['a <', 'b < a', 'c < b']);
  });

  it('nodes stand behind all they wait for, and else as declared', () => {
    const { plan } = planOf(
      aRunbook(({ run }) => {
        run('late', create, { key: 'l' }, { after: ['first'] });
        run('first', create, { key: 'f' }, { after: [] });
        run('free', create, { key: 'x' }, { after: [] });
      }),
    );
    expect(edges(plan)).toEqual(['first <', 'late < first', 'free <']);
  });

  it('a node that is read inside a block is waited for by the node around it', () => {
    const { plan } = planOf(
      aRunbook(({ run, choose, parallel }) => {
        const [made, seen] = parallel(
          () => run('made', create, { key: 'm' }),
          () => run('seen', look, { key: 's' }),
        );
        choose(
          seen.found,
          { true: () => run('inner', set, { key: made.id, value: 1 }), false: () => {} },
          { id: 'pick', after: [] },
        );
      }),
    );
    expect(edges(plan)).toEqual(['made <', 'seen <', 'pick < made seen']);
  });
});

describe('what is known is decided', () => {
  const Params = z.object({ device: z.enum(['mac', 'pc', 'none']), groups: z.array(z.string()) });
  const runbook = defineRunbook({ ...HEAD, params: Params }, ({ run, params, choose, each, entity }) => {
    const size = choose(params.device, {
      mac: () => run('mac', create, { key: 'mac' }).id,
      pc: () => run('pc', create, { key: 'pc' }).id,
      none: () => entity.email,
    });
    each(params.groups, { max: 3 }, (group) => run('group', set, { key: group, value: size }));
  });

  it('a choice on a parameter keeps only its case, and the parameter that decided', () => {
    const { plan } = planOf(runbook, { params: given({ device: 'pc', groups: [] }) });
    expect(plan.body.nodes.map(({ id }) => id)).toEqual(['pc']);
    expect(Object.keys(plan.params)).toEqual(['device', 'groups']);
  });

  it('a for-each over a known list becomes its elements, one after the other', () => {
    const { plan } = planOf(runbook, { params: given({ device: 'none', groups: ['x', 'y'] }) });
    expect(plan.body.nodes).toMatchObject([
      { id: 'each-groups[0]/group' },
      { id: 'each-groups[1]/group', after: ['each-groups[0]/group'] },
    ]);
    expect(plan.body.nodes[1]).toMatchObject({
      input: {
        obj: {
          key: { ref: { from: 'param', path: ['groups', '1'] } },
          value: { ref: { from: 'entity', path: ['email'] } },
        },
      },
    });
  });

  it('elements side by side when asked for', () => {
    const { plan } = planOf(
      aRunbook(({ run, each }) => {
        run('first', look, { key: 'f' });
        each(['a', 'b'], { id: 'all', max: 2, parallel: true }, (key) => run('x', create, { key }));
        run('last', look, { key: 'l' });
      }),
    );
    expect(plan.body.nodes).toMatchObject([
      { id: 'first' },
      { id: 'all[0]/x', after: ['first'] },
      { id: 'all[1]/x', after: ['first'] },
      { id: 'last', after: ['all[0]/x', 'all[1]/x'] },
    ]);
  });

  it('what exists only at run time stays a choice and a for-each', () => {
    const { plan } = planOf(
      aRunbook(({ run, choose, each }) => {
        const made = run('made', create, { key: 'm' });
        const key = choose(made.kind, { big: () => run('b', create, { key: 'b' }).id, small: () => made.id });
        each(made.parts, { id: 'parts', max: 4, parallel: true }, (part) =>
          run('p', set, { key, value: part }),
        );
      }),
    );
    expect(plan.body.nodes).toMatchObject([
      { id: 'made' },
      {
        id: 'choose-kind',
        kind: 'choice',
        outputs: {
          big: { ref: { from: 'node', node: 'b', path: ['id'] } },
          small: { ref: { from: 'node', node: 'made', path: ['id'] } },
        },
      },
      { id: 'parts', kind: 'each', max: 4, parallel: true, after: ['choose-kind'] },
    ]);
  });

  it('an output that nothing reads is not carried along', () => {
    const { plan } = planOf(
      aRunbook(({ run, choose }) => {
        const made = run('made', create, { key: 'm' });
        choose(made.kind, {
          big: () => run('b', create, { key: 'b' }),
          small: () => run('s', create, { key: 's' }),
        });
      }),
    );
    expect(plan.body.nodes[1]).not.toHaveProperty('outputs');
  });
});

describe('sub-runbooks', () => {
  const order = defineRunbook(
    { ...HEAD, id: 'order.thing', params: z.object({ what: z.string(), count: z.number().default(1) }) },
    ({ run, params, entity }) => {
      const made = run('make', create, { key: params.what });
      run('note', set, { key: entity.email, value: params.count });
      return { id: made.id };
    },
  );

  it('are inlined under the id of their use, between what stands before and behind', () => {
    const main = aRunbook(({ run, use }) => {
      const first = run('first', create, { key: 'f' });
      const one = use('one', order, { what: first.id });
      run('last', set, { key: one.id, value: 1 });
    });
    const { plan } = planOf(main, { more: [order] });
    expect(plan.body.nodes).toMatchObject([
      { id: 'first' },
      {
        id: 'one/make',
        after: ['first'],
        input: { obj: { key: { ref: { from: 'node', node: 'first', path: ['id'] } } } },
      },
      { id: 'one/note', after: ['one/make'], input: { obj: { value: { lit: 1 } } } },
      {
        id: 'last',
        after: ['one/note'],
        input: { obj: { key: { ref: { from: 'node', node: 'one/make', path: ['id'] } } } },
      },
    ]);
  });
});

describe('lanes', () => {
  const laneOf = (settings = {}) =>
    planOf(
      aRunbook(({ run }) => void run('a', create, { key: 'a' })),
      { settings },
    ).plan.body.nodes[0];

  it('short actions that do not rest on our ledger alone fire locally, others remotely', () => {
    const { plan } = planOf(
      aRunbook(({ run }) => {
        run('a', create, { key: 'a' });
        run('b', send, { to: 'x', text: 'y' }, { pivot: true });
      }),
    );
    expect(plan.body.nodes).toMatchObject([{ lane: 'local' }, { lane: 'remote', pivot: true }]);
  });

  it('a node outranks its AWF, and that the rest', () => {
    const lane = { value: 'remote', from: 'tenant' };
    expect(laneOf({ lane })).toMatchObject({ lane: 'remote' });
    expect(laneOf({ lane, 'awf.toy.create.lane': { value: 'local', from: 'team' } })).toMatchObject({
      lane: 'local',
    });
    expect(laneOf({ lane, 'node.toy.runbook/a.lane': { value: 'auto', from: 'team' } })).toMatchObject({
      lane: 'local',
    });
  });

  it('a longer time-out takes an action out of the local lane, and the plan says why', () => {
    const setting = { value: 20_000, from: 'team', at: 'config/acme/team.yaml:9' };
    const settings = { 'awf.toy.create.timeout': setting };
    const { plan } = planOf(
      aRunbook(({ run }) => void run('a', create, { key: 'a' })),
      { settings },
    );
    expect(plan.body.nodes).toMatchObject([{ lane: 'remote' }]);
    expect(plan.awfs['toy.create']?.timeoutMs).toBe(20_000);
    expect(plan.params).toEqual({ 'settings.awf.toy.create.timeout': setting });
  });

  it('a time-out of one node stands with the node', () => {
    expect(laneOf({ 'node.toy.runbook/a.timeout': { value: 900, from: 'team' } })).toMatchObject({
      timeoutMs: 900,
    });
  });
});

describe('gates and waits', () => {
  it('say their defaults in figures', () => {
    const { plan } = planOf(
      aRunbook(({ gate, wait, entity }) => {
        gate('g', { approval: 'approve', by: 'manager', ask: text`let ${entity.email} in?` });
        wait('t', { time: '1h30m' });
        wait('s', { signal: 'paid', onTimeout: skip() });
        wait('b', { businessHours: { timezone: 'Europe/Berlin' } });
      }),
    );
    expect(plan.body.nodes).toMatchObject([
      {
        ask: 'let sarah@acme.test in?',
        expiresAfterMs: 48 * 3_600_000,
        onRejected: { do: 'backstep' },
        onExpired: { do: 'backstep' },
      },
      { for: { time: 5_400_000 } },
      { for: { signal: 'paid', timeoutMs: 400 * 86_400_000, onTimeout: { do: 'skip' } } },
      { for: { businessHours: { days: [1, 2, 3, 4, 5], from: 540, to: 1_020 } } },
    ]);
  });

  it('a configured expiry holds where the runbook says none', () => {
    const runbook = aRunbook(({ gate }) => {
      gate('own', { approval: 'approve', by: 'manager', expiresAfter: '1h' });
      gate('configured', { approval: 'approve', by: 'manager' });
    });
    const settings = { 'gate.approve.expiresAfter': { value: 7_200_000, from: 'tenant' } };
    expect(planOf(runbook, { settings }).plan.body.nodes).toMatchObject([
      { expiresAfterMs: 3_600_000 },
      { expiresAfterMs: 7_200_000 },
    ]);
  });
});

describe('exits', () => {
  it('every course is carried over, with blocks of its own', () => {
    const { plan } = planOf(
      aRunbook(({ run, checkpoint }) => {
        const start = checkpoint('start');
        run(
          'a',
          create,
          { key: 'a' },
          {
            onError: {
              taken: retryAfter('1m', { max: 2, then: skip() }),
              gone: branch(() => run('other', create, { key: 'b' })),
              '*': backstep({ to: start, then: () => run('instead', create, { key: 'c' }) }),
            },
          },
        );
      }),
    );
    expect(plan.body.nodes[1]).toMatchObject({
      exits: [
        { codes: ['taken'], course: { do: 'retry', afterMs: 60_000, max: 2, then: { do: 'skip' } } },
        { codes: ['gone'], course: { do: 'branch', body: { nodes: [{ id: 'a/other' }] } } },
        { codes: ['*'], course: { do: 'backstep', to: 'start', body: { nodes: [{ id: 'a/instead' }] } } },
      ],
    });
  });
});

describe('compile', () => {
  const names = fc.constantFrom('a', 'b', 'c', 'd');
  it('is deterministic and free of the order of keys', () => {
    const Params = z.object({ a: z.string(), b: z.string(), c: z.string(), d: z.string() });
    const runbook = defineRunbook({ ...HEAD, params: Params }, ({ run, params }) => {
      run('x', set, { key: 'k', value: { ...{ a: params.a, b: params.b, c: params.c, d: params.d } } });
    });
    const one = planOf(runbook, { params: given({ a: '1', b: '2', c: '3', d: '4' }) }).bytes;
    fc.assert(
      fc.property(fc.uniqueArray(names, { minLength: 4, maxLength: 4 }), (order) => {
        const value = { a: '1', b: '2', c: '3', d: '4' };
        const params = given(Object.fromEntries(order.map((name) => [name, value[name]])));
        expect(planOf(runbook, { params }).bytes).toBe(one);
      }),
    );
  });

  it('gives all mistakes at once', () => {
    const runbook = aRunbook(({ run, gate }) => {
      run('a', create, { key: '' });
      gate('g', { approval: 'approve', by: ['manager', 'director'] });
      run('b', send, { to: 'x', text: 'y' });
    });
    const compiled = compile(request(runbook));
    expect(!compiled.ok && compiled.error.map(({ code }) => code)).toEqual([
      'PLAN_INPUT_INVALID',
      'PLAN_APPROVER_MALFORMED',
      'PLAN_COMPENSATION_MISSING',
    ]);
  });
});
