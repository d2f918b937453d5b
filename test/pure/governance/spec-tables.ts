/**
 * Reads the kept copy of the execution model: its tables by section, and the lines outside tables that bear a number.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SpecCell {
  /** `6.2 | Max Actions/Day | Pro` */
  readonly address: string;
  readonly text: string;
}

export interface SpecText {
  readonly cells: readonly SpecCell[];
  /** `3.4 | Confidence(t) = …`: every line outside a table, a heading or a drawing that bears a digit. */
  readonly lines: readonly SpecCell[];
}

const PATH = join(__dirname, '../../../docs/spec/automate-execution-model.md');

/** The cells and lines of some sections (`'2'` takes 2.1, 2.2, …). */
export function readSpec(sections: readonly string[], markdown = readFileSync(PATH, 'utf8')): SpecText {
  const cells: SpecCell[] = [];
  const lines: SpecCell[] = [];
  let section = '';
  let header: readonly string[] | undefined;
  for (const line of markdown.split('\n')) {
    const heading = /^#{2,3} ([\d.]+?)\.? /.exec(line);
    if (heading?.[1] !== undefined) section = heading[1];
    if (line.startsWith('#') || !sections.includes(section.split('.')[0] ?? '')) {
      header = undefined;
      continue;
    }
    if (!line.startsWith('|')) {
      header = undefined;
      const isDrawing = /[│┌└├─▼]/.test(line);
      if (/\d/.test(line) && !isDrawing) lines.push({ address: section, text: bare(line) });
      continue;
    }
    const row = line.split('|').slice(1, -1).map(bare);
    if (header === undefined) header = row;
    else if (!/^-+$/.test(row[0] ?? '')) {
      row.slice(1).forEach((text, i) => {
        cells.push({ address: `${section} | ${row[0] ?? ''} | ${header?.[i + 1] ?? ''}`, text });
      });
    }
  }
  return { cells, lines };
}

/** How many numbers a text bears. */
export function numbersIn(text: string): number {
  return [...text.matchAll(/\d[\d,]*(?:\.\d+)?/g)].length;
}

function bare(cell: string): string {
  return cell.replaceAll('**', '').trim();
}
