/**
 * Nothing that replay can load can fire an action: its modules are walked along their imports. dependency-cruiser holds the
 * same in CI; this says it in a test, and shows that the walk would see an effect where there is one.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '../../..');

/** Files that a file imports, types included, whichever way it says so. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8');
  const named = [...text.matchAll(/(?:from|import\(|require\()\s*'(\.[^']+)'/g)].map(([, name = '']) => name);
  return named.flatMap((name) => {
    const base = path.resolve(path.dirname(file), name.replace(/\.js$/, ''));
    return [`${base}.ts`, path.join(base, 'index.ts')].filter((one) => existsSync(one)).slice(0, 1);
  });
}

function reachableFrom(files: readonly string[]): readonly string[] {
  const seen = new Set(files);
  for (const file of seen) for (const next of importsOf(file)) seen.add(next);
  return [...seen].map((file) => path.relative(ROOT, file)).sort();
}

const within = (folder: string): readonly string[] =>
  readdirSync(path.join(ROOT, folder)).map((name) => path.join(ROOT, folder, name));

const EFFECTS =
  /^activities\/([^/]+\/(activities|client)|index)\.ts$|^src\/temporal\/(dispatcher|activities)\.ts$/;
const SERVERS = /^src\/(temporal\/(client|worker|controls)|embedded\/|sandbox\/|app\/|cli\/|api\/)/;

test('replay reaches neither effects, nor whatever starts, signals or serves', () => {
  const reached = reachableFrom(within('src/replay'));
  expect(reached).toContain('src/simulator/simulator.ts');
  expect(reached.filter((file) => EFFECTS.test(file) || SERVERS.test(file))).toEqual([]);
});

test('its use cases read from services, and reach no effect either', () => {
  const reached = reachableFrom(within('src/app/replay'));
  expect(reached).toContain('activities/contracts.ts');
  expect(reached.filter((file) => EFFECTS.test(file))).toEqual([]);
});

test('the walk sees effects where there are some', () => {
  const reached = reachableFrom([path.join(ROOT, 'src/app/robots.ts')]);
  expect(reached).toEqual(
    expect.arrayContaining(['activities/okta/activities.ts', 'src/temporal/dispatcher.ts']),
  );
});

test('of Temporal’s worker replay names the replayer alone', () => {
  for (const file of within('src/replay')) {
    const text = readFileSync(file, 'utf8');
    const isVerify = file.endsWith('verify.ts');
    expect([file, text.includes("'@temporalio/worker'")]).toEqual([file, isVerify]);
    const used = [...text.matchAll(/\bWorker\.(\w+)/g)].map(([, name]) => name);
    expect(new Set(used)).toEqual(new Set(isVerify ? ['runReplayHistories'] : []));
  }
});
