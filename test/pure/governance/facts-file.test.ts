/** The published form of facts is the one that is parsed. */
import { writeFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FACTS_SCHEMA } from '../../../src/governance/facts-schema';

const FILE = path.join(__dirname, '../../../docs/schemas/facts.json');

test('docs/schemas/facts.json is the schema that the parser interprets (UPDATE_GOLDENS=1 writes it anew)', () => {
  if (process.env['UPDATE_GOLDENS'] === '1') {
    writeFileSync(FILE, `${JSON.stringify(FACTS_SCHEMA, null, 2)}\n`);
  }
  expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(JSON.parse(JSON.stringify(FACTS_SCHEMA)));
});
