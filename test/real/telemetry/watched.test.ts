/** Robots and a client that are watched: a real exporter sends to a collector, and Prometheus' text is read from a real port. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onboardContractor } from '../../../runbooks/people/onboard-contractor';
import { loadConfig, type TenantConfig } from '../../../src/app/configuration';
import { takeProposal } from '../../../src/app/control';
import { ingestEvent } from '../../../src/app/ingest-event';
import { withCard } from '../../../src/app/notice-cards';
import { reportOf, scheduleReport } from '../../../src/app/reports';
import { startRobots, type Robots } from '../../../src/app/robots';
import { runOutcome } from '../../../src/app/run-outcome';
import { openServices, seedTenant, type Services } from '../../../src/app/services';
import { readSettings } from '../../../src/app/settings';
import { oneTask } from '../../../src/app/tasks';
import type { NoticeBody } from '../../../src/notices/notice';
import { SandboxAdmin, startSandboxProcess, type SandboxProcess } from '../../../src/sandbox';
import type { LogRecord } from '../../../src/sandbox/log';
import { METRICS, TEMPORAL_METRICS } from '../../../src/telemetry/metrics';
import { outcomeSpan, traceIdOf } from '../../../src/telemetry/trace-ids';
import { openCollector, type Collector, type SeenSpan } from '../../kit/otlp';
import { openTestStand, STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';

/** An outcome takes some seconds on a busy machine. */
jest.setTimeout(60_000);

/** What another system named its own trace. */
const THEIRS = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

let folder: string;
let collector: Collector;
let stand: TestStand;
let sandbox: SandboxProcess;
let services: Services;
let robots: Robots;
let config: TenantConfig;
let metricsUrl: string;
let requests: readonly LogRecord[];
let outcome: string;
let lines: readonly string[];
const eventId = `watched-${randomUUID()}`;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'backstep-watched-'));
  collector = await openCollector();
  [stand, sandbox] = await Promise.all([
    openTestStand('test-watched'),
    startSandboxProcess({ dataDir: path.join(folder, 'sandbox') }),
  ]);
  const settings = {
    ...readSettings({ BACKSTEP_METRICS: '127.0.0.1:0', BACKSTEP_LOG: 'info' }),
    telemetry: { traces: collector.url, metrics: '127.0.0.1:0' },
  };
  const wiring = {
    temporalAddress: stand.stand.temporal.address,
    temporalNamespace: stand.stand.temporal.namespace,
    databaseUrl: stand.stand.postgres.url,
    sandboxUrl: sandbox.urls.admin.replace(/\/__admin$/, ''),
  };
  const found = await loadConfig(settings, 'acme');
  if (!found.ok) throw new Error(JSON.stringify(found.error));
  config = found.value;
  const log: string[] = [];
  const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    log.push(...String(text).split('\n'));
    return true;
  });
  await new SandboxAdmin(sandbox.urls.admin).seed('acme');
  services = await openServices(settings, wiring);
  await seedTenant(services, config);
  robots = await startRobots({ settings, wiring });
  lines = log;
  metricsUrl = String(logged('metrics.shown')[0]?.['url']);
  outcome = await onboarded();
  const sent = await new SandboxAdmin(sandbox.urls.admin).requests({ tenant: 'acme' });
  requests = sent.requests.filter(({ action }) => action.startsWith(outcome));
  write.mockRestore();
}, STAND_TIMEOUT_MS);

afterAll(async () => {
  await robots.stop();
  await services.close();
  await sandbox.stop();
  await stand.close();
  await collector.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const logged = (event: string): readonly Readonly<Record<string, unknown>>[] =>
  lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    .filter((line) => line['event'] === event);

/** HR says that somebody was hired; the engine proposes, and a person runs the proposal. */
async function onboarded(): Promise<string> {
  const sent = {
    specversion: '1.0',
    id: eventId,
    source: '/hr',
    type: 'com.acme.hr.contractor.hired',
    data: { email: 'sarah.chen@acme.example' },
    traceparent: `00-${THEIRS.traceId}-${THEIRS.spanId}-01`,
  };
  const taken = await ingestEvent(services, config, { sent, by: 'service:hr' });
  if (!taken.ok || taken.value.status !== 'started') throw new Error(JSON.stringify(taken));
  const id = taken.value.outcome;
  await until(async () => (await services.outcomes.tell(id)).trace.some(({ kind }) => kind === 'awf.held'));
  await takeProposal(services, id, { by: 'person:mary.major', reason: 'she starts on Monday' });
  await until(() => Promise.resolve(wholeRequest() !== undefined));
  return id;
}

async function until(is: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!(await is())) {
    if (Date.now() > deadline) throw new Error('it did not come about');
    await sleep(50);
  }
}

const isRequest = ({ kind }: SeenSpan): boolean => kind === 3;
const spanOf = (id: string | undefined): SeenSpan | undefined =>
  collector.spans.find(({ spanId }) => spanId === id);
/** A request whose action is over, so that its span has been sent, too. */
const wholeRequest = (): SeenSpan | undefined =>
  collector.spans.find((span) => isRequest(span) && spanOf(span.parentSpanId) !== undefined);

test('one trace leads from the event over outcome and action to the request that a system sees', () => {
  const traceId = traceIdOf('acme', eventId);
  const request = wholeRequest();
  const action = spanOf(request?.parentSpanId);
  const start = spanOf(action?.parentSpanId);
  const event = spanOf(start?.parentSpanId);
  expect([event, start, action, request].map((span) => [span?.traceId, span?.name])).toEqual([
    [traceId, 'event com.acme.hr.contractor.hired'],
    [traceId, 'outcome EMP-R-001'],
    [traceId, expect.stringMatching(/^action \w+\.\w+$/)],
    [traceId, expect.stringMatching(/^(GET|POST|PUT|PATCH) \w+$/)],
  ]);
  expect(start?.spanId).toBe(outcomeSpan(outcome)?.spanId);
  expect(event?.parentSpanId ?? '').toBe('');
});

test('a connected system is told the very span that its request is in', () => {
  expect(requests.length).toBeGreaterThan(0);
  const told = requests.map(({ trace = '' }) => trace.split('-'));
  for (const [version, traceId, , flags] of told) {
    expect([version, traceId, flags]).toEqual(['00', traceIdOf('acme', eventId), '01']);
  }
  const known = collector.spans.filter(isRequest).map(({ spanId }) => spanId);
  expect(told.some(([, , spanId]) => known.includes(spanId!))).toBe(true);
});

test('the trace that a sender names is linked, and not taken over', () => {
  const event = collector.spans.find(({ name }) => name.startsWith('event '));
  expect(event?.links?.map(({ traceId, spanId }) => ({ traceId, spanId }))).toEqual([THEIRS]);
  expect(event?.traceId).not.toBe(THEIRS.traceId);
});

test('no span says whom it is about', () => {
  const text = JSON.stringify(collector.spans);
  expect(text).not.toContain('sarah');
  expect(text).not.toContain('@acme');
});

test('a history carries nothing for traces', async () => {
  const histories = await services.outcomes.histories(outcome);
  const text = JSON.stringify(histories);
  expect(text.length).toBeGreaterThan(1_000);
  expect(text).not.toContain(traceIdOf('acme', eventId));
  expect(text).not.toMatch(/tracer|traceparent/);
});

test('Prometheus reads what was counted, and the metrics of the SDK, at one port', async () => {
  const text = await (await fetch(metricsUrl)).text();
  const valueOf = (sample: string): number =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(sample))
        ?.split(' ')
        .pop(),
    );
  expect(valueOf('backstep_holds_total{tenant="acme"')).toBeGreaterThan(0);
  expect(text).toMatch(/backstep_actions_total\{tenant="acme",awf="[\w.]+",result="held"\} [1-9]/);
  expect(text).toMatch(/backstep_actions_total\{tenant="acme",awf="[\w.]+",result="committed"\} [1-9]/);
  expect(valueOf('backstep_admission_seconds_count{result="held"}')).toBeGreaterThan(0);
  expect(valueOf('backstep_admission_seconds_count{result="go"}')).toBeGreaterThan(0);
  expect(text).toMatch(/backstep_vendor_requests_total\{tenant="acme",system="\w+",status="2xx"\} [1-9]/);
  const names = new Set(
    [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name.replace(/_(bucket|sum|count)$/, '')),
  );
  for (const name of names) if (name.startsWith('backstep_')) expect(Object.keys(METRICS)).toContain(name);
  expect(TEMPORAL_METRICS.filter((name) => names.has(name))).not.toEqual([]);
});

test('what is on record is counted, and people are told of what waits for them', async () => {
  await until(async () => (await services.notices.list('acme', outcome)).length > 0);
  const text = await (await fetch(metricsUrl)).text();
  expect(text).toMatch(/backstep_records_total\{tenant="acme",kind="outcome.started"\} [1-9]/);
  // The robots have read the configuration of the tenant, and it is on record which one.
  await until(async () => {
    const [record] = await services.evidence.log.list('acme', { kinds: ['policy.changed'], limit: 1 });
    return record?.text.includes(config.bundle.digest) === true;
  });
  expect(text).toMatch(/^backstep_projector_lag_seconds [0-9.]+$/m);
  expect(text).toMatch(/^backstep_histories_unplaced\{why="unreadable"\} 0$/m);
  const [held] = await services.notices.list('acme', outcome);
  expect(held).toMatchObject({
    kind: 'action_held',
    outcome,
    title: expect.stringMatching(/^EMP-R-001 at /) as string,
  });
  expect(held?.card?.map(({ label }) => label)).toEqual(
    expect.arrayContaining(['Action', 'Mode', 'Risk', 'Undo']),
  );
});

test('what the client counted is its own, and a tenant is shown itself alone', async () => {
  const { metrics } = services.telemetry;
  expect(await metrics.text({ tenant: 'acme' })).toContain(
    'backstep_events_total{tenant="acme",status="started"} 1',
  );
  expect(await metrics.text({ tenant: 'acme' })).toContain(
    'backstep_outcomes_started_total{tenant="acme",outcome="EMP-R-001"} 1',
  );
  expect(await metrics.text({ tenant: 'globex' })).toBe('');
});

test('people at a gate are told of the very card that their decision is bound to', async () => {
  const run = await runOutcome(services, {
    config,
    eventId: `gated-${randomUUID()}`,
    by: 'person:mary.major',
    what: { runbook: onboardContractor, entity: 'person:sarah.chen', params: { approval: 'manager' } },
  });
  if (!run.ok) throw new Error(JSON.stringify(run.error));
  const { id } = run.value;
  const asked = async (): Promise<NoticeBody | undefined> =>
    (await services.notices.list('acme', id)).find(({ kind }) => kind === 'approval_asked');
  await until(async () => (await asked()) !== undefined);
  const said = (await asked())!;
  const { title, card = [], hash } = await withCard(services.outcomes, said);
  expect(title).toBe('onboard.contractor v3.2 for person:sarah.chen');
  expect(card.map(({ label }) => label)).toEqual(
    expect.arrayContaining(['Approval', 'Risk', 'Undo', 'Step 1']),
  );
  const task = await oneTask(services, { outcome: id, node: said.node! });
  expect(hash).toBe(task.ok ? task.value.card?.hash : 'no task');
  // Temporal has no such outcome: people are told all the same.
  expect(await withCard(services.outcomes, { ...said, outcome: `${id}-nowhere` })).toMatchObject({
    title: said.title,
  });
});

describe('reports of what ran', () => {
  const today = (): { readonly from: number; readonly to: number } => ({
    from: Date.now() - 86_400_000,
    to: Date.now() + 86_400_000,
  });

  test('the summary of the day has the actions of the outcome, and under which mode they fired', async () => {
    const committed = (): Promise<number> =>
      services.outcomes
        .tell(outcome)
        .then(({ trace }) => trace.filter(({ kind }) => kind === 'awf.ok').length);
    await until(async () => (await committed()) > 0);
    const summary = async (): Promise<readonly (readonly unknown[])[]> => {
      const made = await reportOf(services, 'acme', { kind: 'actions', ...today() });
      if (!made.ok) throw new Error(made.error.message);
      const rows = made.value.tables.find(({ id }) => id === 'actions')?.rows ?? [];
      return rows.filter((row) => String(row[2]).startsWith(outcome) && row[8] === 'committed');
    };
    await until(async () => (await summary()).length > 0);
    const [row] = await summary();
    expect([row?.[3], row?.[5]]).toEqual([expect.stringMatching(/^\w+\.\w+$/), 'manual']);
  });

  test('a schedule makes the report of the last whole period once, as an act on record', async () => {
    const client = services.outcomes.client;
    const set = await scheduleReport(services, 'acme', { kind: 'cost', on: true, by: 'person:ada.auditor' });
    expect(set).toEqual({ ok: true, value: { kind: 'cost', cron: '25 0 1 * *' } });
    expect(
      (await scheduleReport(services, 'acme', { kind: 'cost', on: true, by: 'person:ada.auditor' })).ok,
    ).toBe(true);
    const kept = (): ReturnType<typeof services.reports.list> => services.reports.list('acme', 10);
    for (let fired = 0; fired < 2; fired++) await client.schedule.getHandle('report:acme:cost').trigger();
    await until(async () => (await kept()).length > 0);
    const [one, ...more] = await kept();
    expect([one?.kind, new Date(one!.from).getUTCDate(), more]).toEqual(['cost', 1, []]);
    const asked = await reportOf(services, 'acme', { kind: 'cost', from: one!.from, to: one!.to });
    expect(asked.ok && asked.value.tenant).toBe('acme');
    await until(async () => {
      const { log } = services.evidence;
      const records = await log.list('acme', { from: 0, kinds: ['admin.acted'], limit: 10 });
      return records.some(({ text }) => text.includes('person:ada.auditor') && text.includes('as scheduled'));
    });
    await scheduleReport(services, 'acme', { kind: 'cost', on: false, by: 'person:ada.auditor' });
    await expect(client.schedule.getHandle('report:acme:cost').describe()).rejects.toThrow();
  });

  test('what is made on demand alone has no schedule, and a period begins before it ends', async () => {
    const never = await scheduleReport(services, 'acme', { kind: 'failures', on: true, by: 'person:ada' });
    const backwards = await reportOf(services, 'acme', { kind: 'cost', from: 2, to: 1 });
    const endless = await reportOf(services, 'acme', { kind: 'cost', from: 0, to: Date.now() });
    expect([never, backwards, endless].map((one) => !one.ok && one.error.code)).toEqual(
      Array(3).fill('REPORT_REFUSED'),
    );
  });
});

test('the person who takes a proposal stands on record for what fires', async () => {
  const actors = async (kind: 'action.held' | 'action.committed'): Promise<readonly string[]> =>
    (await services.evidence.log.list('acme', { outcome, kinds: [kind], limit: 100 })).map(
      ({ text }) => (JSON.parse(text) as { readonly actor: { readonly id: string } }).actor.id,
    );
  await until(async () => (await actors('action.committed')).length > 0);
  expect(new Set(await actors('action.committed'))).toEqual(new Set(['person:mary.major']));
  expect((await actors('action.held'))[0]).toMatch(/^automation:/);
});
