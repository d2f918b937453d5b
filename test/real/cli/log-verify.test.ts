/** A bundle in an empty folder, and a machine with no server: one command proves it, or names what was done to it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundleOf, goldenScene, signer } from '../../kit/bundles';
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

test('one changed byte of a history is named, with the run and the record that has its hash', async () => {
  const file = path.join(folder, 'evidence/histories/000001.bin');
  const bytes = readFileSync(file);
  bytes[40] = bytes[40]! ^ 1;
  writeFileSync(file, bytes);
  const { code, out, err } = await backstep(['log', 'verify', 'evidence'], { cwd: folder, env });
  expect(out).toMatch(/^HISTORY_CHANGED history acme\/\S+ \S+: its hash is not the one in record \d+$/m);
  expect(err).toContain('LOG_NOT_PROVEN');
  expect(code).toBe(1);
});
