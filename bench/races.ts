/**
 * The races themselves: one outcome at a time, and many at once. The sides take turns, so that whatever else the machine does
 * hits them alike; only ratios within one run mean anything.
 */
import { NAMES, type Contestants, type Name } from './contestants';
import { freshPeople } from './people';
import { processorMs } from './processor-time';
import type { Stage, Workers } from './stage';

type PerName<T> = Readonly<Record<Name, T>>;

/** Runs of all sides between two returns of the sandbox to its seed. */
const SWEEPS_PER_SEED = 10;

/** Latencies in milliseconds, one at a time, in turns. Who begins changes from sweep to sweep. */
export async function raceOneByOne(
  stage: Stage,
  contestants: Contestants,
  sweeps: number,
): Promise<PerName<readonly number[]>> {
  const taken = perName((): number[] => []);
  let people = [...(await freshPeople(stage, 0))];
  for (let sweep = 0; sweep < sweeps; sweep++) {
    if (sweep % SWEEPS_PER_SEED === 0) {
      people = [...(await freshPeople(stage, SWEEPS_PER_SEED * NAMES.length))];
    }
    for (let i = 0; i < NAMES.length; i++) {
      const name = NAMES[(sweep + i) % NAMES.length]!;
      const candidate = people.pop()!;
      const begun = performance.now();
      await contestants.run(name, candidate);
      taken[name].push(performance.now() - begun);
    }
  }
  return taken;
}

export interface Burst {
  readonly outcomes: number;
  readonly ms: number;
  /** Processor milliseconds by process; absent where the system does not tell. */
  readonly processor?: Readonly<Record<string, number>>;
}

export interface CrowdOptions {
  /** Outcomes in flight at any moment. */
  readonly atOnce: number;
  /** Outcomes of each side in one round. */
  readonly perRound: number;
  readonly rounds: number;
}

/** Bursts of many at once, in turns. */
export async function raceInCrowds(
  stage: Stage,
  workers: Workers,
  contestants: Contestants,
  options: CrowdOptions,
): Promise<PerName<readonly Burst[]>> {
  const bursts = perName((): Burst[] => []);
  const pids = {
    temporal: stage.pids.temporal,
    postgres: stage.pids.postgres,
    sandbox: stage.pids.sandbox,
    'worker backstep': workers.backstep.pid,
    'worker hand-written': workers.saga.pid,
  };
  for (let round = 0; round < options.rounds; round++) {
    for (let i = 0; i < NAMES.length; i++) {
      const name = NAMES[(round + i) % NAMES.length]!;
      const people = await freshPeople(stage, options.perRound);
      const before = { ...processorMs(pids), client: ownMs() };
      const begun = performance.now();
      await crowd(options.atOnce, people, (candidate) => contestants.run(name, candidate));
      const ms = performance.now() - begun;
      const after: Readonly<Record<string, number>> = { ...processorMs(pids), client: ownMs() };
      const processor = Object.fromEntries(
        Object.entries(before).map(([process, at]) => [process, (after[process] ?? at) - at]),
      );
      bursts[name].push({ outcomes: people.length, ms, processor });
    }
  }
  return bursts;
}

/** Works through all items, so many at once. */
export async function crowd<T>(
  atOnce: number,
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

export const perName = <T>(make: (name: Name) => T): PerName<T> =>
  Object.fromEntries(NAMES.map((name) => [name, make(name)])) as PerName<T>;

function ownMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
