/**
 * Reads profiles of the processor that Node wrote and tells how the time splits over libraries. What runs in threads beside
 * JavaScript (Temporal's core, the kernel) is not in them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface CpuProfile {
  /** Microseconds of the clock that all processes of the machine share. */
  readonly startTime: number;
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  /** Microseconds between samples. */
  readonly timeDeltas: readonly number[];
}

export interface ProfileRow {
  readonly where: string;
  readonly ms: number;
}

/** Now, by the clock of profiles, in microseconds. */
export const profileNow = (): number => Number(process.hrtime.bigint() / 1_000n);

/** Self time by library of each thread whose profile lies in the folder, longest first, since `from`; idle time is left out. */
export function readProfiles(folder: string, from: number): Readonly<Record<string, readonly ProfileRow[]>> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
  return Object.fromEntries(
    files.map((name) => {
      // `CPU.<day>.<time>.<pid>.<thread>.<n>.cpuprofile`
      const thread = Number(name.split('.')[4]);
      return [thread === 0 ? 'main thread' : 'sandbox thread', readProfile(join(folder, name), from)];
    }),
  );
}

function readProfile(file: string, from: number): readonly ProfileRow[] {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const micros = new Map<string, number>();
  let at = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    const delta = profile.timeDeltas[index] ?? 0;
    at += delta;
    if (at < from) continue;
    const place = places.get(id) ?? '?';
    micros.set(place, (micros.get(place) ?? 0) + delta);
  }
  return [...micros]
    .filter(([where]) => where !== '(idle)')
    .map(([where, us]) => ({ where, ms: us / 1_000 }))
    .sort((a, b) => b.ms - a.ms);
}

function placeOf({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): string {
  if (url === '') return functionName;
  const library = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(url)?.[1];
  if (library !== undefined) return library;
  if (url.startsWith('node:')) return 'node';
  const ours = /\/js\/((?:src\/)?[^/]+)\//.exec(url)?.[1];
  if (ours !== undefined) return ours;
  return 'bundle of the workflows';
}
