/**
 * A shelf in Postgres: it outlives the processes of robots, keeps every change, and can have its caller killed at a given
 * point, once. Declarative like the one in memory.
 */
import type { AwfEffect, EffectContext } from '../../src/dsl/effect';
import type { Json } from '../../src/kernel/json';
import type { Barrier } from '../../src/store/barrier';
import type { Owner } from './owner';
import { putBox, takeBox } from './plans';

/** Boundaries of an action's life at which its process can be killed. */
export type KillPoint =
  `put:${'asked' | 'before' | 'after' | 'committed'}` | `take:${'before' | 'after' | 'committed'}`;

export class DurableShelf {
  constructor(private readonly database: Owner) {}

  async create(): Promise<void> {
    await this.database.query({ text: 'CREATE TABLE IF NOT EXISTS toy_shelf (box text PRIMARY KEY)' });
    await this.database.query({
      text: 'CREATE TABLE IF NOT EXISTS toy_changes (n bigserial PRIMARY KEY, box text NOT NULL, change text NOT NULL)',
    });
    await this.database.query({
      text: 'CREATE TABLE IF NOT EXISTS toy_kills (box text NOT NULL, point text NOT NULL, PRIMARY KEY (box, point))',
    });
    await this.database.query({
      text: `ALTER TABLE toy_kills ADD COLUMN IF NOT EXISTS signal text NOT NULL DEFAULT 'SIGKILL'`,
    });
  }

  /** Whoever passes that point for that box next is killed there, or stopped until it is told to go on. */
  async killAt(box: string, point: KillPoint, signal: 'SIGKILL' | 'SIGSTOP' = 'SIGKILL'): Promise<void> {
    await this.database.query({
      text: 'INSERT INTO toy_kills VALUES ($1, $2, $3)',
      values: [box, point, signal],
    });
  }

  /** Whether somebody has passed the point at which it was to be killed or stopped. */
  async hasStruck(box: string): Promise<boolean> {
    const left = await this.database.query({ text: 'SELECT 1 FROM toy_kills WHERE box = $1', values: [box] });
    return left.length === 0;
  }

  /** What was done to the boxes, in order. */
  async changesOf(...boxes: string[]): Promise<readonly string[]> {
    const rows = await this.database.query<{ change: string; box: string }>({
      text: 'SELECT change, box FROM toy_changes WHERE box = ANY($1) ORDER BY n',
      values: [boxes],
    });
    return rows.map(({ change, box }) => `${change}${box}`);
  }

  readonly effects = (awf: string): Promise<AwfEffect<unknown, unknown> | undefined> =>
    Promise.resolve(this.all.get(awf));

  /** The barrier, with its first admission and its commits as points at which to die. */
  deadlyBarrier(barrier: Barrier): Barrier {
    const boxOf = (node: string): string => node;
    return {
      ...barrier,
      admitExecute: async (request) => {
        await this.pass(boxOf(request.key.node), 'put:asked');
        return barrier.admitExecute(request);
      },
      commit: async (key, result) => {
        const done = await barrier.commit(key, result);
        await this.pass(boxOf(key.node), 'put:committed');
        return done;
      },
      commitCompensate: async (key, changed) => {
        const done = await barrier.commitCompensate(key, changed);
        await this.pass(boxOf(key.node), 'take:committed');
        return done;
      },
    };
  }

  private async pass(box: string, point: KillPoint): Promise<void> {
    const [struck] = await this.database.query<{ signal: 'SIGKILL' | 'SIGSTOP' }>({
      text: 'DELETE FROM toy_kills WHERE box = $1 AND point = $2 RETURNING signal',
      values: [box, point],
    });
    if (struck === undefined) return;
    process.kill(process.pid, struck.signal);
    if (struck.signal === 'SIGKILL') await new Promise(() => undefined);
  }

  private async change(change: '+' | '-', box: string): Promise<void> {
    const text =
      change === '+'
        ? `WITH done AS (INSERT INTO toy_shelf VALUES ($1) ON CONFLICT DO NOTHING RETURNING box)
           INSERT INTO toy_changes (box, change) SELECT box, '+' FROM done`
        : `WITH done AS (DELETE FROM toy_shelf WHERE box = $1 RETURNING box)
           INSERT INTO toy_changes (box, change) SELECT box, '-' FROM done`;
    await this.database.query({ text, values: [box] });
  }

  private readonly all: ReadonlyMap<string, AwfEffect<unknown, unknown>> = new Map(
    [
      {
        contract: putBox,
        capture: async ({ box }: { box: string }): Promise<Json> => {
          const found = await this.database.query({
            text: 'SELECT 1 FROM toy_shelf WHERE box = $1',
            values: [box],
          });
          return found.length > 0;
        },
        execute: async ({ box }: { box: string }, _context: EffectContext) => {
          await this.pass(box, 'put:before');
          await this.change('+', box);
          await this.pass(box, 'put:after');
          return { box, colour: 'red' };
        },
      },
      {
        contract: takeBox,
        execute: async ({ box }: { box: string }, _context: EffectContext) => {
          await this.pass(box, 'take:before');
          await this.change('-', box);
          await this.pass(box, 'take:after');
          return {};
        },
      },
    ].map((effect) => [effect.contract.name, effect as unknown as AwfEffect<unknown, unknown>]),
  );
}
