/**
 * Every figure of sections 2 to 6, 8, 9 and 12, held against the kept copy of the spec: our figures are written in the
 * spec's words and compared with its cells and lines, so a number changed on either side fails.
 */
import { decayedConfidence } from '../../../src/governance/confidence';
import { overrideFigures, SPEC_FIGURES } from '../../../src/governance/figures';
import { FACTS_SCHEMA } from '../../../src/governance/facts-schema';
import { DECAY_EXAMPLES, HELD_CELLS, HELD_LINES, PROSE_CELLS, PROSE_LINES } from './held-figures';
import { numbersIn, readSpec } from './spec-tables';

const SECTIONS = ['2', '3', '4', '5', '6', '8', '9', '12'];
const spec = readSpec(SECTIONS);
const cellAt = new Map(spec.cells.map(({ address, text }) => [address, text]));
const heldLines = new Set([...HELD_LINES, ...DECAY_EXAMPLES.map(([line]) => line)]);

describe('the figures of the spec', () => {
  test.each([...HELD_CELLS])('%s is %s', (address, text) => {
    expect(cellAt.get(address)).toBe(text);
  });

  test('no cell that bears a number is left unheld', () => {
    // The enforcement levels are the row's own name, checked below.
    const unheld = spec.cells
      .filter(({ address, text }) => /\d/.test(text) && !HELD_CELLS.has(address) && !PROSE_CELLS.has(address))
      .map(({ address }) => address);
    expect(unheld).toEqual([]);
  });

  test('no line outside the tables that bears a number is left unheld', () => {
    const unheld = spec.lines
      .map(({ text }) => text)
      .filter((text) => !heldLines.has(text) && !PROSE_LINES.some((prose) => prose.test(text)));
    expect(unheld).toEqual([]);
    expect(spec.lines.map(({ text }) => text)).toEqual(expect.arrayContaining([...heldLines]));
  });

  test('the enforcement levels of 6.4 are in the names of its rows', () => {
    const { softShare, hardShare } = SPEC_FIGURES.tiers.enforcement;
    const rows = [...new Set(spec.cells.map(({ address }) => address.split(' | ')))]
      .filter(([section]) => section === '6.4')
      .map(([, row]) => row);
    expect(rows).toEqual([
      `Soft Limit (${softShare * 100}%)`,
      `Hard Limit (${hardShare * 100}%)`,
      `Overage (>${hardShare * 100}%)`,
    ]);
  });

  test('the rule that podcast synthesis never runs on autopilot is kept', () => {
    const constraint = spec.lines.find(({ text }) => text.startsWith('V1 Constraint'));
    expect(constraint?.text).toContain('NEVER eligible for Autopilot');
    expect(SPEC_FIGURES.profiles['citemind.engine_2']?.neverAutopilot).toBe(true);
  });

  test('a dimension score is bounded by 0 and 1 in the facts as in 5.2', () => {
    const risk = FACTS_SCHEMA.properties?.['action']?.properties?.['risk']?.properties ?? {};
    expect(Object.values(risk).map(({ minimum, maximum }) => [minimum, maximum])).toEqual(
      Array.from({ length: 4 }, () => [0, 1]),
    );
  });

  test('the examples of 3.4 fit a weekly rate, not the formula, which governs', () => {
    const weekly = overrideFigures({ confidence: { decay: { ratePerDay: 0.05 / 7 } } });
    if (!weekly.ok) throw new Error('the override is refused');
    const day = 86_400_000;
    for (const [, confidence, days] of DECAY_EXAMPLES) {
      expect(Math.abs(decayedConfidence(0.9, days * day, weekly.value) - confidence)).toBeLessThan(0.04);
    }
    expect(decayedConfidence(0.9, 7 * day, SPEC_FIGURES)).toBeCloseTo(0.634, 3);
  });

  test('a number changed in the spec is noticed', () => {
    const changed = readSpec(
      SECTIONS,
      '## 6. X\n### 6.2 Y\n| Guardrail | Pro |\n|---|---|\n| **Max Actions/Day** | 201 |',
    );
    const [cell] = changed.cells;
    expect(cell?.address).toBe('6.2 | Max Actions/Day | Pro');
    expect(HELD_CELLS.get('6.2 | Max Actions/Day | Pro')).not.toBe(cell?.text);
  });

  test('every group of figures names its section', () => {
    const unnamed: string[] = [];
    const walk = (value: unknown, path: string, named: boolean): void => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        if (typeof value === 'number' && !named) unnamed.push(path);
        return;
      }
      const says = named || (value as { readonly spec?: unknown }).spec !== undefined;
      for (const [key, member] of Object.entries(value)) walk(member, `${path}.${key}`, says);
    };
    walk(SPEC_FIGURES, 'figures', false);
    expect(unnamed).toEqual([]);
  });

  afterAll(() => {
    const cells = [...HELD_CELLS.values()];
    const numbers = [...cells, ...heldLines].reduce((sum, text) => sum + numbersIn(text), 0);
    process.stdout.write(
      `held against the spec: ${cells.length} cells, ${heldLines.size} lines, ${numbers} numbers\n`,
    );
    expect(numbers).toBeGreaterThanOrEqual(169);
  });
});
