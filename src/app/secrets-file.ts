/**
 * Files of secrets, as JSON: payload keys, webhooks. What is wrong with one is said without a word of what it holds.
 * Entry ring; the one place that reads them.
 */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';

/**
 * What a file holds, in this form. Throws what `unusable` makes of the reason.
 * @param unusable is told why, in words that name no secret
 */
export function readSecrets<T>(file: string, form: z.ZodType<T>, unusable: (why: string) => Error): T {
  let written: unknown;
  try {
    written = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // A parser's own message quotes what it stumbled over.
    throw unusable((error as NodeJS.ErrnoException).code ?? 'it is no JSON');
  }
  const read = form.safeParse(written);
  if (!read.success) throw unusable('it has another form');
  return read.data;
}
