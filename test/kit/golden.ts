/**
 * Goldens: texts that a reader has looked at once and that must not change by accident. `UPDATE_GOLDENS=1` writes them anew;
 * the difference is then read in the review.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Holds `text` against the file `test/golden/<name>`. A golden that is missing fails, so that none is made unseen. */
export function expectGolden(name: string, text: string): void {
  const file = join(__dirname, '..', 'golden', name);
  if (process.env['UPDATE_GOLDENS'] === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const golden = existsSync(file) ? readFileSync(file, 'utf8') : '(there is no such golden)';
  expect(text).toBe(golden);
}
