/**
 * One case of a law: an AWF in a world of its own, what is done to it there, and what must be found afterwards. Knows no
 * system: what a world looks like and what was written to it comes from the stand, by a second path.
 */
import { strict as assert } from 'node:assert';
import type { AwfContract } from '../../../src/dsl/awf';
import type { FireResult } from '../../../src/engine/effects';
import type { Json } from '../../../src/kernel/json';
import type { Barrier } from '../../../src/store/barrier';
import { Driver, eyes, type Eyes } from './driver';
import type { Fault, LawFixture, LawStand, LawWorld, Side, Situation, Write } from './world';

/** One AWF at one stand. */
export interface Subject {
  readonly contract: AwfContract;
  /** The contract of its compensation. */
  readonly undoneBy: AwfContract;
  readonly fixture: LawFixture<never>;
  readonly stand: LawStand;
  readonly barrier: Barrier;
  /** Which effects are blind in this run. */
  readonly eyes?: Eyes;
}

export interface Law {
  /** Number in DESIGN 4, or a letter for the battery beside. */
  readonly id: string;
  readonly title: string;
  /** What the law needs beside a server with state; it is not tried where that can't be had. */
  readonly needs?: { readonly fault?: Fault; readonly accounts?: true; readonly already?: true };
  readonly run: (subject: Subject) => Promise<void>;
}

export interface Case extends Situation {
  readonly world: LawWorld;
  readonly drive: Driver;
  readonly of: { readonly awf: string; readonly undoneBy: string; readonly input: Json };
  readonly before: Json;
}

/** Runs `act` in a world of its own. */
export async function inFreshWorld(subject: Subject, act: (at: Case) => Promise<void>): Promise<void> {
  const world = await subject.stand.world();
  try {
    const situation = await subject.fixture.prepare(world as never);
    const drive = new Driver(subject.barrier, world, subject.eyes ?? eyes());
    const of = {
      awf: subject.contract.name,
      undoneBy: subject.undoneBy.name,
      input: situation.input,
    };
    await act({ ...situation, world, drive, of, before: await world.state() });
  } finally {
    await world.close();
  }
}

export type Committed = Extract<FireResult, { kind: 'committed' }>;

function committed(result: FireResult): Committed {
  assert.equal(result.kind, 'committed', `expected a commit, got ${JSON.stringify(result)}`);
  return result;
}

/** Executes forward, and insists on a commit. */
export const fire = async (at: Case, key = at.drive.newKey()): Promise<Committed> =>
  committed(await at.drive.execute(key, at.of.awf, at.input));

export const undone = (result: { readonly kind: string }, what = 'the undo'): void =>
  assert.equal(result.kind, 'undone', `${what} failed: ${JSON.stringify(result)}`);

export const sameWorld = async (at: Case, expected: Json, what: string): Promise<void> =>
  assert.deepEqual(await at.world.state(), expected, what);

export async function sameWrites(
  at: Case,
  side: Side,
  expected: readonly Write[] | undefined,
): Promise<void> {
  if (expected === undefined) return;
  const found = await at.world.writes(side);
  assert.deepEqual([...(found ?? [])].sort(), [...expected].sort(), `writes of ${side}`);
}

/** What a run without any trouble writes, measured once for each AWF and stand. */
export type Usual = Readonly<Record<Side, readonly Write[] | undefined>>;

const baselines = new Map<string, Promise<Usual>>();

/** The usual writes. Also where a fixture in which nothing would change, and so no law could break, is found out. */
export function baselineOf(subject: Subject): Promise<Usual> {
  const key = `${subject.contract.name} ${subject.stand.evidence}`;
  let found = baselines.get(key);
  if (!found) {
    found = measure({ ...subject, eyes: eyes() });
    baselines.set(key, found);
  }
  return found;
}

async function measure(subject: Subject): Promise<Usual> {
  let usual: Usual | undefined;
  await inFreshWorld(subject, async (at) => {
    const key = at.drive.newKey();
    const { undo } = await fire(at, key);
    assert.notDeepEqual(await at.world.state(), at.before, 'the action changes nothing');
    assert.notEqual(undo, null, 'the action leaves nothing to undo');
    const execute = await at.world.writes('execute');
    undone(await at.drive.undo(key, at.of, undo));
    usual = { execute, compensate: await at.world.writes('compensate') };
  });
  for (const side of ['execute', 'compensate'] as const) {
    assert.notEqual(usual?.[side]?.length, 0, `the second path saw no write of ${side}`);
  }
  return usual!;
}

/** Runs `act` once for each write of a side; `arm` makes that write suffer the fault. */
export async function atEachWrite(
  subject: Subject,
  fault: Fault,
  side: Side,
  act: (at: Case, expected: Usual, arm: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const usual = await baselineOf(subject);
  // Where nobody counts writes the first one has to stand for all.
  const count = usual[side]?.length ?? 1;
  for (let n = 0; n < count; n++) {
    await inFreshWorld(subject, (at) =>
      act(at, usual, () => at.world.arm(fault, side, { n, usual: usual[side] })),
    );
  }
}
