/** What the contracts say of an override, before the outcome is asked. */
import { z } from 'zod';
import {
  alternativesTo,
  checkChange,
  type Contracts,
  type WantedChange,
} from '../../../src/app/override-checks';
import { shipped } from '../../../src/app/catalog';
import type { AwfContract } from '../../../src/dsl/awf';
import { layoutOf } from '../../../src/engine/layout';
import type { Json } from '../../../src/kernel/json';
import type { ActionNode, PlanNode } from '../../../src/plan/plan';
import { put, putBox, toyContracts, toyPlan } from '../../kit/plans';

const like = (rest: object): AwfContract => ({ ...putBox, ...rest }) as unknown as AwfContract;
const contracts: Contracts = new Map(
  [
    ...toyContracts.values(),
    like({ name: 'toy.put_blue' }),
    like({ name: 'toy.hide', output: z.object({ box: z.string() }) }),
    like({ name: 'shed.put', system: 'shed' }),
    like({ name: 'kitchen.put', system: 'kitchen', domain: 'kitchen' }),
    like({
      name: 'toy.paint',
      input: z.object({
        box: z.string(),
        colour: z.enum(['red', 'blue']).optional(),
        at: z.object({ x: z.int() }).optional(),
      }),
    }),
    like({
      name: 'toy.careful',
      compensation: {
        awf: 'toy.take',
        input: ({ prior }: { prior: { box: string } }) => ({ box: prior.box }),
      },
    }),
  ].map((contract) => [contract.name, contract]),
);

const readsColour = {
  ...put('b', ['a']),
  input: { obj: { box: { ref: { from: 'node', node: 'a', path: ['colour'] } } } },
} as PlanNode;

function check(change: WantedChange, input: Json | undefined, awf = 'toy.put') {
  const node = { ...put('a'), awf } as ActionNode;
  return checkChange({ contracts, layout: layoutOf(toyPlan([node, readsColour])), node, input }, change);
}

const edit = (input: Json, is: Json | undefined, awf = 'toy.paint') => check({ do: 'edit', input }, is, awf);
const messageOf = (result: ReturnType<typeof check>) => (result.ok ? 'taken' : result.error.message);

test('an input that is known is held against the whole contract', () => {
  expect(edit({ colour: 'blue' }, { box: 'a', colour: 'blue' }).ok).toBe(true);
  const wrong = edit({ colour: 'green' }, { box: 'a', colour: 'green' });
  expect(wrong).toMatchObject({ ok: false, error: { code: 'OVERRIDE_INPUT_INVALID' } });
  expect(messageOf(wrong)).toMatch(/^it is no input of `toy.paint`: `colour`: /);
  expect(messageOf(edit({ box: null }, {}))).toMatch(/`box`: /);
});

test('an input that is not known before its turn is held against it member by member', () => {
  expect(edit({ colour: 'blue' }, undefined).ok).toBe(true);
  expect(edit({ colour: null, at: { x: 1 } }, undefined).ok).toBe(true);
  expect(messageOf(edit({ colour: 'green' }, undefined))).toMatch(/`colour`: /);
  expect(messageOf(edit({ box: null }, undefined))).toMatch(/`box`: /);
  expect(messageOf(edit({ color: 'blue' }, undefined))).toMatch(/`color` is no member of it.*colour/);
  expect(messageOf(edit('blue', undefined))).toMatch(/have to be named/);
});

test('another AWF brings itself and its compensation, frozen', () => {
  const taken = check({ do: 'replace', awf: 'toy.put_blue' }, { box: 'a' });
  expect(taken).toMatchObject({
    ok: true,
    value: {
      awfs: {
        'toy.put_blue': { effect: 'mutate', compensation: 'toy.take', timeoutMs: 5_000 },
        'toy.take': { effect: 'mutate' },
      },
    },
  });
  expect(check({ do: 'replace', awf: 'shed.put' }, { box: 'a' }).ok).toBe(true);
});

test.each([
  ['toy.put_blu', 'is not in the catalog'],
  ['kitchen.put', 'is of another system and another domain'],
  ['toy.hide', 'has another output: `b` reads `a.colour`'],
])('`%s` cannot stand in: it %s', (awf, why) => {
  const refused = check({ do: 'replace', awf }, { box: 'a' });
  expect(refused).toMatchObject({ ok: false, error: { code: 'OVERRIDE_AWF_UNFIT' } });
  expect(messageOf(refused)).toContain(why);
});

test('an input that the other AWF does not take is refused', () => {
  const refused = check({ do: 'replace', awf: 'toy.put_blue', input: { box: 7 } }, { box: 7 });
  expect(refused).toMatchObject({ ok: false, error: { code: 'OVERRIDE_INPUT_INVALID' } });
});

test('alternatives are of the same system or domain and kind, and undo nothing', () => {
  expect(alternativesTo(contracts, 'toy.put')).toEqual([
    ...['toy.put_blue', 'toy.hide', 'shed.put', 'toy.paint', 'toy.careful'],
  ]);
  expect(alternativesTo(contracts, 'toy.nowhere')).toEqual([]);
  for (const name of shipped().contracts.keys()) {
    expect(alternativesTo(shipped().contracts, name)).not.toContain(name);
  }
});

const attest = (
  undo: 'person' | 'compensation',
  input: Json | undefined,
  awf?: string,
  output: Json = { box: 'a', colour: 'red' },
) => check({ do: 'attest', output, evidence: 'ticket', undo }, input, awf);

test('an attested action carries what its compensation would run with, where that can be known', () => {
  expect(attest('compensation', { box: 'a' })).toMatchObject({ ok: true, value: { args: { box: 'a' } } });
  const silent = attest('person', undefined);
  expect(silent.ok && 'args' in silent.value).toBe(false);
  expect(attest('compensation', undefined)).toMatchObject({ error: { code: 'OVERRIDE_NOT_POSSIBLE' } });
});

test('what needs to know what was there before is left to a person', () => {
  expect(attest('person', { box: 'a' }, 'toy.careful').ok).toBe(true);
  const refused = attest('compensation', { box: 'a' }, 'toy.careful');
  expect(refused).toMatchObject({
    error: { code: 'OVERRIDE_NOT_POSSIBLE', help: 'say with what it runs, or let a person undo it' },
  });
});

test('a person may say with what the compensation runs, if it takes that', () => {
  const said = (args: Json) =>
    check(
      { do: 'attest', output: { box: 'a', colour: 'red' }, evidence: 'ticket', undo: 'compensation', args },
      { box: 'a' },
      'toy.careful',
    );
  expect(said({ box: 'there' })).toMatchObject({ ok: true, value: { args: { box: 'there' } } });
  expect(messageOf(said({ box: 7 }))).toMatch(/^it is no input of `toy.take`: `box`: /);
});

test('an output that the contract does not give is refused, with what it has to have', () => {
  const refused = attest('person', { box: 'a' }, 'toy.put', { box: 'a' });
  const help = 'give its output (`--output`) as an object with `box`, `colour`';
  expect(refused).toMatchObject({ error: { code: 'OVERRIDE_INPUT_INVALID', help } });
  expect(messageOf(refused)).toMatch(/^it is no output of `toy.put`: `colour`: /);
});
