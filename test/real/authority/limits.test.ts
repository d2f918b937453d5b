/** Limits under load and death: 200 at once against 50 a day, robots killed in between; what waits goes on in order. */
import { randomUUID } from 'node:crypto';
import type { Lane } from '../../../src/plan/plan';
import { createAuthority, type Authority } from '../../../src/store/authority';
import type { Outcomes } from '../../../src/temporal/client';
import { Crew } from '../../kit/crew';
import type { DurableShelf } from '../../kit/durable-shelf';
import { byPerson, control, newTenant } from '../../kit/governed';
import { put, toyPlan } from '../../kit/plans';
import { openShelfStand, type ShelfStand } from '../../kit/shelf-stand';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import { until as lookUntil } from '../../kit/until';

let stand: ShelfStand;
let outcomes: Outcomes;
let shelf: DurableShelf;
let authority: Authority;
let crew: Crew;

beforeAll(async () => {
  stand = await openShelfStand();
  ({ outcomes, shelf } = stand);
  authority = createAuthority(stand.stand.database);
  crew = new Crew('governed-robot-process.ts', stand.settings);
  await crew.start(2);
}, STAND_TIMEOUT_MS);

afterAll(async () => {
  await crew.stop();
  await stand.close();
}, 60_000);

const COUNT = 200;
const LIMIT = 50;
const limit = (tenant: string, most: number) =>
  control(outcomes, tenant, { do: 'limit', guardrail: 'actions_per_day', limit: most });

const until = <T>(look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> =>
  lookUntil(look, holds, { withinMs: 120_000, everyMs: 50 });

test('200 at once against 50 a day in both lanes, with robots killed: 50 fire, 150 wait, and all go on in order as the limit is raised', async () => {
  const tenant = newTenant();
  await limit(tenant, LIMIT);
  const boxes = Array.from({ length: COUNT }, (_, i) => `${tenant}-${i}`);
  const begun = Promise.all(
    boxes.map(async (box, i) => {
      const lane: Lane = i % 2 === 0 ? 'local' : 'remote';
      const plan = toyPlan([put(box, [], { lane })], { tenant });
      const start = {
        plan,
        planId: 'x',
        cause: { person: 'person:mary' },
        startedBy: 'person:mary',
        ...byPerson(),
      };
      return (await outcomes.start(start, randomUUID())).id;
    }),
  );
  const done = async (): Promise<readonly string[]> =>
    (await shelf.changesOf(...boxes)).map((change) => change.slice(1));
  await until(done, (seen) => seen.length > 5);
  crew.killAll();
  const ids = await begun;
  const queued = () => authority.queue(tenant, 500);
  const queue = await until(
    queued,
    (seen) => seen.filter(({ state }) => state === 'queued').length === COUNT - LIMIT,
  );
  expect(await until(done, (seen) => seen.length >= LIMIT)).toHaveLength(LIMIT);
  const inOrder = queue.map(({ node }) => node);

  // A part more: exactly the first of the queue, whoever is killed meanwhile.
  await limit(tenant, LIMIT + 40);
  crew.killAll();
  const first = await until(done, (seen) => seen.length >= LIMIT + 40);
  expect([...first.slice(LIMIT)].sort()).toEqual([...inOrder.slice(0, 40)].sort());

  await limit(tenant, COUNT);
  for (const id of ids) expect(await outcomes.result(id)).toEqual({ phase: 'completed' });
  expect([...(await done())].sort()).toEqual([...boxes].sort());
  const rows = await authority.counters(tenant, Date.now());
  const used = Object.fromEntries(rows.map((row) => [row.key, row.used]));
  expect(used).toMatchObject({ actions_per_day: COUNT, concurrent_executions: 0 });
  expect(await queued()).toEqual([]);
  expect(crew.died).toBeGreaterThan(0);
}, 300_000);
