/** The file of the keys that signing keys are sealed with: made once, readable by its user alone, and never half believed. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openKey, sealKey } from '../../../src/approvals/key-wrapping';
import { wrappingKeysOf } from '../../../src/app/wrapping-keys';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'wrapping-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const stand = () => ({ standDir: join(folder, 'stands'), standName: 'one' });
const named = (keys: unknown) => {
  const wrappingKeys = join(folder, 'keys.json');
  writeFileSync(wrappingKeys, typeof keys === 'string' ? keys : JSON.stringify(keys));
  return wrappingKeysOf({ ...stand(), wrappingKeys });
};
const key = (id: string, bytes = 32) => ({ id, key: Buffer.alloc(bytes, id).toString('base64') });
const NAME = { tenant: 'acme', kid: 'k' };

test('a stand makes its own once, for its user alone', () => {
  const first = wrappingKeysOf(stand())().current;
  expect(wrappingKeysOf(stand())().current).toEqual(first);
  const { mode } = statSync(join(folder, 'stands', 'wrapping-keys-one.json'));
  expect(mode & 0o777).toBe(0o600);
});

test('of those named the first seals, and each opens what it sealed, for its tenant and name alone', () => {
  const both = named([key('new'), key('old')])();
  const sealed = sealKey(both.byId('old')!, NAME, { d: 'secret' });
  expect(JSON.stringify(sealed)).not.toContain('secret');
  expect(openKey(both, NAME, sealed)).toEqual({ jwk: { d: 'secret' }, sealedWith: 'old' });
  expect(both.current.id).toBe('new');
  for (const other of [
    { ...NAME, tenant: 'rival' },
    { ...NAME, kid: 'other' },
  ])
    expect(() => openKey(both, other, sealed)).toThrow();
  expect(() => openKey(named([key('new')])(), NAME, sealed)).toThrow(
    expect.objectContaining({ code: 'STORE_KEY_MISSING' }) as Error,
  );
});

test.each([
  ['no JSON', 'x'],
  ['nothing', ''],
  ['no list', {}],
  ['an empty list', []],
  ['a short key', [key('a', 16)]],
  ['a key twice', [key('a'), key('a')]],
])('%s is refused, without a key in the message', (_, written) => {
  const open = named(written);
  expect(open).toThrow(expect.objectContaining({ code: 'WRAPPING_KEYS_UNUSABLE' }) as Error);
  expect(open).not.toThrow(key('a').key);
});

test('a file that was named and is not there is none of the stand’s own', () => {
  const open = wrappingKeysOf({ ...stand(), wrappingKeys: join(folder, 'gone.json') });
  expect(open).toThrow(expect.objectContaining({ code: 'WRAPPING_KEYS_UNUSABLE' }) as Error);
});
