/** Limits, degradation, trust and calendars as they bind real outcomes: what is held, what goes on all the same, and when. */
import { setTimeout as sleep } from 'node:timers/promises';
import { overrideFigures } from '../../../src/governance/figures';
import type { Lane } from '../../../src/plan/plan';
import type { Rules } from '../../../src/temporal/rules';
import {
  AUTOMATION,
  byAutomation,
  byPerson,
  newTenant,
  OPEN_RULES,
  openGovernedRobots,
  seasoned,
  type GovernedRobots,
} from '../../kit/governed';
import { put, toyPlan } from '../../kit/plans';
import { refusal } from '../../kit/shelf';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import { costlyPlan, TEXT } from '../../kit/writer';
import { until as lookUntil } from '../../kit/until';

let robots: GovernedRobots;
jest.setTimeout(30_000);
beforeAll(async () => {
  robots = await openGovernedRobots();
}, STAND_TIMEOUT_MS);
afterAll(() => robots.close(), 60_000);

const LANE: Lane = 'local';
const boxesOf = (tenant: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${tenant}-${i}`);
const planOf = (tenant: string, ...boxes: readonly string[]) =>
  toyPlan(
    boxes.map((box, i) => put(box, i === 0 ? [] : [boxes[i - 1]!], { lane: LANE })),
    { tenant },
  );
const rulesOf = (tenant: string, rest: Partial<Rules>): void =>
  void robots.rules.set(tenant, { ...OPEN_RULES, ...rest });
const AUTOPILOT = { dial: 'autopilot', actionsPerHour: 100_000 } as const;
const completed = { phase: 'completed' };

const until = <T>(look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> =>
  lookUntil(look, holds, { withinMs: 20_000, everyMs: 20 });
const queue = (tenant: string) => robots.authority.queue(tenant, 100);
const heldOf = async (tenant: string, outcome: string) => {
  const of = async () => (await queue(tenant)).find((one) => one.outcome === outcome);
  const found = await until(of, (one) => one?.state === 'queued');
  return found!;
};
const ends = (id: string) => robots.outcomes.result(id);
const write = (tenant: string, box: string, spends?: number) =>
  robots.run(
    costlyPlan(tenant, 'toy.write', { box, lane: LANE, ...(spends === undefined ? {} : { spends }) }),
    byPerson(),
  );
const usedOf = async (tenant: string, key: string): Promise<number> =>
  (await robots.authority.counters(tenant, Date.now())).find((row) => row.key === key)?.used ?? 0;

describe('an automation', () => {
  test.each([
    ['its limit of two at once', { automation: { ...AUTOPILOT, concurrent: 2 } }],
    ['a quarter of a population of eight', { automation: AUTOPILOT, population: 8 }],
  ])('acts on no more at once than %s, and all come to their turn', async (_, rules) => {
    const tenant = newTenant();
    rulesOf(tenant, rules);
    await robots.control(tenant, seasoned(Date.now()));
    const boxes = boxesOf(tenant, 8);
    let [active, most] = [0, 0];
    const run = async (): Promise<void> => {
      most = Math.max(most, ++active);
      await sleep(30);
      active -= 1;
    };
    for (const box of boxes) robots.shelf.fail('toy.put', box, { at: 'before', run });
    const ids = await Promise.all(boxes.map((box) => robots.run(planOf(tenant, box), byAutomation())));
    for (const id of ids) expect(await ends(id)).toEqual(completed);
    expect(most).toBe(2);
    expect(await queue(tenant)).toEqual([]);
  });

  test('stops at its share of failures, and goes on when a person has resumed it', async () => {
    const tenant = newTenant();
    await robots.control(tenant, seasoned(Date.now()));
    const boxes = boxesOf(tenant, 4);
    const failing = boxes.slice(0, 3);
    for (const box of failing) {
      robots.shelf.fail('toy.put', box, { refuse: refusal('broken') });
      expect(await ends(await robots.run(planOf(tenant, box), byAutomation()))).toEqual({
        phase: 'backstepped',
      });
    }
    const id = await robots.run(planOf(tenant, boxes[3]!), byAutomation());
    expect(await heldOf(tenant, id)).toMatchObject({
      causes: [`blast-radius:${AUTOMATION}`],
      releasesAt: null,
    });
    await robots.control(tenant, { do: 'resume', scope: 'automation', name: AUTOMATION });
    expect(await ends(id)).toEqual(completed);
  });

  test('is taken down from autopilot by a spike of failures, by itself', async () => {
    const tenant = newTenant();
    const figures = overrideFigures({
      automation: { blastRadius: { stopAtErrorShare: 1, errorsJudgedFrom: 100 } },
    });
    if (!figures.ok) throw new Error('refused');
    rulesOf(tenant, { figures: figures.value });
    const earned = seasoned(Date.now());
    const since = Date.now() - 100 * 86_400_000;
    await robots.control(tenant, { ...earned, ledger: { ...earned.ledger, successes: 150, since } });
    const boxes = boxesOf(tenant, 5);
    for (const box of boxes.slice(0, 4)) {
      robots.shelf.fail('toy.put', box, { refuse: refusal('broken') });
      expect(await ends(await robots.run(planOf(tenant, box), byAutomation()))).toEqual({
        phase: 'backstepped',
      });
    }
    const id = await robots.run(planOf(tenant, boxes[4]!), byAutomation());
    await heldOf(tenant, id);
    const last = async () => (await robots.outcomes.tell(id)).trace.at(-1);
    const told = await until(last, (event) => event?.kind === 'awf.held');
    expect(told).toMatchObject({ decision: { mode: 'manual' } });
    await robots.control(tenant, { do: 'take', outcome: id });
    expect(await ends(id)).toEqual(completed);
  });
});

describe('spend', () => {
  test('at its limit parks the queue; a person lets it go on by raising the limit, or discards it', async () => {
    const tenant = newTenant();
    rulesOf(tenant, { limits: { ...OPEN_RULES.limits, llm_spend_per_month: 25 } });
    const boxes = boxesOf(tenant, 4);
    for (const box of boxes.slice(0, 2)) expect(await ends(await write(tenant, box, 10))).toEqual(completed);
    const [third, fourth] = [await write(tenant, boxes[2]!, 10), await write(tenant, boxes[3]!, 10)];
    for (const id of [third, fourth])
      expect(await heldOf(tenant, id)).toMatchObject({
        causes: ['guardrail:llm_spend_per_month'],
        releasesAt: null,
      });
    // Neither the next month nor a resumed tenant spends more than was allowed.
    await robots.control(tenant, { do: 'resume', scope: 'tenant', name: tenant });
    await robots.control(tenant, {
      do: 'approve',
      outcome: fourth,
      node: boxes[3]!,
      as: 'user',
      decision: 'rejected',
    });
    expect(await ends(fourth)).toEqual({ phase: 'backstepped' });
    await heldOf(tenant, third);
    await robots.control(tenant, { do: 'limit', guardrail: 'llm_spend_per_month', limit: 35 });
    expect(await ends(third)).toEqual(completed);
    expect(await usedOf(tenant, 'llm_spend_per_month')).toBe(30);
  });

  test('at four fifths of its limit takes cheaper models', async () => {
    const tenant = newTenant();
    rulesOf(tenant, { limits: { ...OPEN_RULES.limits, llm_spend_per_month: 35 } });
    const spent: number[] = [];
    for (const box of boxesOf(tenant, 3)) {
      expect(await ends(await write(tenant, box))).toEqual(completed);
      spent.push(await usedOf(tenant, 'llm_spend_per_month'));
    }
    expect(spent).toEqual([TEXT.estimate, 2 * TEXT.estimate, 2 * TEXT.estimate + TEXT.cheap]);
  });

  test('of an attempt that failed is spent all the same, each by itself, and goes past a limit as any other', async () => {
    const tenant = newTenant();
    rulesOf(tenant, { limits: { ...OPEN_RULES.limits, llm_spend_per_month: 100 } });
    await robots.control(tenant, seasoned(Date.now()));
    const [again, broken, next] = boxesOf(tenant, 3) as [string, string, string];
    robots.shelf.fail('toy.put', again, { refuse: refusal('busy', 'transient') });
    robots.shelf.fail('toy.put', broken, { refuse: refusal('broken') });
    expect(await ends(await write(tenant, again, 30))).toEqual(completed);
    expect(await usedOf(tenant, 'llm_spend_per_month')).toBe(60);
    expect(await ends(await write(tenant, broken, 70))).toEqual({ phase: 'backstepped' });
    expect(await usedOf(tenant, 'llm_spend_per_month')).toBe(130);
    expect(await ends(await write(tenant, next))).toEqual({ phase: 'backstepped' });
    expect((await robots.authority.standing(tenant)).trust).toMatchObject({ base: 'proven' });
  });

  test('that really went past the limit is a breach: trust drops, new commitments are halted, what costs nothing goes on', async () => {
    const tenant = newTenant();
    rulesOf(tenant, { limits: { ...OPEN_RULES.limits, llm_spend_per_month: 50 } });
    const earned = seasoned(Date.now());
    await robots.control(tenant, earned);
    const boxes = boxesOf(tenant, 4);
    expect(await ends(await write(tenant, boxes[0]!, 60))).toEqual(completed);
    expect(await ends(await write(tenant, boxes[1]!))).toEqual({ phase: 'backstepped' });
    expect((await robots.authority.standing(tenant)).trust).toMatchObject({ base: 'proven', successes: 0 });
    expect(await ends(await robots.run(planOf(tenant, boxes[2]!), byPerson()))).toEqual(completed);
    // A breach is counted once.
    expect(await ends(await write(tenant, boxes[3]!))).toEqual({ phase: 'backstepped' });
    expect((await robots.authority.standing(tenant)).trust).toMatchObject({ base: 'proven' });
    expect((await robots.authority.controls(tenant)).filter(({ kind }) => /^breach/.test(kind))).toEqual([]);
    expect(robots.shelf.changes.filter((change) => boxes.includes(change.slice(1)))).toEqual([
      `+${boxes[0]}`,
      `+${boxes[2]}`,
    ]);
  });
});

test('while all limits are stressed only what is critical fires, and the rest goes on when one has room again', async () => {
  const tenant = newTenant();
  const limits: Rules['limits'] = {
    actions_per_day: 3,
    external_actions_per_day: 3,
    concurrent_executions: 1,
    llm_calls_per_hour: 3,
    llm_spend_per_month: 3 * TEXT.estimate,
    api_calls_per_month: 3,
    storage_per_month: 3,
  };
  rulesOf(tenant, { limits });
  await robots.control(tenant, seasoned(Date.now()));
  const [one, two, normal, critical] = boxesOf(tenant, 4) as [string, string, string, string];
  for (const box of [one, two])
    expect(await ends(await write(tenant, box, TEXT.estimate))).toEqual(completed);
  const writeAlone = (box: string) =>
    robots.run(costlyPlan(tenant, 'toy.write', { box, lane: LANE, spends: TEXT.estimate }), byAutomation());
  const waits = await writeAlone(normal);
  const held = await heldOf(tenant, waits);
  expect(held.causes).toEqual(['priority-mode']);
  expect(held.releasesAt! - (held.releasesAt! % 3_600_000)).toBe(held.releasesAt);
  rulesOf(tenant, { limits, automation: { ...AUTOPILOT, priority: 'critical' } });
  expect(await ends(await writeAlone(critical))).toEqual(completed);
  rulesOf(tenant, { limits });
  for (const guardrail of Object.keys(limits) as (keyof typeof limits)[])
    await robots.control(tenant, { do: 'limit', guardrail, limit: 1_000 });
  expect(await ends(waits)).toEqual(completed);
});

test('a subsystem has guardrails of its own: the second citation scan of a day waits for the next', async () => {
  const tenant = newTenant();
  rulesOf(tenant, { tier: 'starter', limits: {} });
  const [one = '', two = ''] = boxesOf(tenant, 2);
  const scan = (box: string) => robots.run(costlyPlan(tenant, 'toy.scan', { box, lane: LANE }), byPerson());
  expect(await ends(await scan(one))).toEqual(completed);
  const id = await scan(two);
  const held = await heldOf(tenant, id);
  expect(held.causes).toEqual(['guardrail:citemind_citation_scans_per_day']);
  expect(held.releasesAt! % 86_400_000).toBe(0);
  await robots.outcomes.cancel(id, { by: 'person:ada' });
  expect(await ends(id)).toEqual({ phase: 'backstepped' });
});

describe('a calendar', () => {
  const window = (fromMs: number, toMs: number) => ({ from: Date.now() + fromMs, to: Date.now() + toMs });

  test('that freezes holds what it covers, asks nobody meanwhile, and lets it go when the freeze is over', async () => {
    const tenant = newTenant();
    const freeze = window(-1_000, 1_500);
    const covers = { scope: 'runbook', name: 'toys.tidy' } as const;
    await robots.control(tenant, {
      ...{ do: 'calendar', id: 'year-end', ...covers },
      kind: 'freeze',
      windows: [freeze],
    });
    // Maintenance is open, and a freeze says no all the same.
    await robots.control(tenant, {
      ...{ do: 'calendar', id: 'nightly', scope: 'tenant', name: tenant },
      kind: 'maintenance',
      windows: [window(-1_000, 60_000)],
    });
    const [box = ''] = boxesOf(tenant, 1);
    const id = await robots.run(planOf(tenant, box), byPerson());
    expect(await heldOf(tenant, id)).toMatchObject({ causes: ['calendar:year-end'], releasesAt: freeze.to });
    expect(await ends(id)).toEqual(completed);
    expect(Date.now()).toBeGreaterThanOrEqual(freeze.to);
    const { trace } = await robots.outcomes.tell(id);
    expect(trace.map(({ kind }) => kind)).toEqual([
      ...['outcome', 'compile', 'awf.held', 'awf.released', 'awf.ok', 'outcome.complete'],
    ]);
  });

  test('of maintenance holds what comes outside of its window until it opens', async () => {
    const tenant = newTenant();
    const open = window(1_200, 60_000);
    await robots.control(tenant, {
      ...{ do: 'calendar', id: 'nightly', scope: 'tenant', name: tenant },
      kind: 'maintenance',
      windows: [open],
    });
    const [box = ''] = boxesOf(tenant, 1);
    const id = await robots.run(planOf(tenant, box), byPerson());
    expect(await heldOf(tenant, id)).toMatchObject({ causes: ['calendar:nightly'], releasesAt: open.from });
    expect(await ends(id)).toEqual(completed);
    expect(Date.now()).toBeGreaterThanOrEqual(open.from);
  });
});

test('a passive node only watches: those before it act, it is held, and made active it goes on', async () => {
  const tenant = newTenant();
  const [before = '', watched = ''] = boxesOf(tenant, 2);
  await robots.control(tenant, { do: 'passive', node: `toys.tidy/${watched}`, on: true });
  const id = await robots.run(planOf(tenant, before, watched), byPerson());
  expect(await heldOf(tenant, id)).toMatchObject({ node: watched, causes: ['passive'] });
  expect(robots.shelf.changesOf(before)).toEqual([`+${before}`]);
  expect(robots.shelf.calls.filter(({ box }) => box === watched)).toEqual([]);
  await robots.control(tenant, { do: 'passive', node: `toys.tidy/${watched}`, on: false });
  expect(await ends(id)).toEqual(completed);
});
