/** Selection: one automation or a clear error; conditions, templates, and what publishing can tell beforehand. */
import fc from 'fast-check';
import { holds, type Condition } from '../../../src/config/condition';
import { overlapOf } from '../../../src/config/condition-overlap';
import { eventView } from '../../../src/config/event-view';
import { entitiesOf, select } from '../../../src/config/select';
import { fillTemplate, parsePath, parseTemplate } from '../../../src/config/template';
import type { ConfigFile } from '../../../src/config/yaml-file';
import type { JsonObject } from '../../../src/kernel/json';
import { printDiagnostic } from '../../../src/kernel/diagnostic';
import { bundleOf, compiled, event, file } from './fixtures';

const automation = (id: string, rest: string, outcome = 'EMP-R-001') =>
  file(
    `acme/automations/${id}.yaml`,
    `id: ${id}\nevents: [hr.hired]\noutcome: ${outcome}\nentity: person:{data.email|localpart|lower}\n${rest}`,
  );

describe('select', () => {
  const contractors = automation(
    'contractors',
    'when: { path: data.kind, equals: contractor }\nparams: { device: { value: mac }, seats: { from: data.seats }, groups: { from: data.none } }\n',
  );
  const employees = automation('employees', 'when: { path: data.kind, equals: employee }\n', 'IT-R-001');
  const bundle = bundleOf(contractors, employees);

  test('the one automation whose condition holds is selected, with entity and parameters', () => {
    expect(
      select(bundle, event({ data: { email: 'Sarah.Chen@acme.example', kind: 'contractor', seats: 2 } })),
    ).toEqual({
      ok: true,
      value: {
        automation: bundle.content.automations[0],
        outcome: 'EMP-R-001',
        entity: 'person:sarah.chen',
        params: {
          device: { value: 'mac', from: 'automation', at: 'config/acme/automations/contractors.yaml:6' },
          seats: { value: 2, from: 'automation', at: 'config/acme/automations/contractors.yaml:6' },
        },
      },
    });
  });

  test('SELECT_NONE: a type that nobody listens to says what was meant', () => {
    expect(select(bundle, event({ type: 'hr.hierd' }))).toMatchObject({
      ok: false,
      error: { code: 'SELECT_NONE', at: 'event /hr e-1', help: 'did you mean `hr.hired`?' },
    });
  });

  test('SELECT_NONE: a type that is listened to names the conditions that did not hold', () => {
    const selected = select(bundle, event({ data: { email: 'a@b', kind: 'intern' } }));
    expect(selected.ok ? '' : printDiagnostic(selected.error)).toBe(
      'SELECT_NONE event /hr e-1: automations listen to events of type `hr.hired`, and the condition of none holds: ' +
        '`contractors` → EMP-R-001 (config/acme/automations/contractors.yaml:1), ' +
        '`employees` → IT-R-001 (config/acme/automations/employees.yaml:1) (widen a condition, or add an automation for this case)',
    );
  });

  test('SELECT_AMBIGUOUS: two automations are both named, with their places', () => {
    const both = bundleOf(contractors, automation('all', '', 'IT-R-001'));
    const selected = select(both, event());
    expect(selected.ok ? '' : printDiagnostic(selected.error)).toBe(
      'SELECT_AMBIGUOUS event /hr e-1: 2 automations take it: `all` → IT-R-001 (config/acme/automations/all.yaml:1) and ' +
        '`contractors` → EMP-R-001 (config/acme/automations/contractors.yaml:1) (make their conditions exclude each other, then retry the event)',
    );
  });

  test('SELECT_INCOMPLETE: an event that does not name its entity', () => {
    expect(select(bundle, event({ data: { kind: 'contractor' } }))).toMatchObject({
      ok: false,
      error: { code: 'SELECT_INCOMPLETE', message: expect.stringContaining('`data.email`') as string },
    });
    expect(select(bundle, event({ data: { kind: 'contractor', email: 'a b@x' } }))).toMatchObject({
      ok: false,
      error: { code: 'SELECT_INCOMPLETE', message: expect.stringContaining('`person:a b`') as string },
    });
  });

  test('a condition reads the entity, and sees none where none is known', () => {
    const designers = bundleOf(automation('designers', 'when: { path: entity.team, equals: design }\n'));
    const fields = (id: string): JsonObject | undefined =>
      id === 'person:sarah.chen' ? { team: 'design' } : undefined;
    expect(entitiesOf(designers, event())).toEqual(['person:sarah.chen']);
    expect(select(designers, event(), fields).ok).toBe(true);
    expect(select(designers, event()).ok).toBe(false);
  });
});

describe('publishing automations', () => {
  const warnings = (...files: ConfigFile[]) => compiled(...files).warnings.map(printDiagnostic);

  test('SELECT_OVERLAP: two that one event can select are told, with an example', () => {
    expect(
      warnings(
        automation('a', 'when: { path: data.kind, in: [contractor, intern] }\n'),
        automation(
          'b',
          'when: { all: [{ path: data.kind, in: [employee, intern] }, { path: data.to, exists: true }] }\n',
        ),
      ),
    ).toEqual([
      'SELECT_OVERLAP config/acme/automations/b.yaml:1: automation `b`: an event of type `hr.hired` can select `a` ' +
        '(config/acme/automations/a.yaml:1) as well, for example with `data.kind` = "intern", `data.to` something else ' +
        '(make their conditions exclude each other)',
    ]);
  });

  test('conditions that exclude each other are no overlap', () => {
    expect(
      warnings(
        automation('a', 'when: { path: data.kind, equals: contractor }\n'),
        automation('b', 'when: { not: { path: data.kind, in: [contractor, intern] } }\n'),
        automation('c', 'when: { path: data.kind, equals: intern }\n'),
      ),
    ).toEqual([]);
  });

  test('SELECT_NEVER: a condition that contradicts itself', () => {
    expect(
      compiled(
        automation('a', 'when: { all: [{ path: data.x, equals: 1 }, { path: data.x, exists: false }] }\n'),
      ).warnings,
    ).toMatchObject([{ code: 'SELECT_NEVER', at: 'config/acme/automations/a.yaml:5' }]);
  });

  test('conditions too large to compare count as overlapping', () => {
    const any = (path: string): Condition => ({
      any: Array.from({ length: 20 }, (_, i) => ({ path: `data.${path}${i}`, equals: i })),
    });
    const large: Condition = { all: [any('a'), any('b'), any('c')] };
    expect(overlapOf(large, { path: 'data.z', equals: 1 })).toEqual({
      example: 'the conditions are too large to compare',
    });
  });

  const leaf = fc.oneof(
    fc.record({
      path: fc.constantFrom('data.a', 'data.b', 'data.b.c'),
      equals: fc.constantFrom<1 | 2 | 'x' | null>(1, 2, 'x', null),
    }),
    fc.record({
      path: fc.constantFrom('data.a', 'data.b', 'data.b.c'),
      in: fc.uniqueArray(fc.constantFrom(1, 2, 3), { minLength: 1 }),
    }),
    fc.record({ path: fc.constantFrom('data.a', 'data.b', 'data.b.c'), exists: fc.boolean() }),
  );
  const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
    condition: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
      fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
      tie('condition').map((not) => ({ not })),
    ),
  }));
  const values = [
    undefined,
    1,
    2,
    3,
    'x',
    'y',
    null,
    { c: 1 },
    { c: 2 },
    { c: 3 },
    { c: 'x' },
    { c: null },
    { c: 9 },
    {},
  ];

  test('two conditions are told apart exactly when no event meets both', () => {
    let [apart, together] = [0, 0];
    fc.assert(
      fc.property(condition, condition, (a, b) => {
        // Every kind of value that the drawn conditions can tell apart, so this is a proof by cases for each pair.
        const met = values.some((one) =>
          values.some((other) => {
            const data = {
              ...(one === undefined ? {} : { a: one }),
              ...(other === undefined ? {} : { b: other }),
            };
            const view = eventView(event({ data }));
            return holds(a, view) && holds(b, view);
          }),
        );
        expect(overlapOf(a, b) !== undefined).toBe(met);
        if (met) together++;
        else apart++;
      }),
      { numRuns: 500 },
    );
    expect(Math.min(apart, together)).toBeGreaterThan(20);
  });
});

describe('conditions', () => {
  const view = eventView(event({ data: { a: 1, n: null, list: ['x'], o: { p: true } } }));
  test.each<[Condition, boolean]>([
    [{ path: 'data.a', equals: 1 }, true],
    [{ path: 'data.a', equals: '1' }, false],
    [{ path: 'data.n', equals: null }, true],
    [{ path: 'data.none', equals: null }, false],
    [{ path: 'data.n', exists: true }, true],
    [{ path: 'data.none', exists: false }, true],
    [{ path: 'data.o.p', in: [false, true] }, true],
    [{ path: 'data.list.0', equals: 'x' }, true],
    [{ path: 'type', equals: 'hr.hired' }, true],
    [{ not: { path: 'subject', exists: true } }, true],
    [
      {
        any: [
          { path: 'data.a', equals: 2 },
          { path: 'data.o', exists: true },
        ],
      },
      true,
    ],
    [
      {
        all: [
          { path: 'data.a', equals: 1 },
          { path: 'data.a', equals: 2 },
        ],
      },
      false,
    ],
    // What every object inherits is no part of the data.
    [{ path: 'data.constructor', exists: true }, false],
    [{ path: 'data.__proto__', exists: true }, false],
    [{ path: 'data.list.length', exists: true }, false],
  ])('%j is %s', (condition, expected) => {
    expect(holds(condition, view)).toBe(expected);
  });
});

describe('templates', () => {
  const view = eventView(event({ data: { email: 'Ada.L@x@acme.example', n: 7, empty: '' } }));
  test('paths are filled in, filtered from left to right', () => {
    expect(fillTemplate('person:{data.email|localpart|lower}/{data.n}-{id}', view)).toEqual({
      ok: true,
      value: 'person:ada.l@x/7-e-1',
    });
  });
  test.each(['{data.none}', '{data.empty}', '{data}'])('%s has nothing to give', (template) => {
    expect(fillTemplate(template, view)).toMatchObject({ ok: false });
  });
  test.each(['', '{', '}', 'a}{data.x}', '{data.x|nope}', '{nope.x}', '{data..x}', '{}', '{{data.x}}'])(
    '%j is no template',
    (template) => {
      expect(parseTemplate(template).ok).toBe(false);
    },
  );
  test.each(['type.x', 'entity', 'data.a b', 'data.', `data${'.x'.repeat(20)}`, ''])(
    '%j is no path',
    (path) => {
      expect(parsePath(path).ok).toBe(false);
    },
  );
});
