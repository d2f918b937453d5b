/** From unknown JSON to facts: every mistake with its place and a mend, and the same answer as any JSON Schema validator. */
import Ajv2020 from 'ajv/dist/2020';
import * as fc from 'fast-check';
import { canonicalJson } from '../../../src/kernel/json';
import { printDiagnostic } from '../../../src/kernel/diagnostic';
import { compactFacts, parseFacts } from '../../../src/governance/facts-parse';
import { FACTS_SCHEMA, MAX_LIST } from '../../../src/governance/facts-schema';
import { anyFacts } from './facts-arbitrary';
import { FREEST, NOW } from './fixtures';

const mistakes = (value: unknown): readonly string[] => {
  const parsed = parseFacts(value);
  return parsed.ok ? [] : parsed.error.map(printDiagnostic);
};
const least = { now: NOW, action: { type: 'okta.assign_groups' } };

describe('facts', () => {
  test('need no more than a moment and an action; everything else has its strictest default', () => {
    const parsed = parseFacts(least);
    expect(parsed.ok && parsed.value).toMatchObject({
      v: 1,
      startedByPerson: null,
      tenant: { tier: 'starter' },
      action: { external: true, reversibility: 'irreversible', risk: null, selection: 'none' },
      confidence: null,
      trust: { base: 'new', lastActiveAt: null },
      automation: null,
      usage: {},
    });
  });

  test('survive being written without their defaults and read again', () => {
    fc.assert(
      fc.property(anyFacts, (some) => {
        const read = parseFacts(JSON.parse(JSON.stringify(compactFacts(some))));
        expect(read.ok && canonicalJson(read.value)).toBe(canonicalJson(some));
      }),
      { numRuns: 200 },
    );
  });

  test.each<[string, unknown, readonly string[]]>([
    ['a list', [], ['FACTS_INVALID facts: must be an object, not a list']],
    ['null', null, ['FACTS_INVALID facts: must be an object, not `null`']],
    [
      'nothing in them',
      {},
      [
        'FACTS_MISSING facts.now: `now` is missing: the moment of the decision; milliseconds since the epoch',
        'FACTS_MISSING facts.action: `action` is missing: the action, from its contract and configuration.',
      ],
    ],
    [
      'a misspelt name',
      { ...least, confidance: null },
      ['FACTS_UNKNOWN facts.confidance: `confidance` is no fact here (did you mean `confidence`?)'],
    ],
    [
      'a misspelt word',
      { ...least, tenant: { tier: 'entreprise' } },
      [
        'FACTS_INVALID facts.tenant.tier: `entreprise` is not one of starter, growth, pro, enterprise (did you mean `enterprise`?)',
      ],
    ],
    [
      'a guardrail there is not',
      { ...least, usage: { action_per_day: { used: 1, asked: 1 } } },
      [
        'FACTS_UNKNOWN facts.usage.action_per_day: `action_per_day` is no fact here (did you mean `actions_per_day`?)',
      ],
    ],
    [
      'a share out of bounds',
      { ...least, confidence: { value: 1.2, assessedAt: NOW } },
      ['FACTS_INVALID facts.confidence.value: must be from 0 to 1, not `1.2`'],
    ],
    [
      'a fraction of an action',
      { ...least, usage: { actions_per_day: { used: 0.5, asked: 1 } } },
      ['FACTS_INVALID facts.usage.actions_per_day.used: must be a whole number, not `0.5`'],
    ],
    [
      'a text for a number, deep in a list',
      { ...least, limits: [{ id: 'x', window: 'hour', limit: '9', used: 0 }] },
      ['FACTS_INVALID facts.limits[0].limit: must be a whole number, not `9`'],
    ],
    [
      'an empty name',
      { now: NOW, action: { type: '' } },
      ['FACTS_INVALID facts.action.type: must not be empty'],
    ],
    [
      'half a character',
      { now: NOW, action: { type: '\ud800' } },
      ['FACTS_INVALID facts.action.type: holds half a character'],
    ],
    [
      'a name without end',
      { now: NOW, action: { type: 'x'.repeat(513) } },
      ['FACTS_INVALID facts.action.type: is longer than 512 characters'],
    ],
    [
      'a list without end',
      { ...least, pauses: Array.from({ length: MAX_LIST + 1 }, () => ({ scope: 'tenant', name: 'x' })) },
      ['FACTS_INVALID facts.pauses: has 257 entries: at most 256 are taken'],
    ],
    ['another version', { ...least, v: 2 }, ['FACTS_INVALID facts.v: `2` is not one of 1']],
    [
      'a truth value in words',
      { ...least, passive: 'no' },
      ['FACTS_INVALID facts.passive: must be true or false, not `no`'],
    ],
    [
      'a number beyond numbers',
      { ...least, now: Infinity },
      ['FACTS_INVALID facts.now: must be a whole number, not `Infinity`'],
    ],
  ])('with %s are refused with the place and the mend', (_, value, expected) => {
    expect(mistakes(value)).toEqual(expected);
  });

  test('may be as long as the bounds say', () => {
    const pauses = Array.from({ length: MAX_LIST }, () => ({ scope: 'tenant', name: 'x'.repeat(512) }));
    expect(mistakes({ ...least, pauses })).toEqual([]);
  });

  test('are refused with all their mistakes at once', () => {
    expect(mistakes({ now: -1, action: { type: 7, risc: null }, passive: null })).toHaveLength(4);
  });

  test('are read without trusting an object’s prototype', () => {
    const parsed = parseFacts(
      JSON.parse(`{"now": 1, "action": {"type": "x"}, "__proto__": {"passive": true}}`),
    );
    expect(parsed.ok ? [] : parsed.error.map(({ code }) => code)).toEqual(['FACTS_UNKNOWN']);
    const constructor = parseFacts({ ...least, action: { type: 'constructor', subsystem: 'toString' } });
    expect(constructor.ok).toBe(true);
  });

  test('of very many unknown names the first hundred are told, and what else is wrong', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`name${i}`, i]));
    const parsed = parseFacts({ ...many, now: 'soon' });
    const codes = parsed.ok ? [] : parsed.error.map(({ code }) => code);
    expect(codes.filter((code) => code === 'FACTS_UNKNOWN')).toHaveLength(100);
    expect(codes).toContain('FACTS_INVALID');
  });
});

describe('the published schema', () => {
  const ajv = new Ajv2020({ strict: true, allErrors: false });
  ajv.addVocabulary(['x-stricter', 'x-null']);
  const { validate } = { validate: ajv.compile(FACTS_SCHEMA) };

  test('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(FACTS_SCHEMA))).toEqual(FACTS_SCHEMA);
  });

  test('takes what the parser takes, as an independent validator reads it', () => {
    fc.assert(
      fc.property(anyFacts, (some) => {
        expect(validate(some)).toBe(true);
        expect(parseFacts(some).ok).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('refuses what the parser refuses, wherever the facts are broken', () => {
    const junk = fc.oneof(
      fc.constantFrom<unknown>(null, '', 'x', -1, 0.5, 2, 1e300, true, [], {}, [1], { a: 1 }, 'autopilot'),
      fc.jsonValue({ maxDepth: 1 }),
    );
    let refused = 0;
    fc.assert(
      fc.property(
        anyFacts,
        fc.nat(),
        junk,
        fc.constantFrom('replace', 'remove', 'add'),
        (some, where, value, how) => {
          const broken = breakAt(JSON.parse(JSON.stringify(some)), where, how, value);
          const parsed = parseFacts(broken);
          if (!parsed.ok) refused += 1;
          expect(validate(broken)).toBe(parsed.ok);
        },
      ),
      { numRuns: 1_000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  test('is met by the freest facts', () => {
    expect(mistakes(FREEST)).toEqual([]);
  });
});

/** JSON with one member replaced, removed, or joined by another. */
function breakAt(root: unknown, where: number, how: string, value: unknown): unknown {
  const places: [Record<string, unknown>, string][] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      walk((node as Record<string, unknown>)[key]);
    }
  };
  walk(root);
  const place = places[where % places.length];
  if (place === undefined) return value;
  const [node, key] = place;
  if (how === 'replace') node[key] = value;
  else if (how === 'remove' && !Array.isArray(node)) Reflect.deleteProperty(node, key);
  else if (!Array.isArray(node)) node[`${key}x`] = value;
  return root;
}
