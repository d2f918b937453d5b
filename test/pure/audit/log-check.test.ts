/** A log that was tampered with is found out, whatever was done to it; one that was not never is. */
import fc from 'fast-check';
import { primitives } from '../../../src/app/primitives';
import type { TreeHead } from '../../../src/audit/checkpoint';
import { checkLog } from '../../../src/audit/log-check';
import { FIRST_PREVIOUS, recordHash, recordText, RECORD_KINDS, type Entry } from '../../../src/audit/record';
import { runs } from '../../kit/runs';

const entryOf = (seed: number): Entry => ({
  tenant: 'acme',
  at: Date.parse('2026-11-17T16:14:00.000Z') + seed * 137,
  kind: RECORD_KINDS[seed % RECORD_KINDS.length]!,
  actor: { kind: 'person', id: `person:${seed % 7}` },
  origin: { workflow: `acme/EMP-R-001/e${seed % 5}`, run: 'run', event: 1 + seed, part: 0 },
  outcome: `acme/EMP-R-001/e${seed % 5}`,
  node: 'identity',
  data: { seed, reason: `because of ${seed}` },
});

function logOf(entries: readonly Entry[]): string[] {
  let previous = FIRST_PREVIOUS;
  return entries.map((entry, seq) => {
    const text = recordText({ ...entry, seq, previous });
    previous = Buffer.from(recordHash(primitives, text)).toString('hex');
    return text;
  });
}

const headsOf = (records: readonly string[], every: number): TreeHead[] => {
  const sizes = new Set([records.length]);
  for (let size = 0; size < records.length; size += every) sizes.add(size);
  return [...sizes]
    .sort((a, b) => a - b)
    .map((size, i) => ({
      origin: 'backstep.example/acme',
      size,
      root: checkLog(primitives, { tenant: 'acme', records: records.slice(0, size), heads: [] }).root,
      at: i * 1_000,
    }));
};

const clean = logOf(Array.from({ length: 60 }, (_, i) => entryOf(i)));
const heads = headsOf(clean, 16);
const codesOf = (records: readonly string[], of: readonly TreeHead[] = heads): string[] =>
  checkLog(primitives, { tenant: 'acme', records, heads: of }).flaws.map(({ code }) => code);

test('a record has one text', () => {
  expect(clean[1]).toBe(
    `{"actor":{"id":"person:1","kind":"person"},"at":"2026-11-17T16:14:00.137Z","data":{"reason":"because of 1","seed":1},` +
      `"format":1,"kind":"outcome.completed","node":"identity","origin":{"event":2,"part":0,"run":"run",` +
      `"workflow":"acme/EMP-R-001/e1"},"outcome":"acme/EMP-R-001/e1",` +
      `"previous":"${Buffer.from(recordHash(primitives, clean[0]!)).toString('hex')}","seq":1,"tenant":"acme"}`,
  );
});

test('ten thousand clean records raise no alarm', () => {
  const records = logOf(Array.from({ length: 10_000 }, (_, i) => entryOf(i)));
  expect(checkLog(primitives, { tenant: 'acme', records, heads: headsOf(records, 2_500) })).toMatchObject({
    records: 10_000,
    flaws: [],
  });
});

type Tampering = (records: string[], a: number, b: number) => string[];
const TAMPERINGS: Readonly<Record<string, Tampering>> = {
  'a changed character': (records, a, b) =>
    records.map((text, i) => {
      if (i !== a % records.length) return text;
      const where = b % text.length;
      return `${text.slice(0, where)}${text[where] === '0' ? '1' : '0'}${text.slice(where + 1)}`;
    }),
  'a dropped record': (records, a) => records.filter((_, i) => i !== a % records.length),
  'two records in each other’s place': (records, a) => {
    const i = a % (records.length - 1);
    return records.map((text, at) => (at === i ? records[i + 1]! : at === i + 1 ? records[i]! : text));
  },
  'a record twice': (records, a) =>
    records.flatMap((text, i) => (i === a % records.length ? [text, text] : [text])),
  'an inserted record': (records, a) => {
    const i = a % records.length;
    const forged = recordText({ ...entryOf(999), seq: i, previous: 'f'.repeat(64) });
    return [...records.slice(0, i), forged, ...records.slice(i)];
  },
  'a past that was written again with all its hashes': (records, a) => {
    const entries = Array.from({ length: records.length }, (_, i) => entryOf(i));
    entries[a % records.length] = { ...entries[a % records.length]!, data: { forged: true } };
    return logOf(entries);
  },
};

test.each(Object.entries(TAMPERINGS))('%s is found', (_, tamper) => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (a, b) => {
      expect(codesOf(tamper([...clean], a, b))).not.toEqual([]);
    }),
    { numRuns: runs(200) },
  );
});

test('a log that was rolled back to an older head is found by the newer one', () => {
  expect(codesOf(clean.slice(0, 48))).toEqual(['HEAD_MISSING_RECORDS']);
});

test('an old head that was put behind a newer one is found', () => {
  expect(codesOf(clean, [...heads, heads[1]!])).toEqual(['HEAD_WENT_BACK']);
});

test('each flaw is told with its place', () => {
  const bent = TAMPERINGS['a dropped record']!([...clean], 20, 0);
  expect(checkLog(primitives, { tenant: 'acme', records: bent, heads: [] }).flaws.slice(0, 2)).toEqual([
    { code: 'RECORD_OUT_OF_PLACE', seq: 20, what: 'record 21 stands in place 20' },
    { code: 'CHAIN_BROKEN', seq: 20, what: 'record 20 does not name the hash of the record before it' },
  ]);
});

test('a log of another tenant is not taken for ours', () => {
  expect(codesOf(logOf([{ ...entryOf(0), tenant: 'globex' }]), [])).toEqual(['RECORD_OF_ANOTHER_TENANT']);
});
