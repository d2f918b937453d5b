import { placesOf } from '../../../src/embedded/places';
import { StandError, asStandError, isDiskFullText } from '../../../src/embedded/stand-error';
import { readCliVersion } from '../../../src/embedded/temporal-programs';
import { sqlitePragmas, temporalArguments } from '../../../src/embedded/temporal-server';
import { DYNAMIC_CONFIG } from '../../../src/embedded/temporal-tuning';
import { TEMPORAL_CLI, TEMPORAL_TEST_SERVER } from '../../../src/embedded/wheel-pins';

test('the version of the CLI is read with that of its server', () => {
  expect(readCliVersion('temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)\n')).toEqual({
    ok: true,
    version: '1.9.1 (Server 1.32.0, UI 2.54.1)',
  });
});

test.each([
  ['temporal version 1.3.0 (Server 1.28.9, UI 2.37.1)', false],
  ['temporal version 1.5.0 (Server 1.29.0, UI 2.41.0)', true],
  ['temporal version 2.0.0 (Server 2.0.0, UI 3.0.0)', true],
  ['temporal version 1.5.0', false],
  ['', false],
])('`%s` is new enough: %s', (text, expected) => {
  expect(readCliVersion(text).ok).toBe(expected);
});

test('a server without a UI is headless, and one with a UI keeps it on the loopback', () => {
  const common = {
    db: '/data/temporal.db',
    dynamicConfig: DYNAMIC_CONFIG,
    pragmas: sqlitePragmas('process'),
  };
  const headless = temporalArguments({ ...common, ports: { temporal: 7233 } });
  expect(headless).toContain('--headless');
  expect(headless.join(' ')).toContain('--ip 127.0.0.1 --port 7233');
  const withUi = temporalArguments({ ...common, ports: { temporal: 7233, ui: 8233 } }).join(' ');
  expect(withUi).not.toContain('--headless');
  expect(withUi).toContain('--ui-ip 127.0.0.1 --ui-port 8233');
});

test('every value of the dynamic configuration is passed as JSON', () => {
  const args = temporalArguments({
    db: '/data/temporal.db',
    ports: { temporal: 7233 },
    dynamicConfig: { number: 2000, flag: true, text: '5s' },
    pragmas: [],
  }).join(' ');
  for (const pair of ['number=2000', 'flag=true', 'text="5s"']) {
    expect(args).toContain(`--dynamic-config-value ${pair}`);
  }
});

test('only `machine` makes SQLite flush every commit', () => {
  expect(sqlitePragmas('process')).toContain('synchronous=normal');
  expect(sqlitePragmas('machine')).toContain('synchronous=full');
});

test.each(['../other', 'a/b', '', '.hidden', 'UPPER', 'x'.repeat(64)])(
  '`%s` is no name for a stand',
  (name) => {
    expect(() => placesOf({ dir: '/project/.backstep', name })).toThrow(RangeError);
  },
);

test('a stand has a folder of its own and shares the programs', () => {
  expect(placesOf({ dir: '/project/.backstep', name: 'demo' })).toEqual({
    name: 'demo',
    dir: '/project/.backstep',
    dataDir: '/project/.backstep/data/demo',
    cacheDir: '/project/.backstep/cache',
  });
});

test.each([
  ['ENOSPC', 'STAND_DISK_FULL'],
  ['EDQUOT', 'STAND_DISK_FULL'],
  ['EROFS', 'STAND_DISK_READ_ONLY'],
  ['EACCES', 'STAND_DISK_READ_ONLY'],
])('%s becomes %s, with the folder and a mend', (code, expected) => {
  const error = asStandError(Object.assign(new Error(`${code}: refused`), { code }), '/project');
  expect(error).toBeInstanceOf(StandError);
  expect(error).toMatchObject({ code: expected, message: expect.stringContaining('/project') as unknown });
});

test('any other error stays as it is', () => {
  const error = new Error('something else');
  expect(asStandError(error, '/project')).toBe(error);
});

test('the words of both servers for a full disk are known', () => {
  expect(isDiskFullText('FATAL:  could not write lock file "postmaster.pid": No space left on device')).toBe(
    true,
  );
  expect(isDiskFullText('SQL logic error: database or disk is full (13)')).toBe(true);
  expect(isDiskFullText('database system is ready to accept connections')).toBe(false);
});

test('every pin is a SHA-256 of its own', () => {
  const pins = [TEMPORAL_CLI, TEMPORAL_TEST_SERVER].flatMap((pin) => Object.values(pin.wheels));
  for (const pin of pins) expect(pin.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(pins.map((pin) => pin.sha256)).size).toBe(pins.length);
});
