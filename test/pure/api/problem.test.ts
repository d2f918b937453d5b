/** Problems as callers see them. */
import {
  detailsOf,
  Problem,
  problemOf,
  problemSchema,
  STATUS,
  type ProblemCode,
} from '../../../src/api/problem';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const CODES = Object.keys(STATUS) as ProblemCode[];

test.each(CODES)('%s is a problem of the document’s form, with a meaning', (code) => {
  const details = detailsOf(new Problem(code, 'what happened', { cause: new Error('secret') }), 'request');
  expect(problemSchema.strict().parse(details)).toEqual(details);
  expect(details.title.length).toBeGreaterThan(10);
  expect(JSON.stringify(details)).not.toContain('secret');
});

test('a refusal keeps its code, its words and its mend', () => {
  const refusal = { code: 'OUTCOME_OVER', message: 'it is over', help: 'look' };
  expect(detailsOf(problemOf(refusal), '1')).toMatchObject({
    code: 'OUTCOME_OVER',
    status: 409,
    detail: 'it is over',
    help: 'look',
  });
});

test('a refusal that nobody gave a status is shown as an error of ours, and not in its words', () => {
  const details = detailsOf(problemOf({ code: 'TOSTRING', message: 'inner words' }), '1');
  expect(details).toMatchObject({ code: 'API_UNEXPECTED', status: 500 });
  expect(details.detail).not.toContain('inner');
  expect(problemOf({ code: 'toString', message: 'inner words' }).code).toBe('API_UNEXPECTED');
});

test('docs/api.md lists every code under its status', () => {
  const text = readFileSync(join(__dirname, '../../../docs/api.md'), 'utf8');
  const listed = [...text.matchAll(/^\| (\d{3}) +\| (.*?) +\|$/gm)].flatMap(([, status, codes = '']) =>
    [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => [code, Number(status)]),
  );
  expect(Object.fromEntries(listed)).toEqual(STATUS);
});
