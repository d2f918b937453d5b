/**
 * Every check but the tests, as many at once as there are cores, the long ones first; each tells how long it took, and all of
 * them run even where one fails. Half of the time is the linter's, so it goes in two halves that leave out nothing together.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

interface Check {
  readonly name: string;
  readonly command: string;
}

const script = (name: string): Check => ({ name, command: `npm run --silent ${name}` });
/** As `npm run lint` does it, for a part of the files. */
const lint = (name: string, what: string): Check => ({
  name,
  command: `npm exec -- eslint --max-warnings 0 ${what}`,
});

const CHECKS: readonly Check[] = [
  lint('lint of src', 'src'),
  lint('lint of all else', ". --ignore-pattern 'src/**'"),
  script('types'),
  script('format'),
  script('rings'),
  script('unused'),
];

/** Runs one check, and says whether it holds; what it said is shown in one piece. */
function run({ name, command }: Check): Promise<boolean> {
  const begun = Date.now();
  const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => said.push(part));
  child.stderr.on('data', (part: Buffer) => said.push(part));
  return new Promise((resolve) => {
    child.once('close', (code) => {
      const took = ((Date.now() - begun) / 1_000).toFixed(0);
      process.stdout.write(Buffer.concat(said));
      process.stdout.write(`${code === 0 ? 'ok' : 'FAILED'}: ${name} (${took} s)\n`);
      resolve(code === 0);
    });
  });
}

async function main(): Promise<void> {
  const left = [...CHECKS];
  const failed: string[] = [];
  const work = async (): Promise<void> => {
    for (let check = left.shift(); check !== undefined; check = left.shift())
      if (!(await run(check))) failed.push(check.name);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  if (failed.length === 0) return;
  process.stdout.write(`failed: ${failed.join(', ')}\n`);
  process.exitCode = 1;
}

void main();
