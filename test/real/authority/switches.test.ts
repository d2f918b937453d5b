/**
 * The kill switch with a hundred outcomes in flight, and a breaker that opens and closes: held against the sandbox's own log,
 * which nothing of ours writes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { contracts } from '../../../activities';
import type { ControlAct } from '../../../workflows/control-protocol';
import { createAuthority, type Authority } from '../../../src/store/authority';
import { performControl, type ControlDone } from '../../../src/temporal/controls';
import { OPEN_RULES, seasoned } from '../../kit/open-rules';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import {
  FORWARD,
  openVendorStand,
  traceOf,
  VENDOR_AUTOMATION,
  type VendorStand,
} from '../../kit/vendor-stand';
import { until as lookUntil } from '../../kit/until';

let stand: VendorStand;
let authority: Authority;
/** People of the two tests do not overlap. */
const SIZES = { kill: 100, breaker: 14 } as const;
const TEST_MS = 300_000;

beforeAll(async () => {
  stand = await openVendorStand({
    people: SIZES.kill + SIZES.breaker + 1,
    robots: 1,
    isGoverned: true,
    name: `authority-${process.env['JEST_WORKER_ID'] ?? '0'}`,
  });
  authority = createAuthority(stand.servers.database);
  const mature = seasoned(Date.now(), {
    awfs: contracts.map(({ name }) => name),
    runbook: 'onboard.contractor',
  });
  await control(mature);
}, STAND_TIMEOUT_MS);
afterAll(() => stand.close(), 60_000);
beforeEach(async () => {
  await stand.admin.clearFaults();
  await control({ do: 'resume', scope: 'automation', name: VENDOR_AUTOMATION });
  await control({ do: 'dial', automation: VENDOR_AUTOMATION, mode: 'autopilot' });
});

const control = (act: ControlAct): Promise<ControlDone> =>
  performControl(stand.outcomes.client, { tenant: FORWARD, act, by: 'person:ada', reason: 'test' });

const person = (n: number): string => `load.${String(n).padStart(4, '0')}`;

const until = <T>(look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> =>
  lookUntil(look, holds, { withinMs: 120_000, everyMs: 50 });

/** The number of the last request that the sandbox saw for the tenant. */
async function lastRequest(): Promise<number> {
  let after = 0;
  for (;;) {
    const { requests, next } = await stand.admin.requests({ tenant: FORWARD, after, limit: 1_000 });
    after = requests.at(-1)?.seq ?? after;
    if (next === null) return after;
  }
}

/** When the last action of the automation ended, in milliseconds since the epoch. */
async function lastSettled(): Promise<number> {
  const text = `SELECT max(changed_at)::float8 AS at FROM authority_reservations
WHERE tenant = $1 AND automation = $2 AND state IN ('settled', 'resting')`;
  const values = [FORWARD, VENDOR_AUTOMATION];
  const [row] = await stand.servers.database.of(FORWARD).query<{ at: number }>({ text, values });
  return row?.at ?? 0;
}

/** What an update of an outcome takes there and back, in milliseconds, now: the median of four. */
async function updateRoundTrip(id: string): Promise<number> {
  const took: number[] = [];
  for (const act of ['pause', 'resume', 'pause', 'resume'] as const) {
    const begun = Date.now();
    await stand.outcomes[act](id, { by: 'person:ada' });
    took.push(Date.now() - begun);
  }
  return took.sort((a, b) => a - b)[1] ?? 0;
}

test(
  'from the moment the kill switch answers no request of the automation reaches a system; what it held is resumed, or goes back',
  async () => {
    await stand.admin.addFault({
      match: { tenant: FORWARD },
      effect: { kind: 'latency', ms: 20, jitterMs: 60 },
    });
    // All of them stand before their first action, and are let go together: so all are in flight when the switch is thrown.
    await control({ do: 'pause', scope: 'automation', name: VENDOR_AUTOMATION });
    const begun = await Promise.all(
      Array.from({ length: SIZES.kill }, (_, i) =>
        stand.begin(FORWARD, person(i + 1), i % 2 === 0 ? 'local' : 'remote'),
      ),
    );
    /** Outcomes that are neither over nor held. */
    const restless = async (): Promise<readonly string[]> => {
      const queue = await waiting();
      const open = begun.filter(({ id }) => !queue.has(id));
      const running = await Promise.all(open.map(({ id }) => stand.outcomes.describe(id)));
      return running.flatMap(({ id, isRunning }) => (isRunning ? [id] : []));
    };
    const waiting = async (): Promise<ReadonlySet<string>> =>
      new Set((await authority.queue(FORWARD, 1_000)).map(({ outcome }) => outcome));
    await until(waiting, ({ size }) => size === SIZES.kill);
    await control({ do: 'resume', scope: 'automation', name: VENDOR_AUTOMATION });
    await until(lastRequest, (seq) => seq > SIZES.kill / 2);
    const roundTripMs = await updateRoundTrip(begun.at(-1)!.id);
    const called = Date.now();
    const { executing } = await control({ do: 'kill', automation: VENDOR_AUTOMATION, boundMs: 10_000 });
    const tookMs = Date.now() - called;
    const atAnswer = await lastRequest();
    const actionsMs = Math.max(0, (await lastSettled()) - called);
    expect(executing).toEqual([]);
    // Whoever had not ended by then is held.
    await until(restless, (left) => left.length === 0);
    const held = await waiting();
    expect(held.size).toBeGreaterThan(SIZES.kill / 2);
    await sleep(300);
    expect(await lastRequest()).toBe(atAnswer);

    await stand.admin.clearFaults();
    const back = begun.filter(({ id }) => held.has(id)).slice(0, 10);
    for (const { id } of back) await stand.outcomes.cancel(id, { by: 'person:ada' });
    for (const { id } of back) expect(await stand.outcomes.result(id)).toEqual({ phase: 'backstepped' });
    await control({ do: 'resume', scope: 'automation', name: VENDOR_AUTOMATION });
    await control({ do: 'dial', automation: VENDOR_AUTOMATION, mode: 'autopilot' });
    for (const { id } of begun.filter((one) => !back.includes(one)))
      expect(await stand.outcomes.result(id)).toEqual({ phase: 'completed' });
    const { doubled } = await stand.admin.effects({ tenant: FORWARD });
    expect(doubled).toEqual([]);
    // A second, where an action takes half of one and the machine has time. Where it has not, what was under way and the way
    // to Temporal and back take longer, too: beyond those the switch may take no more than a few such ways.
    expect(tookMs).toBeLessThan(Math.max(1_000, actionsMs + 10 * roundTripMs));
    process.stderr.write(
      `kill switch: ${tookMs} ms, of which ${actionsMs} ms for actions under way; an update took ${roundTripMs} ms\n`,
    );
  },
  TEST_MS,
);

test(
  'a system that fails one call in five is left alone: its actions queue, others go on, and once a probe comes through all do',
  async () => {
    expect(OPEN_RULES.figures.automation.breaker).toMatchObject({
      opensAboveErrorShare: 0.1,
      fewestCalls: 20,
    });
    // Of Okta's good calls before, too many for its share of failures may stand in the same minute: its window begins now.
    await stand.servers.database
      .of(FORWARD)
      .query({ text: 'DELETE FROM authority_breakers WHERE tenant = $1', values: [FORWARD] });
    const fifth = await stand.admin.addFault({
      match: { tenant: FORWARD, vendor: 'okta' },
      effect: { kind: 'error_before', status: 503 },
      percent: 20,
    });
    const begin = (n: number) => stand.begin(FORWARD, person(SIZES.kill + n), 'local');
    const begun = await Promise.all(Array.from({ length: SIZES.breaker }, (_, i) => begin(i + 1)));
    const queued = () => authority.queue(FORWARD, 1_000);
    /** Actions that execute, or have been let go and will; all that are left once the breaker is open wait for a probe. */
    const restless = async (): Promise<number> => {
      const text = `SELECT count(*)::int AS count FROM authority_waiters WHERE tenant = $1 AND state IN ('granted', 'told')
UNION ALL SELECT count(*)::int FROM authority_breakers WHERE tenant = $1 AND system = 'okta' AND state <> 'open'`;
      const rows = await stand.servers.database
        .of(FORWARD)
        .query<{ count: number }>({ text, values: [FORWARD] });
      const executing = await authority.inFlight(FORWARD, VENDOR_AUTOMATION);
      return rows.reduce((all, { count }) => all + count, executing);
    };
    const held = await until(queued, (queue) => queue.some(({ causes }) => causes.includes('system:okta')));
    expect(held.every(({ awf }) => awf.startsWith('okta.'))).toBe(true);

    // It fails altogether now, so each probe does, too, and it stays open; nothing but probes comes to it.
    const whole = await stand.admin.addFault({
      match: { tenant: FORWARD, vendor: 'okta' },
      effect: { kind: 'error_before', status: 503 },
    });
    await until(restless, (actions) => actions === 0);
    const [from, since] = [await lastRequest(), Date.now()];
    const late = await begin(SIZES.breaker + 1);
    await until(
      async () => await traceOf(stand.outcomes, late.id),
      (lines) => lines.some((line) => /awf=workday\.set_end_date ok/.test(line)),
    );
    await until(queued, (queue) => queue.some(({ outcome }) => outcome === late.id));
    const seen = (await stand.admin.requests({ tenant: FORWARD, after: from, limit: 1_000 })).requests;
    const probes = 1 + (Date.now() - since) / OPEN_RULES.figures.automation.breaker.probeAfterMs;
    // One action asks Okta several things at once, so attempts at actions count, and not requests.
    const tried = new Set(seen.flatMap(({ vendor, action }) => (vendor === 'okta' ? [action] : [])));
    expect(tried.size).toBeLessThanOrEqual(probes);
    expect(seen.some(({ vendor }) => vendor === 'workday')).toBe(true);

    for (const { id } of [fifth, whole]) await stand.admin.clearFaults(id);
    for (const { id } of [...begun, late])
      expect(await stand.outcomes.result(id)).toEqual({ phase: 'completed' });
    expect(await queued()).toEqual([]);
  },
  TEST_MS,
);
