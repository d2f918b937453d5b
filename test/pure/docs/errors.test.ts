/** The catalogue of codes, its page and the tests that produce each code tell the same story. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as catalogue from '../../../src/kernel/catalogue';

const ROOT = join(__dirname, '../../..');
const CODES = Object.assign({}, ...Object.values(catalogue)) as Readonly<Record<string, string>>;

/** Code, meaning and mend of each row, as they stand on the page. */
function rows(): readonly (readonly [code: string, meaning: string, mend: string])[] {
  return readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [, code = '', meaning = '', mend = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      return [code.replaceAll('`', ''), meaning.replaceAll('\\|', '|'), mend];
    });
}

/** All the text of TypeScript and goldens below a folder. */
function textBelow(folder: string, skip: string): string {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|txt|json)$/.test(name) && !name.endsWith(skip))
    .map((name) => readFileSync(join(ROOT, folder, name), 'utf8'))
    .join('\n');
}

const unsaid = (text: string, codes: readonly string[]): readonly string[] => {
  const words = new Set(text.match(/\b[A-Z][A-Z_]+[A-Z]\b/g));
  return codes.filter((code) => !words.has(code));
};

describe('docs/errors.md', () => {
  it('has a row for every code of the catalogue, in its order, with its meaning', () => {
    expect(rows().map(([code, meaning]) => [code, meaning])).toEqual(Object.entries(CODES));
  });

  it('says how to mend each', () => {
    expect(rows().filter(([, , mend]) => mend.length < 5)).toEqual([]);
  });
});

describe('each code', () => {
  it('is said by the code somewhere: one that nobody says is no error', () => {
    const said = ['src', 'activities', 'workflows'].map((folder) => textBelow(folder, 'catalogue.ts')).join();
    expect(unsaid(said, Object.keys(CODES))).toEqual([]);
  });

  it('of a diagnostic has a test that produces it', () => {
    const tests = textBelow('test', 'errors.test.ts');
    expect(unsaid(tests, Object.keys(catalogue.DIAGNOSTICS))).toEqual([]);
  });
});
