/** The page on AWFs says of each what its contract says. `BACKSTEP_UPDATE_DOCS=1` writes the table anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { contracts, systems } from '../../../activities';

const PAGE = path.join(__dirname, '../../../docs/awfs.md');

test('the table of AWFs is the one that the contracts give', () => {
  const page = readFileSync(PAGE, 'utf8');
  const [, table] = /<!-- awfs -->\n([\s\S]*?)\n*An AWF whose undo/.exec(page) ?? [];
  expect(table).toBeDefined();
  // The order in which a compiler lists the exports of a file differs.
  const rows = [...contracts]
    .sort(byName)
    .map(({ name, summary, compensation, idempotency, evidence }) => [
      `\`${name}\``,
      summary,
      compensation ? `\`${compensation.awf}\`` : '–',
      idempotency.replaceAll('-', ' '),
      evidence,
    ]);
  if (process.env['BACKSTEP_UPDATE_DOCS'] === '1') {
    const lines = [
      ['AWF', 'what it does', 'undone by', 'pattern', 'proved by'],
      ['-', '-', '-', '-', '-'],
      ...rows,
    ];
    const text = lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
    writeFileSync(PAGE, page.replace(`<!-- awfs -->\n${table!}`, `<!-- awfs -->\n\n${text}\n`));
    return;
  }
  const found = table!
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(found).toEqual(rows);
});

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  systems.indexOf(systemOf(a.name)) - systems.indexOf(systemOf(b.name)) || (a.name < b.name ? -1 : 1);

const systemOf = (awf: string): string => awf.slice(0, awf.indexOf('.'));
