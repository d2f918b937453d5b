/** The laws of `decide`: it is total, a function of its recorded facts, free of rule order, and monotone in every fact. */
import * as fc from 'fast-check';
import { canonicalJson } from '../../../src/kernel/json';
import { decide, decideAgain, recordOf, type Decision } from '../../../src/governance/decide';
import type { Facts } from '../../../src/governance/facts';
import { overrideFigures, SPEC_FIGURES } from '../../../src/governance/figures';
import { MODES, strictestMode } from '../../../src/governance/mode';
import { FIRE_VERDICTS } from '../../../src/governance/rule';
import { RULES } from '../../../src/governance/rules';
import { anyFacts, orderedPaths, tighteningsOf } from './facts-arbitrary';
import { facts, NOW } from './fixtures';
import { runs } from '../../kit/runs';

const modeRank = ({ mode }: Decision): number => MODES.indexOf(mode);
const fireRank = ({ fire }: Decision): number => FIRE_VERDICTS.indexOf(fire);
const parse = (text: string): Decision => JSON.parse(text) as Decision;

describe('decide', () => {
  test('is total: any facts give one mode, one verdict, and a word from every rule', () => {
    const modes = new Set<string>();
    fc.assert(
      fc.property(anyFacts, (some) => {
        const decision = decide(some);
        modes.add(`${decision.mode} ${decision.fire}`);
        expect(decision.rules).toHaveLength(RULES.length);
        expect(decision.fire === 'allow').toBe(decision.blocks.length === 0);
        const ceilings = decision.rules.flatMap(({ verdict }) => MODES.filter((mode) => mode === verdict));
        expect(decision.mode).toBe(strictestMode(ceilings));
        expect(JSON.stringify(decision)).not.toMatch(/NaN|Infinity|undefined/);
      }),
      { numRuns: runs(600) },
    );
    // The generator is worth something only if it meets every mode, and both ends of firing in the freest.
    expect([...modes].sort()).toEqual(
      expect.arrayContaining([
        'autopilot allow',
        'autopilot deny',
        'autopilot hold',
        'copilot hold',
        'manual allow',
        'manual hold',
        'observe hold',
      ]),
    );
  });

  test('is a function of its recorded facts: deciding again gives the same bytes', () => {
    fc.assert(
      fc.property(anyFacts, (some) => {
        const bytes = canonicalJson(decide(some));
        const again = decideAgain(parse(bytes));
        expect(again.ok && canonicalJson(again.value)).toBe(bytes);
      }),
      { numRuns: runs(200) },
    );
  });

  test('can be made again from its record, which leaves out what defaults say', () => {
    fc.assert(
      fc.property(anyFacts, (some) => {
        const decision = decide(some);
        const record = canonicalJson(recordOf(decision));
        const again = decideAgain(parse(record));
        expect(again.ok && canonicalJson(again.value)).toBe(canonicalJson(decision));
        expect(record.length).toBeLessThanOrEqual(canonicalJson(decision).length);
      }),
      { numRuns: runs(200) },
    );
  });

  test('names the figures it was made with, so that a tenant’s decision can be made again too', () => {
    const own = overrideFigures({ confidence: { bands: { high: { from: 0.9 } } } });
    if (!own.ok) throw new Error('refused');
    const decision = decide(facts({ confidence: { value: 0.86 } }), own.value);
    expect(decision.figures).toEqual({ confidence: { bands: { high: { from: 0.9 } } } });
    const again = decideAgain(parse(canonicalJson(decision)));
    expect(again.ok && canonicalJson(again.value)).toBe(canonicalJson(decision));
    expect(decide(decision.facts).confidence.band).not.toBe(decision.confidence.band);
  });

  test('is not made again from a record that was tampered with', () => {
    const record = recordOf(decide(facts()));
    const codesOf = (broken: Parameters<typeof decideAgain>[0]): readonly string[] => {
      const again = decideAgain(broken);
      return again.ok ? [] : again.error.map(({ code }) => code);
    };
    expect(codesOf({ ...record, facts: { ...record.facts, passive: 'no' } })).toEqual(['FACTS_INVALID']);
    expect(codesOf({ ...record, figures: { risc: {} } })).toEqual(['FIGURES_UNKNOWN']);
    for (const figures of [null, [], 'spec', 1])
      expect(codesOf({ ...record, figures })).toEqual(['FIGURES_INVALID']);
  });

  test('does not depend on the order of the rules', () => {
    const anyOrder = fc.shuffledSubarray([...RULES], { minLength: RULES.length });
    fc.assert(
      fc.property(anyFacts, anyOrder, (some, rules) => {
        expect(canonicalJson(decide(some, SPEC_FIGURES, rules))).toBe(canonicalJson(decide(some)));
      }),
      { numRuns: runs(200) },
    );
  });

  test('never changes its facts', () => {
    fc.assert(
      fc.property(anyFacts, (some) => {
        const before = canonicalJson(some);
        decide(some);
        expect(canonicalJson(some)).toBe(before);
      }),
      { numRuns: runs(200) },
    );
  });
});

describe('making a single fact stricter', () => {
  const { ordered, silent } = orderedPaths();
  const met = new Set<string>();
  const bound = new Set<string>();

  test('has a meaning stated for every fact of the schema', () => {
    expect(silent).toEqual([]);
    expect(ordered.size).toBeGreaterThan(60);
  });

  test('never makes the mode looser, nor lets fire what was held', () => {
    const pair = anyFacts.chain((some) => fc.tuple(fc.constant(some), tighteningsOf(some)));
    fc.assert(
      fc.property(pair, ([some, tightenings]) => {
        const before = decide(some);
        for (const { path, facts: tightened } of tightenings) {
          const after = decide(tightened);
          met.add(path);
          if (modeRank(after) < modeRank(before) || fireRank(after) < fireRank(before)) bound.add(path);
          if (modeRank(after) > modeRank(before)) throw looser(path, before, after);
          // A smaller tier has a shorter chain (6.2), so it may ask fewer people; its mode is never looser.
          if (path !== 'tenant.tier' && fireRank(after) > fireRank(before)) throw looser(path, before, after);
        }
      }),
      { numRuns: runs(250) },
    );
  });

  test('was tried on every fact that has an order, and most of them bind somewhere', () => {
    expect([...ordered].filter((path) => !met.has(path))).toEqual([]);
    expect(bound.size).toBeGreaterThan(40);
  });

  test('by withdrawing an approval never lets fire what was held', () => {
    fc.assert(
      fc.property(anyFacts, fc.nat(2), (some, i) => {
        const kept = some.approvals.filter((approval, n) => n !== i || approval.decision === 'rejected');
        expect(fireRank(decide({ ...some, approvals: kept }))).toBeLessThanOrEqual(fireRank(decide(some)));
      }),
      { numRuns: runs(300) },
    );
  });

  test('by lengthening a freeze never lets fire what was held', () => {
    fc.assert(
      fc.property(anyFacts, fc.integer({ min: 1, max: 1e9 }), (some, more) => {
        const calendar = { id: 'x', kind: 'freeze', windows: [{ from: NOW - 10, to: NOW }] } as const;
        const longer = { ...calendar, windows: [{ from: NOW - 10, to: NOW + more }] };
        const [short, long] = [calendar, longer].map((one) =>
          decide({ ...some, calendars: [...some.calendars, one] }),
        );
        expect(fireRank(long as Decision)).toBeLessThanOrEqual(fireRank(short as Decision));
      }),
      { numRuns: runs(300) },
    );
  });
});

describe('a fact', () => {
  test('that is recorded is read: for each one there are facts on which changing it changes the decision', () => {
    const unread = new Set([...leaves(facts())]);
    const pair = anyFacts.chain((some) => fc.tuple(fc.constant(some), anyFacts));
    fc.assert(
      fc.property(pair, ([some, other]) => {
        const before = withoutFacts(decide(some));
        for (const path of unread) {
          const changed = graft(some, other, path.split('.'));
          if (changed !== undefined && withoutFacts(decide(changed as unknown as Facts)) !== before)
            unread.delete(path);
        }
      }),
      // A search, not a law over all inputs: a fixed seed makes its answer the same every time.
      { numRuns: runs(1_500), seed: 4 },
    );
    expect([...unread].filter((path) => !path.startsWith('usage.'))).toEqual(['v']);
  });
});

function looser(path: string, before: Decision, after: Decision): Error {
  const shown = ({ mode, fire, blocks }: Decision): string =>
    `${mode} ${fire} ${blocks.map(({ cause }) => cause).join()}`;
  return new Error(
    `\`${path}\` made stricter loosens: ${shown(before)} became ${shown(after)}\n${canonicalJson(after.facts)}`,
  );
}

function withoutFacts({ facts: _, ...rest }: Decision): string {
  return canonicalJson(rest);
}

/** Paths of everything that is no object; a list is one leaf. */
function* leaves(value: unknown, path: readonly string[] = []): Generator<string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) yield path.join('.');
  else for (const [key, member] of Object.entries(value)) yield* leaves(member, [...path, key]);
}

/** `some` with the value that `other` has at a path, or `undefined` where either has no such place. */
function graft(some: unknown, other: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return other;
  if (typeof some !== 'object' || some === null || typeof other !== 'object' || other === null)
    return undefined;
  const [mine, theirs] = [some as Record<string, unknown>, other as Record<string, unknown>];
  if (!(key in mine) || !(key in theirs)) return undefined;
  const grafted = graft(mine[key], theirs[key], rest);
  return grafted === undefined ? undefined : { ...mine, [key]: grafted };
}
