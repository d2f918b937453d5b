/**
 * Robots killed with SIGKILL at every boundary of an action, the database stopped, the Temporal server killed: every outcome
 * ends, and the shelf saw one effect, or one effect and one undo. In both lanes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Lane, Plan, PlanNode } from '../../../src/plan/plan';
import { connectOutcomes, type Outcomes } from '../../../src/temporal/client';
import { bundleWorkflows } from '../../../src/temporal/worker';
import { DurableShelf, KILL_POINTS, type KillPoint } from '../../kit/durable-shelf';
import { put, toyPlan } from '../../kit/plans';
import { codec } from '../../kit/robots';
import { openTestStand, STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';

let stand: TestStand;
let outcomes: Outcomes;
let shelf: DurableShelf;
let folder: string;
let crew: Crew;

beforeAll(async () => {
  stand = await openTestStand();
  const { address, namespace } = stand.stand.temporal;
  outcomes = await connectOutcomes({ address, namespace, codec });
  shelf = new DurableShelf(stand.database);
  await shelf.create();
  folder = mkdtempSync(path.join(tmpdir(), 'backstep-kill-'));
  const bundle = path.join(folder, 'bundle.js');
  writeFileSync(bundle, (await bundleWorkflows()).code);
  crew = new Crew({ address, namespace, databaseUrl: stand.stand.postgres.url, bundle });
  await crew.start(2);
}, STAND_TIMEOUT_MS);

afterAll(async () => {
  await crew.stop();
  await outcomes.close();
  rmSync(folder, { recursive: true, force: true });
  await stand.close();
}, 60_000);

/** Robot processes; one that dies is replaced at once. */
class Crew {
  private readonly children = new Set<ChildProcess>();
  private isOver = false;
  died = 0;

  constructor(private readonly settings: object) {}

  async start(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.startOne()));
  }

  private startOne(): Promise<void> {
    const register = path.join(__dirname, '../../../bench/embedded-register.cjs');
    const program = path.join(__dirname, '../../kit/robot-process.ts');
    const child = spawn(process.execPath, ['-r', register, program, JSON.stringify(this.settings)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.children.add(child);
    child.stdin.on('error', () => undefined);
    child.once('exit', () => {
      this.children.delete(child);
      if (this.isOver) return;
      this.died += 1;
      void this.startOne();
    });
    return new Promise((resolve) => child.stdout.once('data', () => resolve()));
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(
      [...this.children].map(
        (child) =>
          new Promise((resolve) => {
            child.once('exit', resolve);
            child.kill('SIGKILL');
          }),
      ),
    );
  }
}

const start = async (plan: Plan): Promise<string> =>
  (await outcomes.start({ plan, planId: 'x', cause: { event: 'e' }, startedBy: 'person:a' }, randomUUID()))
    .id;

/** Two boxes, then the end, or the way back. */
function planFor(boxes: readonly [string, string], lane: Lane, isBack: boolean): Plan {
  const nodes: PlanNode[] = [put(boxes[0], [], { lane }), put(boxes[1], [boxes[0]], { lane })];
  if (isBack) nodes.push({ kind: 'end', id: 'back', after: [boxes[1]], how: 'backstep' });
  return toyPlan(nodes);
}

describe.each(['local', 'remote'] as const)('in the %s lane', (lane) => {
  test('robots killed at every boundary of an action double and lose no effect', async () => {
    const before = crew.died;
    const runs = await Promise.all(
      KILL_POINTS.map(async (point: KillPoint) => {
        const mark = `${lane}-${point}-${randomUUID().slice(0, 8)}`;
        const boxes = [`${mark}-a`, `${mark}-b`] as const;
        await shelf.killAt(boxes[1], point);
        const isBack = point.startsWith('take');
        return { boxes, isBack, id: await start(planFor(boxes, lane, isBack)) };
      }),
    );
    for (const { boxes, isBack, id } of runs) {
      const [a, b] = boxes;
      expect(await outcomes.result(id)).toEqual({ phase: isBack ? 'backstepped' : 'completed' });
      expect(await shelf.changesOf(a, b)).toEqual(
        isBack ? [`+${a}`, `+${b}`, `-${b}`, `-${a}`] : [`+${a}`, `+${b}`],
      );
    }
    expect(crew.died - before).toBe(KILL_POINTS.length);
  }, 120_000);

  test('the database stops for a while in the middle of outcomes: they wait, and go on by themselves', async () => {
    const mark = `${lane}-db-${randomUUID().slice(0, 8)}`;
    const plans = Array.from({ length: 20 }, (_, i) => [`${mark}-${i}a`, `${mark}-${i}b`] as const);
    const ids = await Promise.all(plans.map((boxes, i) => start(planFor(boxes, lane, i % 2 === 1))));
    await stand.stand.postgres.stop();
    await new Promise((done) => setTimeout(done, 4_000));
    await stand.stand.postgres.start();
    for (const [i, id] of ids.entries()) {
      const isBack = i % 2 === 1;
      const [a, b] = plans[i]!;
      expect(await outcomes.result(id)).toEqual({ phase: isBack ? 'backstepped' : 'completed' });
      expect(await shelf.changesOf(a, b)).toEqual(
        isBack ? [`+${a}`, `+${b}`, `-${b}`, `-${a}`] : [`+${a}`, `+${b}`],
      );
    }
  }, 120_000);

  test('the Temporal server is killed and comes back: outcomes go on where they were', async () => {
    const mark = `${lane}-server-${randomUUID().slice(0, 8)}`;
    const plans = Array.from({ length: 10 }, (_, i) => [`${mark}-${i}a`, `${mark}-${i}b`] as const);
    const ids = await Promise.all(plans.map((boxes) => start(planFor(boxes, lane, false))));
    await stand.stand.temporal.kill('SIGKILL');
    await stand.stand.temporal.restart();
    for (const [i, id] of ids.entries()) {
      const [a, b] = plans[i]!;
      expect(await outcomes.result(id)).toEqual({ phase: 'completed' });
      expect(await shelf.changesOf(a, b)).toEqual([`+${a}`, `+${b}`]);
    }
  }, 120_000);
});
