/** Signed heads: read back whole, and refused in every other form. */
import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { primitives } from '../../../src/app/primitives';
import { readHead, signHead, type Signer, type TreeHead } from '../../../src/audit/checkpoint';

function aSigner(name: string): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return {
    name,
    publicKey: new Uint8Array(der.subarray(-32)),
    sign: (text) => new Uint8Array(sign(null, Buffer.from(text, 'utf8'), privateKey)),
  };
}

const signer = aSigner('backstep.example/acme');
const origin = 'backstep.example/acme';
const head: TreeHead = {
  origin,
  size: 4_711,
  root: primitives.sha256('a root'),
  at: Date.parse('2026-11-21T16:14:00.000Z'),
};
const note = signHead(primitives, head, signer);
const read = (text: string, verifier = signer) => readHead(primitives, text, { origin, verifier });

test('a head has one text of four lines, an empty one and its signature', () => {
  expect(note.split('\n').slice(0, 5)).toEqual([
    'backstep.example/acme',
    '4711',
    Buffer.from(head.root).toString('base64'),
    'at 2026-11-21T16:14:00.000Z',
    '',
  ]);
  expect(note).toMatch(/\n\u2014 backstep\.example\/acme [A-Za-z0-9+/]{90,}=*\n$/);
});

test('what was signed is read back', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 4_000_000_000_000 }), (size, at) => {
      const one = { ...head, size, at };
      const back = read(signHead(primitives, one, signer));
      expect(back.ok && { ...back.value, root: [...back.value.root] }).toEqual({
        ...one,
        root: [...one.root],
      });
    }),
  );
});

test('no changed character of the head leaves it signed', () => {
  const end = note.indexOf('\n\n');
  for (let i = 0; i < end; i++) {
    const bent = `${note.slice(0, i)}${note[i] === 'x' ? 'y' : 'x'}${note.slice(i + 1)}`;
    expect(read(bent).ok).toBe(false);
  }
});

test('a signature of somebody else of the same name is none', () => {
  expect(read(note, aSigner(signer.name))).toEqual({
    ok: false,
    error: 'no signature of `backstep.example/acme` fits the head',
  });
});

test('signatures of witnesses beside ours do no harm', () => {
  expect(read(`${note}\u2014 witness.example/w ${Buffer.alloc(68, 7).toString('base64')}\n`).ok).toBe(true);
});

test('the head of another log is refused, though the same key signed it', () => {
  const other = signHead(primitives, { ...head, origin: 'backstep.example/globex' }, signer);
  expect(read(other)).toEqual({
    ok: false,
    error: 'it is the head of `backstep.example/globex`, not of `backstep.example/acme`',
  });
});

test.each([
  ['no empty line', note.replace('\n\n', '\n')],
  ['no line end', note.slice(0, -1)],
  ['nothing', ''],
  ['far too much', `${note}${'\u2014 w w\n'.repeat(10_000)}`],
])('a note with %s is refused with words', (_, text) => {
  const back = read(text);
  expect(back.ok ? '' : back.error).not.toBe('');
});
