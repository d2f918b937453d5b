/**
 * Records the golden histories anew, on real servers: `npm run golden:histories`. When that may be done stands in
 * `docs/crash-safety.md`: a golden that fails tells of outcomes that would stall.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lane, PlanNode } from '../src/plan/plan';
import type { Outcomes } from '../src/temporal/client';
import { clearActs, clearGoldens, writeGolden } from '../test/kit/golden-histories';
import { put, toyPlan } from '../test/kit/plans';
import { openRobots, type Robots } from '../test/kit/robots';
import { refusal } from '../test/kit/shelf';
import { BACKWARD, FORWARD, openVendorStand } from '../test/kit/vendor-stand';
import { recordActs } from './golden-acts';

const LANES = ['local', 'remote'] as const;

async function keep(outcomes: Outcomes, name: string, id: string): Promise<void> {
  await outcomes.result(id);
  await writeGolden(name, await outcomes.histories(id));
  process.stdout.write(`${name}\n`);
}

/** EMP-R-001 over the vendors in the sandbox: through, and back. */
async function onboardings(): Promise<void> {
  const stand = await openVendorStand({ name: 'golden', people: 0, robots: 1 });
  try {
    const cast = { local: ['sarah.chen', 'noah.kim'], remote: ['ines.moreau', 'ravi.shah'] } as const;
    for (const lane of LANES) {
      const done = await stand.begin(FORWARD, cast[lane][0], lane);
      await keep(stand.outcomes, `onboarding-${lane}`, done.id);
      const back = await stand.begin(BACKWARD, cast[lane][1], lane);
      await keep(stand.outcomes, `onboarding-refused-${lane}`, back.id);
    }
  } finally {
    await stand.close();
  }
}

const gate = (id: string, after: readonly string[]): PlanNode => ({
  kind: 'gate',
  id,
  after,
  approval: 'approve',
  by: ['manager'],
  expiresAfterMs: 3_600_000,
  onRejected: { do: 'backstep' },
  onExpired: { do: 'backstep' },
});

const by = 'person:mary.major';

/** What people and passing trouble make of a small plan. */
async function toys(): Promise<void> {
  const robots = await openRobots({ stand: 'golden' });
  try {
    const stories = [gateApproved, retryExit, incidentResolved, continued, cancelled, backAfterEnd];
    for (const lane of LANES) {
      for (const story of stories) {
        robots.shelf.boxes.clear();
        await story(robots, lane);
      }
    }
  } finally {
    await robots.close();
  }
}

async function gateApproved(robots: Robots, lane: Lane): Promise<void> {
  const id = await robots.run(
    toyPlan([put('a', [], { lane }), gate('ok', ['a']), put('b', ['ok'], { lane })]),
  );
  await until(robots, id, 'gate=ok open');
  await robots.outcomes.decide(id, { gate: 'ok', verdict: 'approve', by });
  await keep(robots.outcomes, `gate-approved-${lane}`, id);
}

async function retryExit(robots: Robots, lane: Lane): Promise<void> {
  robots.shelf.fail('toy.put', 'b', { refuse: refusal('full') });
  const exit = { codes: ['full'], course: { do: 'retry', afterMs: 500, max: 2, then: { do: 'backstep' } } };
  const id = await robots.run(toyPlan([put('a', [], { lane }), put('b', ['a'], { lane, exits: [exit] })]));
  await keep(robots.outcomes, `retry-exit-${lane}`, id);
}

async function incidentResolved(robots: Robots, lane: Lane): Promise<void> {
  robots.shelf.fail('toy.put', 'b', { refuse: refusal('full') });
  robots.shelf.fail('toy.take', 'a', { refuse: refusal('ACTION_DIVERGED') });
  const id = await robots.run(toyPlan([put('a', [], { lane }), put('b', ['a'], { lane })]));
  await until(robots, id, 'incident=a open');
  await robots.outcomes.resolve(id, 'a', { as: 'retry' }, by);
  await keep(robots.outcomes, `incident-resolved-${lane}`, id);
}

async function continued(robots: Robots, lane: Lane): Promise<void> {
  const names = Array.from({ length: 8 }, (_, i) => `n${i}`);
  const nodes = names.map((name, i) => put(name, i === 0 ? [] : [names[i - 1]!], { lane }));
  const id = await robots.run(toyPlan([...nodes, gate('ok', [names[7]!])]), { turnsPerRun: 5 });
  await until(robots, id, 'gate=ok open');
  await robots.outcomes.decide(id, { gate: 'ok', verdict: 'reject', by });
  await keep(robots.outcomes, `continued-${lane}`, id);
}

async function cancelled(robots: Robots, lane: Lane): Promise<void> {
  const id = await robots.run(
    toyPlan([put('a', [], { lane }), gate('ok', ['a']), put('b', ['ok'], { lane })]),
  );
  await until(robots, id, 'gate=ok open');
  await robots.outcomes.cancel(id, { by, reason: 'not needed' });
  await keep(robots.outcomes, `cancelled-${lane}`, id);
}

/** The workflow of its own that takes back what had completed. */
async function backAfterEnd(robots: Robots, lane: Lane): Promise<void> {
  const id = await robots.run(toyPlan([put('a', [], { lane }), put('b', ['a'], { lane })]));
  await robots.outcomes.result(id);
  const back = await robots.outcomes.backstep(id, { by, reason: 'wrong person' }, Date.now());
  if (back.by !== 'workflow') throw new Error('an outcome that is over is taken back by a workflow');
  await keep(robots.outcomes, `backstep-after-end-${lane}`, back.id);
}

async function until(robots: Robots, id: string, line: string): Promise<void> {
  while (!(await robots.traceOf(id)).some((told) => told.includes(line))) await sleep(50);
}

/** `golden:histories -- acts` records the acts alone: no outcome's way has changed then. */
async function all(only: string | undefined): Promise<void> {
  if (only !== 'acts') {
    clearGoldens();
    await onboardings();
    await toys();
  }
  clearActs();
  await recordActs();
}

all(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
