/**
 * Places in an action's life at which its process dies, armed by a file each: a file outlives the process, and no database has
 * to be up to read it. Only the robots of tests are wrapped so; the product has no such switch.
 */
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AwfEffect, EffectContext } from '../../src/dsl/effect';
import type { Barrier } from '../../src/store/barrier';

export const BOUNDARIES = [
  /** The row is there, nothing was sent. */
  'admitted',
  /** The system has done it and begins to answer; the answer is not read to its end. Killed from outside. */
  'answering',
  /** The answer is read, the barrier does not know it. */
  'uncommitted',
  /** The barrier knows it, Temporal does not. */
  'committed',
] as const;
export type Boundary = (typeof BOUNDARIES)[number];
export type Operation = EffectContext['operation'];

export interface KillPoint {
  /** `<outcome id>/<node>`. */
  readonly key: string;
  readonly operation: Operation;
  readonly boundary: Boundary;
}

const PASSED = '.passed.';

export class KillPoints {
  constructor(private readonly dir: string) {}

  /** Whoever passes that point next is killed there, once. */
  arm(point: KillPoint): void {
    writeFileSync(this.fileOf(point), '');
  }

  disarm(point: KillPoint): void {
    rmSync(this.fileOf(point), { force: true });
  }

  /** Processes that came past the point, by their ids. */
  passedBy(point: KillPoint): readonly number[] {
    const start = path.basename(this.fileOf(point)) + PASSED;
    return readdirSync(this.dir).flatMap((name) =>
      name.startsWith(start) ? [Number(name.slice(start.length))] : [],
    );
  }

  /** An effect whose process dies before it, or tells the test that it is about to be answered. */
  deadlyEffect(effect: AwfEffect<unknown, unknown>): AwfEffect<unknown, unknown> {
    return {
      ...effect,
      execute: (input, context) => {
        const { key, operation } = context;
        this.die({ key, operation, boundary: 'admitted' });
        this.tell({ key, operation, boundary: 'answering' });
        return effect.execute(input, context);
      },
    };
  }

  /** The barrier, with death on both sides of its commits. */
  deadlyBarrier(barrier: Barrier): Barrier {
    const around = async <T>(key: string, operation: Operation, commit: () => Promise<T>): Promise<T> => {
      this.die({ key, operation, boundary: 'uncommitted' });
      const done = await commit();
      this.die({ key, operation, boundary: 'committed' });
      return done;
    };
    return {
      ...barrier,
      commit: (key, result) =>
        around(`${key.outcome}/${key.node}`, 'execute', () => barrier.commit(key, result)),
      commitCompensate: (key, changed) =>
        around(`${key.outcome}/${key.node}`, 'compensate', () => barrier.commitCompensate(key, changed)),
    };
  }

  private die(point: KillPoint): void {
    const file = this.fileOf(point);
    try {
      // Only one process gets it.
      renameSync(file, `${file}${PASSED}${process.pid}`);
    } catch {
      return;
    }
    process.kill(process.pid, 'SIGKILL');
    // The signal is on its way; nothing more may be done until it is there.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }

  private tell(point: KillPoint): void {
    const file = this.fileOf(point);
    if (existsSync(file)) writeFileSync(`${file}${PASSED}${process.pid}`, '');
  }

  private fileOf({ key, operation, boundary }: KillPoint): string {
    return path.join(this.dir, `${key.replaceAll('/', '~')}.${operation}.${boundary}`);
  }
}
