/**
 * Whether a worker's memory grows with the outcomes it has run. Sampled after a collection, while nothing is in flight; what
 * comes before the cache of outcomes is full does not count.
 */
import type { Contestants } from './contestants';
import { freshPeople } from './people';
import { crowd } from './races';
import type { Stage, Workers } from './stage';
import { slope } from './statistics';
import { WORKER_LIMITS } from '../src/temporal/worker';

export const MEMORY = {
  outcomes: 5_000,
  every: 500,
  atOnce: 50,
  /** Outcomes before the first sample that counts: the cache is full, and what is loaded lazily has been. */
  warmUp: 2 * WORKER_LIMITS.cachedWorkflows,
  /** Growth of resident memory for each thousand outcomes that still counts as flat, in MB: about 1 kB an outcome. */
  flatMb: 1,
} as const;

export interface MemoryRun {
  readonly samples: readonly {
    readonly outcomes: number;
    readonly rssMb: number;
    readonly heapMb: number;
  }[];
  /** MB of resident memory for each thousand outcomes, after the warm-up. */
  readonly rssSlope: number;
  readonly heapSlope: number;
  readonly seconds: number;
}

const MB = 1024 * 1024;

export async function watchMemory(
  stage: Stage,
  workers: Workers,
  contestants: Contestants,
  options: { readonly outcomes: number; readonly onProgress: (line: string) => void },
): Promise<MemoryRun> {
  const samples: MemoryRun['samples'][number][] = [];
  const begun = performance.now();
  for (let outcomes = MEMORY.every; outcomes <= options.outcomes; outcomes += MEMORY.every) {
    const people = await freshPeople(stage, MEMORY.every);
    await crowd(MEMORY.atOnce, people, (candidate) => contestants.run('as shipped', candidate));
    const { rss, heapUsed } = await workers.backstep.memory();
    samples.push({ outcomes, rssMb: rss / MB, heapMb: heapUsed / MB });
    options.onProgress(`${outcomes} outcomes: ${(rss / MB).toFixed(0)} MB resident`);
  }
  const counting = samples.filter(({ outcomes }) => outcomes >= MEMORY.warmUp);
  const perThousand = (of: (sample: (typeof samples)[number]) => number): number =>
    slope(counting.map((sample) => ({ x: sample.outcomes / 1_000, y: of(sample) })));
  return {
    samples,
    rssSlope: perThousand(({ rssMb }) => rssMb),
    heapSlope: perThousand(({ heapMb }) => heapMb),
    seconds: (performance.now() - begun) / 1_000,
  };
}
