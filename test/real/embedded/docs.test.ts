import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { STAND_PROBLEMS } from '../../../src/kernel/catalogue';
import { TEMPORAL_CLI, TEMPORAL_TEST_SERVER } from '../../../src/embedded/wheel-pins';

const read = (): Promise<string> => readFile(path.join(__dirname, '../../../docs/embedded.md'), 'utf8');

test('the table of problems names every code, and no other', async () => {
  const named = [...(await read()).matchAll(/^\| `(STAND_\w+)` *\|/gm)].map((row) => row[1]);
  expect(named.sort()).toEqual(Object.keys(STAND_PROBLEMS).sort());
});

test('the checksums and versions are those that are pinned', async () => {
  const text = await read();
  for (const pin of [TEMPORAL_CLI, TEMPORAL_TEST_SERVER]) {
    for (const { sha256 } of Object.values(pin.wheels)) expect(text).toContain(sha256);
    expect(text).toContain(`${pin.distribution}==${pin.version}`);
    expect(text).toContain(pin.envName);
  }
});
