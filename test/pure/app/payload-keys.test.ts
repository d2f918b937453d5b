/** Keys of payloads as a file has them: the first encrypts, each decrypts, and what cannot be meant is refused without a word of it. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPayloadKeys } from '../../../src/app/payload-keys';

const folder = mkdtempSync(join(tmpdir(), 'backstep-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function keysOf(content: unknown): ReturnType<typeof readPayloadKeys> {
  const file = join(folder, 'keys.json');
  writeFileSync(file, JSON.stringify(content));
  return readPayloadKeys(file);
}

const key = (): string => randomBytes(32).toString('base64');

test('the first key of a tenant encrypts, and every one decrypts', () => {
  const [second, first] = [key(), key()];
  const keys = keysOf({
    acme: [
      { id: 'acme-2', key: second },
      { id: 'acme-1', key: first },
    ],
  });
  expect(keys.current('acme')).toEqual({ id: 'acme-2', key: Buffer.from(second, 'base64') });
  expect(keys.byId('acme-1')?.key).toEqual(Buffer.from(first, 'base64'));
  expect([keys.current('globex'), keys.byId('globex-1')]).toEqual([undefined, undefined]);
});

const secret = key();
test.each([
  ['too short', { acme: [{ id: 'a', key: 'c2hvcnQ=' }] }],
  ['of two tenants', { acme: [{ id: 'a', key: secret }], globex: [{ id: 'a', key: key() }] }],
  ['of no tenant', { '../acme': [{ id: 'a', key: secret }] }],
  ['none', { acme: [] }],
  ['no key', { acme: [{ id: 'a', key: secret, more: true }] }],
])('a key that is %s is refused, and not told', (_what, content) => {
  let refused: unknown;
  try {
    keysOf(content);
  } catch (error) {
    refused = error;
  }
  expect(refused).toMatchObject({ code: 'PAYLOAD_KEYS_UNUSABLE' });
  expect(String(refused)).not.toContain(secret);
});
