/** What the compiler says and makes, as texts that a reader has looked at once. */
import { z } from 'zod';
import { configurationsOf, planMermaid, printPlan } from '../../../src/compiler';
import { backstep, branch, defineRunbook, escalate, retryAfter, skip, text } from '../../../src/dsl';
import type { Diagnostic } from '../../../src/kernel/diagnostic';
import { BROKEN } from '../../kit/broken-runbooks';
import { given, mistakesOf, Person, planOf } from '../../kit/compile';
import { expectGolden } from '../../kit/golden';
import { create, look, send, set } from '../../kit/toys';

const HEAD = { outcome: 'TOY-R-001', version: '1.0', domain: 'people', entity: Person };

describe('ten broken runbooks', () => {
  const shown = ({ code, at, message, help }: Diagnostic): string =>
    [
      `  ${code}`,
      `    at    ${at}`,
      `    what  ${message}`,
      ...(help === undefined ? [] : [`    mend  ${help}`]),
    ].join('\n');

  it('each get their messages, with place and mend', () => {
    const parts = BROKEN.map(({ thought, runbook, rest }) =>
      [`${runbook.id}: "${thought}"`, ...mistakesOf(runbook, rest).map(shown)].join('\n'),
    );
    expect(BROKEN).toHaveLength(10);
    expectGolden('plans/broken.txt', `${parts.join('\n\n')}\n`);
  });
});

describe('a runbook with everything', () => {
  const Sub = defineRunbook(
    { ...HEAD, id: 'sub.thing', params: z.object({ what: z.string(), copies: z.number().default(2) }) },
    ({ run, params }) => {
      const made = run('make', create, { key: params.what });
      run('count', set, { key: 'copies', value: params.copies });
      return { id: made.id };
    },
  );
  const runbook = defineRunbook(
    {
      ...HEAD,
      id: 'everything.at.once',
      summary: 'Shows every construct once',
      params: z.object({
        device: z.enum(['mac', 'pc', 'none']),
        groups: z.array(z.string()),
        urgent: z.boolean(),
      }),
      event: z.object({ reason: z.string() }),
      undoWindow: '12h',
    },
    ({ entity, params, event, run, gate, wait, parallel, choose, each, use, checkpoint, complete }) => {
      const seen = run('seen', look, { key: entity.email });
      choose(seen.found, { true: () => complete({ reason: 'there is one already' }), false: () => {} });
      const toy = run(
        'toy',
        create,
        { key: entity.email, colour: 'blue' },
        {
          onError: {
            taken: branch(() => run('other', create, { key: text`${entity.email}-2` })),
            gone: retryAfter('1m', {
              max: 3,
              then: escalate({ to: 'role:operator', ask: text`find ${entity.email}` }),
            }),
            '*': backstep(),
          },
        },
      );
      gate('ok', {
        approval: 'chain',
        by: ['manager', 'role:security'],
        expiresAfter: '2d',
        ask: text`let ${entity.email} in because of ${event.reason}?`,
        onRejected: skip(),
      });
      const ready = checkpoint('ready');
      parallel(
        () =>
          each(params.groups, { id: 'groups', max: 5, parallel: true }, (group) =>
            run('join', set, { key: group, value: toy.id }),
          ),
        () =>
          choose(params.device, {
            mac: () => use('mac', Sub, { what: 'mac' }),
            pc: () => use('pc', Sub, { what: 'pc', copies: 1 }),
            none: () => {},
          }),
        () => {
          const kind = choose(
            toy.kind,
            { big: () => run('crate', create, { key: 'crate' }).id, small: () => toy.id },
            { id: 'size' },
          );
          each(toy.parts, { id: 'parts', max: 10 }, (part) => run('label', set, { key: part, value: kind }));
        },
      );
      wait('office', { businessHours: { timezone: 'Europe/Berlin', to: '18:30' } });
      wait('paid', { signal: 'payment.received', timeout: '30d', onTimeout: skip() });
      run(
        'last',
        set,
        { key: 'last', value: { by: event.reason } },
        {
          onError: {
            '*': backstep({ to: ready, then: () => void run('instead', set, { key: 'x', value: 1 }) }),
          },
        },
      );
      run('tell', send, { to: entity.email, text: text`your toy ${toy.id} is ready` }, { pivot: true });
      run(
        'log',
        set,
        { key: 'log', value: true },
        { onError: { '*': retryAfter('5m', { max: 5, then: skip() }) } },
      );
    },
  );
  const bound = {
    params: {
      ...given({ urgent: false }),
      device: { value: 'mac', from: 'team', at: 'config/acme/teams/design.yaml:4' },
      groups: { value: ['design', 'all'], from: 'tenant', at: 'config/acme/tenant.yaml:9' },
    },
    event: { reason: 'hired' },
    more: [Sub],
  };

  it('prints as a tree', () => {
    expectGolden('plans/everything.txt', `${printPlan(planOf(runbook, bound).plan)}\n`);
  });

  it('draws as a flowchart', () => {
    expectGolden('plans/everything.mmd', planMermaid(planOf(runbook, bound).plan));
  });

  it('has the same bytes on every machine', () => {
    const { bytes, planId } = planOf(runbook, bound);
    expectGolden('plans/everything.json', `${bytes}\n`);
    expect(planOf(runbook, bound).planId).toBe(planId);
  });

  it('has as many configurations as its finite parameters have combinations, and each compiles', () => {
    const space = configurationsOf(runbook, { ...bound, entity: {}, runbooks: { 'sub.thing': Sub } });
    if (!space.ok) throw new Error(space.error[0]?.message);
    expect(space.value).toHaveLength(3 * 2);
    const ids = space.value.map(({ params }) => planOf(runbook, { ...bound, params }).planId);
    // `urgent` is read by nothing, so it makes no other plan.
    expect(new Set(ids).size).toBe(3);
  });
});

describe('the configuration space', () => {
  it('is walked in one order: parameters, entity, event, the last turning fastest', () => {
    const runbook = defineRunbook(
      {
        ...HEAD,
        id: 'spaces',
        params: z.object({ kind: z.enum(['a', 'b']), on: z.boolean().optional(), name: z.string() }),
        event: z.object({ loud: z.boolean(), other: z.boolean() }),
      },
      ({ event, entity, choose }) => {
        choose(event.loud, { true: () => {}, false: () => {} });
        choose(entity.contractor, { true: () => {}, false: () => {} });
      },
    );
    const space = configurationsOf(runbook, { params: given({ name: 'x' }), entity: { email: 'e' } });
    const points = space.ok ? space.value : [];
    expect(points).toHaveLength(2 * 3 * 2 * 2);
    expect(points[0]).toEqual({
      params: given({ name: 'x', kind: 'a', on: false }),
      entity: { email: 'e', contractor: false },
      event: { loud: false },
    });
    expect(points[1]?.event).toEqual({ loud: true });
    // What may be left out is left out too.
    expect(points.at(-1)?.params).toEqual(given({ name: 'x', kind: 'b' }));
  });
});
