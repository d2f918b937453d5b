/** A bundle in an empty folder, and a machine with no server: one command proves it, or names what was done to it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { primitives } from '../../../src/app/primitives';
import { append, EMPTY_LOG } from '../../../src/audit/growing-log';
import type { Entry } from '../../../src/audit/record';
import { bundleOf, goldenScene, headOf, signer } from '../../kit/bundles';
import { intoFolder } from '../../../src/cli/files';
import { build, backstep } from '../../kit/cli';

jest.setTimeout(240_000);

let folder: string;
// Addresses at which nobody answers: whoever asked a server would fail.
const env = { TEMPORAL_ADDRESS: '127.0.0.1:1', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
const key = Buffer.from(signer.publicKey).toString('base64');

beforeAll(async () => {
  build();
  folder = mkdtempSync(path.join(tmpdir(), 'evidence-'));
  for (const [name, bytes] of await bundleOf(await goldenScene())) {
    const file = path.join(folder, 'evidence', name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a bundle proves itself where no server is', async () => {
  const { code, out } = await backstep(['log', 'verify', 'evidence', '--key', key], { cwd: folder, env });
  expect(out).toContain('proven: nothing was changed, nothing is missing');
  expect(code).toBe(0);
});

test('the key that it prints is the one that it takes, raw or as tools print it; anything else is wrong usage', async () => {
  const verify = (...more: readonly string[]) => backstep(['log', 'verify', ...more], { cwd: folder, env });
  const { out } = await verify('evidence');
  const [, shown = ''] = /^signed by \S+ (\S+)$/m.exec(out) ?? [];
  expect(shown).toBe(key);
  const head = Buffer.from('302a300506032b6570032100', 'hex');
  const spki = Buffer.concat([head, signer.publicKey]).toString('base64');
  const { code, out: told } = await verify('evidence', '--key', spki, '--json');
  expect([code, JSON.parse(told)]).toEqual([0, expect.objectContaining({ publicKey: key, flaws: [] })]);
  const hex = createHash('sha256').update(signer.publicKey).digest('hex');
  const refused = await Promise.all([
    verify('evidence', '--key', hex),
    verify('evidence', '--key', key.slice(1)),
    verify('none/there'),
    verify('evidence', '--head', 'none'),
  ]);
  expect(refused.map(({ code: exit, out: none, err }) => [exit, none, err.split('\n')[0]])).toEqual([
    [2, '', `error: \`${hex}\` is no key of a log`],
    [2, '', `error: \`${key.slice(1)}\` is no key of a log`],
    [2, '', 'error: there is no such folder or file: `none/there`'],
    [2, '', "error: `none` can't be read: there is no such file or folder"],
  ]);
});

test('one changed byte of a history is named, with the run and the record that has its hash', async () => {
  const file = path.join(folder, 'evidence/histories/000001.bin');
  const bytes = readFileSync(file);
  bytes[40] = bytes[40]! ^ 1;
  writeFileSync(file, bytes);
  const { code, out, err } = await backstep(['log', 'verify', 'evidence'], { cwd: folder, env });
  expect(out).toMatch(/^HISTORY_CHANGED history acme\/\S+ \S+: its hash is not the one in record \d+$/m);
  expect(err).toContain('error: 3 flaws in `evidence` [LOG_NOT_PROVEN]');
  expect(code).toBe(1);
  const { out: told } = await backstep(['log', 'verify', 'evidence', '--json'], { cwd: folder, env });
  expect(JSON.parse(told)).toMatchObject({
    flaws: [{ code: 'FILE_CHANGED' }, { code: 'HISTORY_CHANGED' }, {}],
    error: { code: 'LOG_NOT_PROVEN' },
  });
});

test('one proof in a file is checked where no server is, and one that was changed proves nothing', async () => {
  // A log of one record: its head is the record's hash, and the way between them is empty.
  const { records } = await goldenScene();
  const [record = ''] = records;
  const entry = JSON.parse(record) as Entry;
  const { end } = append(primitives, EMPTY_LOG, [{ ...entry, at: Date.parse(String(entry.at)) }]);
  const given = { seq: 0, record, head: headOf('acme', end, 0), size: 1, proof: [], signer: signer.name };
  const file = path.join(folder, 'proof.json');
  writeFileSync(file, JSON.stringify({ ...given, publicKey: key }));
  const proven = await backstep(['log', 'verify', 'proof.json', '--key', key], { cwd: folder, env });
  expect(proven).toMatchObject({
    code: 0,
    out: expect.stringContaining('proven: record 0 is in the log') as string,
  });
  writeFileSync(file, JSON.stringify({ ...given, record: `${record} `, publicKey: key }));
  const { code, out } = await backstep(['log', 'verify', 'proof.json'], { cwd: folder, env });
  expect([code, out]).toEqual([1, expect.stringMatching(/^RECORD_NOT_INCLUDED: /)]);
});

test('a folder is made where its parent is, one level and no more, and none is left by an export that fails', async () => {
  const failing = path.join(folder, 'failing');
  const fails = intoFolder(failing, async ({ write }) => {
    await write('histories/000001.bin', Buffer.from('x'));
    throw new Error('the store went away');
  });
  await expect(fails).rejects.toThrow('the store went away');
  expect(existsSync(failing)).toBe(false);
  await intoFolder(`${failing}/`, async ({ write }) => {
    for (const name of ['records.jsonl', 'histories/000001.bin', 'histories/000002.bin', 'manifest.json'])
      await write(name, Buffer.from(name));
  });
  expect(readFileSync(path.join(failing, 'histories/000002.bin'), 'utf8')).toBe('histories/000002.bin');
  // A file system that says of a new folder that its parent is missing kept Node at making parents for ever.
  for (const out of ['/proc/nope', path.join(folder, 'none/evidence')])
    await expect(intoFolder(out, () => Promise.resolve())).rejects.toMatchObject({
      code: 'CLI_USAGE',
      message: "`--out` can't be written: there is no such file or folder",
    });
});
