/** The tables of docs/governance.md are the code's, to the letter. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOCS_TABLES } from './docs-tables';

const PATH = join(__dirname, '../../../docs/governance.md');

describe('docs/governance.md', () => {
  test.each(Object.keys(DOCS_TABLES))('has the table of %s that the code has', (name) => {
    const text = readFileSync(PATH, 'utf8');
    const [before, rest] = splitAt(text, `<!-- ${name}: begin -->\n`);
    const [now, after] = splitAt(rest, `<!-- ${name}: end -->`);
    const expected = DOCS_TABLES[name]?.() ?? '';
    if (process.env['UPDATE_DOCS'] === '1') {
      writeFileSync(PATH, `${before}<!-- ${name}: begin -->\n\n${expected}\n\n<!-- ${name}: end -->${after}`);
    } else expect(bare(now)).toBe(bare(expected));
  });
});

function splitAt(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`docs/governance.md lacks ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

/** A table without the padding that a formatter gives it. */
function bare(table: string): string {
  return table.trim().replace(/ +/g, ' ').replace(/-{3,}/g, '---');
}
