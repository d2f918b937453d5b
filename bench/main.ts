/**
 * `npm run bench`: what Backstep costs against a saga written by hand on bare Temporal, in one run, as ratios. `--help` says what
 * else it takes; docs/benchmarks.md says what is compared and why it is fair.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { packageFolder } from '../src/app/settings';
import { anatomyOf, type Anatomy } from './anatomy';
import { isSaga, meetContestants, NAMES, type Contestants, type Name } from './contestants';
import { MEMORY, watchMemory } from './memory';
import { freshPeople } from './people';
import { profileNow, readProfiles, type ProfileRow } from './profiles';
import { perName, raceInCrowds, raceOneByOne } from './races';
import { figuresOf, pageOf, type Measured } from './report';
import { openStage, type Stage } from './stage';
import { sum } from './statistics';
import { judge, type Figures } from './targets';

/**
 * Outcomes of each side; the whole run takes about six minutes on two quiet cores. What runs for months is measured warm: the
 * engine of JavaScript takes some dozen outcomes to compile either side.
 */
const FULL = { warmUp: 30, sweeps: 60, atOnce: 50, perRound: 100, rounds: 4, looks: 15 } as const;
const QUICK = { warmUp: 2, sweeps: 6, atOnce: 10, perRound: 20, rounds: 1, looks: 3 } as const;

const HELP = `npm run bench -- [options]

  --json      figures as JSON on standard output, and nothing else there
  --quick     few outcomes: whether it works, not how fast
  --memory    worker memory over ${MEMORY.outcomes} outcomes, too; some minutes more
  --profile   profiles of both workers, too: where their JavaScript spends its time
  --check     exit code 1 where a target is missed
`;

interface Options {
  readonly json: boolean;
  readonly quick: boolean;
  readonly memory: boolean;
  readonly profile: boolean;
  readonly check: boolean;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      memory: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort(new Error('interrupted'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const begun = performance.now();
  const onProgress = (line: string): void => {
    process.stderr.write(`${((performance.now() - begun) / 1_000).toFixed(0).padStart(4)} s  ${line}\n`);
  };
  const measured = await measure(values, interrupted.signal, onProgress);
  const figures = figuresOf(measured);
  const record = {
    at: new Date().toISOString(),
    machine: {
      cores: cpus().length,
      model: cpus()[0]?.model ?? '',
      load: loadavg()[0],
      node: process.version,
    },
    seconds: (performance.now() - begun) / 1_000,
    figures,
    targets: judge(figures),
    measured,
  };
  const file = keep(record);
  const { measured: _, ...summary } = record;
  process.stdout.write(
    values.json
      ? `${JSON.stringify(summary, undefined, 2)}\n`
      : `\n${pageOf(measured, figures)}\n${record.seconds.toFixed(0)} s in all; everything measured is in ${file}\n`,
  );
  if (values.check && record.targets.some(({ isMet }) => isMet === false)) process.exitCode = 1;
}

async function measure(
  options: Options,
  signal: AbortSignal,
  onProgress: (line: string) => void,
): Promise<Measured> {
  const counts = options.quick ? QUICK : FULL;
  onProgress('compiling large runbooks');
  const compile = await compileFigures();
  const stage = await openStage(signal, onProgress);
  const stopEarly = (): void => void stage.close();
  signal.addEventListener('abort', stopEarly);
  try {
    onProgress('starting the workers');
    const workers = await stage.restartWorkers({ codec: true, spans: false });
    const contestants = await meetContestants(stage, true);
    onProgress('warming up');
    await raceOneByOne(stage, contestants, counts.warmUp);
    onProgress(`one at a time, ${counts.sweeps} of each side`);
    const latencies = await raceOneByOne(stage, contestants, counts.sweeps);
    onProgress(`${counts.atOnce} at once, ${counts.rounds} rounds of ${counts.perRound} of each side`);
    const bursts = await raceInCrowds(stage, workers, contestants, counts);
    onProgress('looking inside');
    const withCodec = await look(stage, contestants, 1);
    const memory = options.memory
      ? await watchMemory(stage, workers, contestants, {
          outcomes: options.quick ? 4 * MEMORY.every : MEMORY.outcomes,
          onProgress,
        })
      : undefined;
    await contestants.close();
    return {
      latencies,
      bursts,
      compile,
      bytesWithCodec: perName((name) => withCodec[name].anatomies[0]?.bytes ?? Number.NaN),
      ...(memory === undefined ? {} : { memory }),
      ...(await inspect(stage, options.profile, counts)),
    };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', stopEarly);
    await stage.close();
  }
}

type Looks = Readonly<Record<Name, Look>>;
interface Look {
  readonly anatomies: readonly Anatomy[];
  /** Milliseconds of one outcome by part of its actions. */
  readonly spans: Readonly<Record<string, number>>;
}

/** With workers that measure their parts, and payloads as they are without the codec. */
async function inspect(
  stage: Stage,
  profile: boolean,
  counts: typeof FULL | typeof QUICK,
): Promise<Pick<Measured, 'anatomies' | 'spans' | 'profiles'>> {
  const profileDir = mkdtempSync(join(tmpdir(), 'backstep-bench-'));
  try {
    const workers = await stage.restartWorkers({
      codec: false,
      spans: true,
      ...(profile ? { profileDir } : {}),
    });
    const contestants = await meetContestants(stage, false);
    await raceOneByOne(stage, contestants, counts.warmUp);
    await Promise.all([workers.backstep.spans(), workers.saga.spans()]);
    const looks = await look(stage, contestants, counts.looks, workers);
    const from = profileNow();
    if (profile) await raceInCrowds(stage, workers, contestants, { ...counts, rounds: 1 });
    await contestants.close();
    await Promise.all([workers.backstep.stop(), workers.saga.stop()]);
    return {
      anatomies: perName((name) => looks[name].anatomies),
      spans: perName((name) => looks[name].spans),
      ...(profile ? { profiles: profilesIn(profileDir, from) } : {}),
    };
  } finally {
    rmSync(profileDir, { recursive: true, force: true });
  }
}

function profilesIn(folder: string, from: number): Readonly<Record<string, readonly ProfileRow[]>> {
  const named = { 'backstep-worker': 'Backstep’s worker', 'saga-worker': 'hand-written worker' };
  return Object.fromEntries(
    Object.entries(named).flatMap(([program, name]) =>
      Object.entries(readProfiles(join(folder, program), from)).map(([thread, rows]) => [
        `${name}, ${thread}`,
        rows,
      ]),
    ),
  );
}

async function look(
  stage: Stage,
  contestants: Contestants,
  times: number,
  workers?: Awaited<ReturnType<Stage['restartWorkers']>>,
): Promise<Looks> {
  const anatomies = perName((): Anatomy[] => []);
  const spans = perName((): Record<string, number> => ({}));
  for (let i = 0; i < times; i++) {
    const people = await freshPeople(stage, NAMES.length);
    for (const [index, name] of NAMES.entries()) {
      const id = await contestants.run(name, people[index]!);
      anatomies[name].push(await anatomyOf(contestants.client, id));
      const worker = isSaga(name) ? workers?.saga : workers?.backstep;
      for (const [part, taken] of Object.entries((await worker?.spans()) ?? {})) {
        spans[name][part] = (spans[name][part] ?? 0) + sum(taken) / times;
      }
    }
  }
  return perName((name) => ({ anatomies: anatomies[name], spans: spans[name] }));
}

/** In a process of its own, so that nothing that was loaded for the races is in the way. */
async function compileFigures(): Promise<Figures> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, 'compile.js'), '--json']);
  return JSON.parse(stdout) as Figures;
}

/** Writes the record where git does not look; the path from the project's root. */
function keep(record: { readonly at: string }): string {
  const folder = join('bench', 'results');
  mkdirSync(join(packageFolder(), folder), { recursive: true });
  const file = join(folder, `${record.at.slice(0, 19).replaceAll(':', '-')}.json`);
  writeFileSync(join(packageFolder(), file), JSON.stringify(record, undefined, 2));
  return file;
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
