/** A proof stands alone: whoever has it and the key of the log needs nothing else, and nothing else passes for one. */
import fc from 'fast-check';
import { proveConsistency, proveRecord } from '../../../src/app/log-proofs';
import { primitives } from '../../../src/app/primitives';
import { readHead } from '../../../src/audit/checkpoint';
import { append, EMPTY_LOG, type LogEnd, type Tile } from '../../../src/audit/growing-log';
import { checkProof } from '../../../src/audit/proof';
import type { Entry } from '../../../src/audit/record';
import type { StoredCheckpoint } from '../../../src/store/policy-log';
import { headOf, signer } from '../../kit/bundles';

const tenant = 'acme';
const publicKey = Buffer.from(signer.publicKey).toString('base64');
/** Over a tile of 256 and a part of the next. */
const SIZES = [1, 2, 255, 256, 257, 300];

const records: { readonly text: string; readonly hash: Uint8Array }[] = [];
const tiles: Tile[] = [];
const heads: StoredCheckpoint[] = [];

beforeAll(() => {
  let end: LogEnd = EMPTY_LOG;
  for (let i = 0; i < SIZES.at(-1)!; i++) {
    const entry: Entry = {
      ...{ tenant, at: i, kind: 'admin.acted', actor: { kind: 'engine', id: 'backstep' } },
      origin: { workflow: 'w', run: 'r', event: i + 1, part: 0 },
      data: {},
    };
    const appended = append(primitives, end, [entry]);
    ({ end } = appended);
    records.push(...appended.records);
    tiles.push(...appended.tiles);
    if (!SIZES.includes(end.size)) continue;
    const note = headOf(tenant, end, heads.length);
    const read = readHead(primitives, note, { origin: `backstep/${tenant}`, verifier: signer });
    if (!read.ok) throw new Error(read.error);
    const { at, size, root } = read.value;
    heads.push({ at, size, root, note, signer: signer.name, publicKey: signer.publicKey });
  }
});

const services = {
  evidence: {
    log: {
      list: (_tenant: string, { from = 0 }) =>
        Promise.resolve(records.slice(from, from + 1).map(({ text }) => ({ seq: from, text }))),
      hashes: (_tenant: string, from: number, to: number) =>
        Promise.resolve(records.slice(from, to).map(({ hash }) => hash)),
      tiles: (_tenant: string, size: number) =>
        Promise.resolve(tiles.filter(({ level, index }) => (index + 1) * 2 ** level <= size)),
      checkpoints: (_tenant: string, { upTo = Infinity }: { readonly upTo?: number } = {}) =>
        Promise.resolve(heads.filter(({ size }) => size <= upTo).slice(-1)),
    },
  },
};

const check = (proof: object) => checkProof(primitives, JSON.stringify(proof), { publicKey });
const codeOf = (proof: object): string | undefined => {
  const checked = check(proof);
  return checked.ok ? undefined : checked.error.code;
};

const valueOf = <T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false }): T => {
  if (!result.ok) throw new Error('it was refused');
  return result.value;
};

test('every record is proven against every head that has it, and against no other place or text', async () => {
  for (const size of SIZES) {
    for (const seq of [0, 1, 254, 255, 256, 299].filter((place) => place < size)) {
      const proof = valueOf(await proveRecord(services, tenant, { seq, size }));
      expect(check(proof)).toMatchObject({ ok: true, value: { kind: 'record', from: seq, size } });
      expect(codeOf({ ...proof, seq: seq + 1 })).toBe('RECORD_NOT_INCLUDED');
      expect(codeOf({ ...proof, record: `${proof.record} ` })).toBe('RECORD_NOT_INCLUDED');
    }
  }
});

test('every head is proven to continue every earlier one, and the other way round none is', async () => {
  for (const to of SIZES) {
    for (const from of SIZES.filter((size) => size <= to)) {
      const proof = valueOf(await proveConsistency(services, tenant, { from, to }));
      expect(check(proof)).toMatchObject({ ok: true, value: { kind: 'consistency', from, size: to } });
      if (from < to)
        expect(codeOf({ ...proof, from: proof.to, to: proof.from })).toBe('HEADS_NOT_CONSISTENT');
    }
  }
});

test('what nobody signed, or somebody else, proves nothing', async () => {
  const proof = valueOf(await proveRecord(services, tenant, { seq: 7 }));
  expect(codeOf({ ...proof, head: proof.head.replace('300', '301') })).toBe('HEAD_NOT_SIGNED');
  const other = Buffer.alloc(32, 7).toString('base64');
  expect(checkProof(primitives, JSON.stringify(proof), { publicKey: other })).toMatchObject({
    error: { code: 'HEAD_NOT_SIGNED' },
  });
});

test('any one hash of a proof that is changed, dropped or doubled is found', async () => {
  const proof = valueOf(await proveConsistency(services, tenant, { from: 255, to: 300 }));
  fc.assert(
    fc.property(fc.nat(proof.proof.length - 1), fc.constantFrom('change', 'drop', 'double'), (at, how) => {
      const hash = proof.proof[at]!;
      const instead = {
        change: [hash.replace(/^./, (c) => (c === '0' ? '1' : '0'))],
        drop: [],
        double: [hash, hash],
      };
      expect(codeOf({ ...proof, proof: proof.proof.toSpliced(at, 1, ...instead[how]) })).toBe(
        'HEADS_NOT_CONSISTENT',
      );
    }),
  );
});

test('whatever is no proof is said to be none, and throws nothing', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(checkProof(primitives, text)).toMatchObject({ error: { code: 'PROOF_UNREADABLE' } });
    }),
  );
  expect(checkProof(primitives, '{')).toMatchObject({ error: { code: 'PROOF_UNREADABLE' } });
});

test('a head that nobody signed and a record that is not there are refused by name', async () => {
  const refused = { ok: false, error: { code: 'LOG_HEAD_UNKNOWN' } };
  const help = 'the nearest below it is of size 2; `GET /v1/policy-log/checkpoints` lists them';
  expect(await proveRecord(services, tenant, { seq: 0, size: 7 })).toMatchObject({ error: { help } });
  expect(await proveRecord(services, tenant, { seq: 0, size: 7 })).toMatchObject(refused);
  expect(await proveConsistency(services, tenant, { from: 7 })).toMatchObject(refused);
  expect(await proveConsistency(services, tenant, { from: 300, to: 2 })).toMatchObject(refused);
  expect(await proveRecord(services, tenant, { seq: 5, size: 2 })).toMatchObject({
    error: { code: 'LOG_RECORD_UNKNOWN' },
  });
  expect(await proveRecord(services, tenant, { seq: 300 })).toMatchObject({
    error: { code: 'LOG_RECORD_UNKNOWN' },
  });
});
