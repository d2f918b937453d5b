/** How long what is on record is kept, what keeps it longer, and who is forgotten: by the database itself, and as acts on record. */
import { createHash } from 'node:crypto';
import { DeleteObjectCommand, GetObjectLegalHoldCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  eraseSubject,
  expireNow,
  foreseeExpiry,
  liftHold,
  placeHold,
  scheduleExpiry,
  type Held,
} from '../../../src/app/keeping';
import type { ControlAct } from '../../../workflows/control-protocol';
import type { Override } from '../../../src/engine/effects';
import { reporting, scheduleReport } from '../../../src/app/reports';
import { putPolicyOnRecord } from '../../../src/app/policy-on-record';
import type { PlanNode } from '../../../src/plan/plan';
import { unpackHistory } from '../../../src/projection/archive';
import { archivedHistories } from '../../../src/projection/archived-histories';
import { bringAll, holdAll, startBringing, type BringParts } from '../../../src/projection/bring-to-archive';
import type { ArchivePlace, Placed } from '../../../src/store/archive-place';
import { createAuthority } from '../../../src/store/authority';
import { createEventStore } from '../../../src/store/events';
import { createEvidenceStore } from '../../../src/store/evidence';
import { createEvidenceControls } from '../../../src/store/evidence-controls';
import { createLegalHolds } from '../../../src/store/legal-holds';
import { createReportStore } from '../../../src/store/reports';
import { createRetention } from '../../../src/store/retention';
import { createS3Archive, readS3Url } from '../../../src/store/s3-archive';
import { createSubjectKeys, type WrappingKeys } from '../../../src/store/subject-keys';
import { wordsOf } from '../../../src/temporal/authority-robot';
import { createControlActivities } from '../../../src/temporal/control-activities';
import { performControl } from '../../../src/temporal/controls';
import { dumpOf } from '../../kit/dump';
import { openEvidence, provenBundle, type Evidence } from '../../kit/evidence';
import { AUTOMATION, byAutomation, oncePerEntity, seasoned } from '../../kit/governed';
import { put, toyPlan } from '../../kit/plans';
import { openRobots, type Robots } from '../../kit/robots';
import { openS3Server, type S3Server } from '../../kit/s3-server';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import { until } from '../../kit/until';

const tenant = 'acme';
const why = { by: 'person:audrey', reason: 'a test' };
const YEARS_MS = 8 * 366 * 86_400_000;

const gate: PlanNode = {
  kind: 'gate',
  id: 'ok',
  approval: 'approve',
  by: ['manager'],
  expiresAfterMs: 3_600_000,
  onRejected: { do: 'backstep' },
  onExpired: { do: 'backstep' },
};

let robots: Robots;
let evidence: Evidence;
/** What the robots take for now: years pass in a moment. */
let ahead = 0;
const now = (): number => Date.now() + ahead;
jest.setTimeout(60_000);

beforeAll(async () => {
  robots = await openRobots({
    stand: 'keeping',
    onGrown: (run) => evidence.projector.told(run),
    controls: (database) =>
      createControlActivities({
        authority: createAuthority(database),
        evidence: createEvidenceControls(database),
        holds: createLegalHolds(database),
        retention: createRetention(database),
        words: wordsOf(database, now),
        report: reporting(database, now),
        now,
      }),
    admit: oncePerEntity,
  });
  evidence = openEvidence(robots.stand.database, robots.outcomes);
}, STAND_TIMEOUT_MS);

afterAll(async () => {
  await evidence.projector.stop();
  await robots.close();
});
afterEach(() => (ahead = 0));

const services = () => ({ evidence, outcomes: robots.outcomes, now });

/** An outcome about somebody, to its end and into the archive. */
async function about(person: string, fields: object = {}, box = 'a'): Promise<string> {
  const boxed = put('a', [], { input: { obj: { box: { lit: box } } } });
  const plan = toyPlan([boxed], { tenant, entity: { id: person, fields: { ...fields } } });
  const id = await robots.run(plan);
  await robots.outcomes.result(id);
  await evidence.projector.catchUp();
  return id;
}

const isArchived = async (id: string): Promise<boolean> => {
  const [run] = await evidence.store.runsOf(tenant, id);
  return (await evidence.store.archived(run!)) !== undefined;
};

async function held(what: Held): Promise<string> {
  const done = await placeHold(services(), tenant, { held: what, ...why });
  if (!done.ok) throw new Error(done.error.message);
  return done.value.id;
}

const lifted = (id: string) => liftHold(services(), tenant, { id, ...why });

/** Proves everything as of an instant, in a folder of its own. */
const proven = (at = now(), store = evidence.store) => provenBundle({ ...evidence, store }, tenant, at);
const dump = () => dumpOf(robots.stand, tenant);

/** Lets years pass for the database, too, which goes by its own clock. */
async function withoutItsClock<T>(work: () => Promise<T>): Promise<T> {
  const { owner } = robots.stand;
  await owner.query({ text: 'ALTER TABLE archived_histories DISABLE TRIGGER stays' });
  try {
    return await work();
  } finally {
    await owner.query({ text: 'ALTER TABLE archived_histories ENABLE TRIGGER stays' });
  }
}

describe('retention', () => {
  test('nothing leaves the archive before its time, whoever asks, and what was taken all the same is missed', async () => {
    const id = await about('person:gina');
    ahead = YEARS_MS;
    const { before } = await evidence.retention.cut(tenant, now());
    await expect(evidence.retention.drop(tenant, before)).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    expect(await isArchived(id)).toBe(true);
    await withoutItsClock(() =>
      robots.stand.database.of(tenant).query({
        text: 'DELETE FROM archived_histories WHERE tenant = $1 AND workflow = $2',
        values: [tenant, id],
      }),
    );
    expect((await proven()).flaws).toMatchObject([{ code: 'HISTORY_MISSING' }]);
  });

  test('what a hold names stays, of every scope, and goes once it is lifted', async () => {
    const [one, two, three] = [
      await about('person:hugo'),
      await about('person:ida'),
      await about('person:jo'),
    ];
    const from = Date.now();
    const four = await about('person:kim');
    const holds = [
      await held({ scope: 'outcome', outcome: one }),
      await held({ scope: 'entity', entity: 'person:ida' }),
      await held({ scope: 'time', from, until: Date.now() }),
    ];
    await evidence.projector.catchUp();
    ahead = YEARS_MS;
    const foreseen = await foreseeExpiry(services(), tenant);
    expect(await foreseeExpiry(services(), tenant, Date.now())).toMatchObject({ due: [] });
    expect(foreseen.due.filter(({ isHeld }) => isHeld).map(({ workflow }) => workflow)).toEqual(
      expect.arrayContaining([one, two, four]),
    );
    await withoutItsClock(async () => {
      const { cut } = await expireNow(services(), tenant, why);
      expect(cut).toMatchObject({ histories: foreseen.cut.histories, sha256: foreseen.cut.sha256 });
      expect(await Promise.all([one, two, three, four].map(isArchived))).toEqual([true, true, false, true]);
      const whole = await held({ scope: 'tenant' });
      for (const id of holds) await lifted(id);
      expect((await expireNow(services(), tenant, why)).cut).toMatchObject({ histories: 0 });
      await lifted(whole);
      await expireNow(services(), tenant, why);
    });
    expect(await Promise.all([one, two, four].map(isArchived))).toEqual([false, false, false]);
    expect(await lifted(holds[0]!)).toMatchObject({ error: { code: 'LOG_HOLD_UNKNOWN' } });
    expect(
      await placeHold(services(), tenant, { held: { scope: 'entity', entity: 'person:nobody' }, ...why }),
    ).toMatchObject({ error: { code: 'ENTITY_REFUSED' } });
  });

  test('what was let go breaks nothing of what remains, because the cut is on record', async () => {
    const verified = await proven(Date.now() + YEARS_MS);
    expect(verified.flaws).toEqual([]);
    expect(verified.notDerived).toBeGreaterThan(0);
    const [text] = (await evidence.log.list(tenant, { kinds: ['log.expired'], limit: 1 })).map(
      (one) => one.text,
    );
    const record = JSON.parse(text!) as {
      readonly actor: object;
      readonly data: { readonly sha256: string };
    };
    expect(record.actor).toEqual({ kind: 'person', id: 'person:audrey' });
    expect(record.data.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('it is done by itself on a schedule, which is set once however often', async () => {
    expect(await scheduleExpiry(services(), tenant, { on: true, by: why.by })).toEqual({
      cron: '45 0 * * *',
    });
    await scheduleExpiry(services(), tenant, { on: true, by: why.by });
    const handle = robots.outcomes.client.schedule.getHandle(`retention:${tenant}:daily`);
    const before = (await evidence.log.list(tenant, { kinds: ['log.expired'], limit: 100 })).length;
    await handle.trigger();
    const look = async () => {
      await evidence.projector.catchUp();
      return (await evidence.log.list(tenant, { kinds: ['log.expired'], limit: 100 })).length;
    };
    await until(look, (count) => count > before, { withinMs: 30_000, everyMs: 100 });
    await scheduleExpiry(services(), tenant, { on: false, by: why.by });
    await expect(handle.describe()).rejects.toThrow();
  });
});

describe('forgetting somebody', () => {
  const zoe = 'person:zoe.marker';
  const erased = () => eraseSubject(services(), tenant, { subject: zoe, ...why });
  const db = (text: string, values: unknown[] = []) =>
    robots.stand.database.of(tenant).query<{ readonly [name: string]: unknown }>({ text, values });

  test('is refused while a hold needs what is on record, also by the database, and while an outcome runs', async () => {
    await about(zoe);
    const hold = await held({ scope: 'entity', entity: zoe });
    expect(await erased()).toMatchObject({ error: { code: 'LOG_HELD' } });
    const key = await evidence.keys.find(tenant, zoe);
    await expect(
      performControl(robots.outcomes.client, { tenant, act: { do: 'erase', key: key! }, ...why }),
    ).rejects.toThrow();
    await expect(
      db('UPDATE subject_keys SET key = NULL WHERE tenant = $1 AND id = $2', [tenant, key]),
    ).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    expect(await evidence.keys.byId(tenant, key!)).toBeDefined();
    await lifted(hold);
    const running = await robots.run(toyPlan([gate], { tenant, entity: { id: zoe, fields: {} } }));
    await evidence.projector.catchUp();
    expect(await erased()).toMatchObject({ error: { code: 'LOG_SUBJECT_BUSY' } });
    await robots.outcomes.client.workflow.getHandle(running).terminate('done with');
  });

  test('leaves nothing of them in any row or archive, whatever one has but the key, and the log is proven as before', async () => {
    const id = await about(zoe, { email: 'zoe.marker@acme.example' }, 'box of zoe.marker');
    await db(
      `INSERT INTO entities (tenant, id, type, fields, relations, sources, version) VALUES
       ($1, $2, 'person', '{"email":"zoe.marker@acme.example"}', '{}', '{}', 1),
       ($1, 'person:yan', 'person', '{}', '{"manager":["person:zoe.marker","person:max"]}', '{}', 1)`,
      [tenant, zoe],
    );
    await db(
      `INSERT INTO received_events (tenant, source, id, type, event, status, entity, outcome_id)
       VALUES ($1, '/hr', '7', 'hired', '{"id":"7","data":{"name":"zoe.marker"}}', 'started', $2, $3)`,
      [tenant, zoe, id],
    );
    expect(await dump()).toMatch(/barriers .*zoe\.marker/);
    const before = await proven();
    expect(await erased()).toMatchObject({ ok: true });
    await evidence.projector.catchUp();
    expect((await dump()).match(/.{0,80}zoe.{0,80}/gi)).toBeNull();
    expect(await db(`SELECT relations FROM entities WHERE id = 'person:yan'`)).toEqual([
      { relations: { manager: ['person:max'] } },
    ]);
    const [run] = await evidence.store.runsOf(tenant, id);
    const { stored } = (await evidence.store.archived(run!))!;
    expect(() => unpackHistory(run!, stored, undefined)).toThrow();
    const after = await proven();
    expect(after.flaws).toEqual([]);
    expect(after.notDerived).toBeGreaterThan(before.notDerived);
    expect(await erased()).toMatchObject({ error: { code: 'ENTITY_REFUSED' } });
  });

  test('takes what events said of them that selected nothing, and what says of nobody who is known goes after a month', async () => {
    const wren = 'person:wren.marker';
    await about(wren);
    await db(
      `INSERT INTO entities (tenant, id, type, fields, relations, sources, version) VALUES
       ($1, $2, 'person', '{"email":"wm@acme.example","workdayId":"W-4711","team":"team-7","contractEnd":"2027-05-31"}', '{}', '{}', 1),
       ($1, 'person:zed', 'person', '{"team":"team-7"}', '{}', '{}', 1)`,
      [tenant, wren],
    );
    const store = createEventStore(robots.stand.database);
    const events = {
      'by name': { who: 'Marker, WREN' },
      'by address': { mail: 'WM@acme.example' },
      'by number': { worker: 'W-4711' },
      'of a team': { team: 'team-7', note: 'wrench', until: '2027-05-31' },
      'of a namesake': { who: 'Wren Miller' },
    };
    const keyOf = (id: string) => ({ tenant, source: '/stray', id });
    for (const [id, data] of Object.entries(events)) {
      await store.receive(keyOf(id), { type: 'what', event: { specversion: '1.0', id, data } });
      await store.settle(keyOf(id), { status: 'unselected', reasons: [] });
    }
    const failed = keyOf('not compiled');
    await store.receive(failed, { type: 'what', event: { specversion: '1.0', id: 'x', data: { n: 1 } } });
    await store.settle(failed, { status: 'selected', automation: 'a', outcome: 'TOY-R-001', entity: wren });
    await store.settle(failed, { status: 'failed', reasons: [] });
    const blank = async (): Promise<readonly string[]> => {
      const text = `SELECT id FROM received_events WHERE tenant = $1 AND source = '/stray' AND event -> 'data' IS NULL ORDER BY id`;
      return (await db(text, [tenant])).map(({ id }) => String(id));
    };
    expect(await eraseSubject(services(), tenant, { subject: wren, ...why })).toMatchObject({ ok: true });
    expect(await blank()).toEqual(['by address', 'by name', 'by number', 'not compiled']);
    const controls = createEvidenceControls(robots.stand.database);
    const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
    await controls.fade(tenant, inDays(29));
    expect(await blank()).toHaveLength(4);
    const hold = await held({ scope: 'tenant' });
    await controls.fade(tenant, inDays(31));
    expect(await blank()).toHaveLength(4);
    await lifted(hold);
    // As the end of retention has it done, a month on.
    ahead = 31 * 86_400_000;
    await expireNow(services(), tenant, why);
    expect(await blank()).toHaveLength(6);
  });

  test('is not hindered by limits: counters call nobody by name, and what they held says for good that somebody was, not who', async () => {
    const xena = 'person:xena.marker';
    const authority = createAuthority(robots.stand.database);
    await authority.importTrust(tenant, seasoned(Date.now()), { ...why, at: Date.now() });
    const begin = (box: string) =>
      robots.run(
        toyPlan([put(box, [], {})], { tenant, entity: { id: xena, fields: {} } }),
        byAutomation({ entity: xena }),
      );
    await robots.outcomes.result(await begin('x1'));
    const second = await begin('x2');
    const held = () => db('SELECT because, asks::text FROM authority_waiters WHERE outcome = $1', [second]);
    const [waiter] = await until(held, ({ length }) => length > 0, { withinMs: 30_000, everyMs: 50 });
    const told = `\`outcomes:${AUTOMATION}:person\`: 1 used and 1 asked of 1`;
    expect(waiter).toMatchObject({ because: told });
    const digest = /outcomes:tidy-up:person:~[\w-]{22}/.exec(String(waiter!['asks']))?.[0];
    expect(digest).toBeDefined();
    await evidence.projector.catchUp();
    await robots.outcomes.client.workflow.getHandle(second).terminate('done with');
    await evidence.projector.catchUp();
    const before = await dump();
    const tablesWith = (pattern: string): ReadonlySet<string> =>
      new Set(before.match(new RegExp(`^(authority|projected)_\\w+(?= .*${pattern})`, 'gm')));
    expect(tablesWith(digest!)).toEqual(
      new Set(['authority_counters', 'authority_reservations', 'authority_waiters', 'projected_actions']),
    );
    expect(tablesWith('1 used and 1 asked of 1')).toEqual(
      new Set(['authority_waiters', 'projected_actions', 'projected_inbox']),
    );
    const records = await evidence.log.list(tenant, { kinds: ['action.held'], outcome: second, limit: 10 });
    expect(records.map(({ text }) => (JSON.parse(text) as { readonly data: object }).data)).toMatchObject([
      { because: told },
    ]);
    expect(await eraseSubject(services(), tenant, { subject: xena, ...why })).toMatchObject({ ok: true });
    await evidence.projector.catchUp();
    const after = await dump();
    expect(after.match(/.{0,80}(xena|outcomes:tidy-up:person:~).{0,80}/gi)).toBeNull();
    expect(after.match(/^(authority|projected)_.*1 used and 1 asked of 1/gm)).toBeNull();
    expect((await proven()).flaws).toEqual([]);
  });

  test('what an automation is overridden with stands on record as a hash, and goes with the automation’s own key', async () => {
    const automation = 'hires';
    const over: Override = {
      ...{ node: 'welcome', scope: 'automation', until: Date.now() + 60_000, ...why },
      change: { do: 'edit', input: { to: 'yves.marker' } },
    };
    const act: ControlAct = { do: 'override', automation, name: 'welcome edit', override: over };
    const { id } = await performControl(robots.outcomes.client, { tenant, act, ...why });
    await evidence.projector.catchUp();
    const key = await evidence.keys.find(tenant, `automation/${automation}`);
    const acted = async () =>
      (await evidence.log.list(tenant, { kinds: ['admin.acted'], limit: 100 })).at(-1);
    const { text } = (await acted())!;
    const { origin, data } = JSON.parse(text) as {
      readonly origin: object;
      readonly data: { readonly override: { readonly change: string } };
    };
    expect(origin).toMatchObject({ workflow: id });
    expect(data.override).toMatchObject({ node: 'welcome', do: 'edit', until: over.until });
    expect(data.override.change).toMatch(new RegExp(`^${key}:[0-9a-f]{64}$`));
    expect(text).not.toContain('marker');
    const [run] = await evidence.store.runsOf(tenant, id);
    expect(await evidence.store.archived(run!)).toMatchObject({ sealedWith: key });
    expect((await proven()).flaws).toEqual([]);
    const standing = () =>
      db(`SELECT 1 FROM authority_controls WHERE tenant = $1 AND kind LIKE 'override:%'`, [tenant]);
    expect(await standing()).toHaveLength(1);
    expect(
      await eraseSubject(services(), tenant, { subject: `automation/${automation}`, ...why }),
    ).toMatchObject({ ok: true });
    await evidence.projector.catchUp();
    expect(await standing()).toEqual([]);
    expect(await dump()).not.toContain('yves.marker');
    expect((await proven()).flaws).toEqual([]);
  });

  test('whose outcome still runs seals what comes of it with a key that nobody has', async () => {
    const id = await robots.run(toyPlan([gate], { tenant, entity: { id: 'person:walt', fields: {} } }));
    await evidence.projector.catchUp();
    const key = await evidence.keys.find(tenant, 'person:walt');
    // Whoever asks is refused as long as it runs; one may begin in the instant after.
    await performControl(robots.outcomes.client, { tenant, act: { do: 'erase', key: key! }, ...why });
    await robots.outcomes.client.workflow.getHandle(id).terminate('done with');
    await evidence.projector.catchUp();
    const [run] = await evidence.store.runsOf(tenant, id);
    const { stored, sealedWith } = (await evidence.store.archived(run!))!;
    expect(sealedWith).toBe(key);
    expect(() => unpackHistory(run!, stored, undefined)).toThrow();
    expect((await proven()).flaws).toEqual([]);
  });

  test('keys lie wrapped with the key of their tenant, those from before as soon as they are used', async () => {
    const bare = createSubjectKeys(robots.stand.database);
    const old = await bare.of(tenant, 'person:vera');
    const kek = (id: string) => ({ id, key: createHash('sha256').update(id).digest() });
    const wrapping = (current: string): WrappingKeys => ({
      current: () => kek(current),
      byId: (id) => (['kek-1', 'kek-2'].includes(id) ? kek(id) : undefined),
    });
    const first = createSubjectKeys(robots.stand.database, wrapping('kek-1'));
    expect(await first.of(tenant, 'person:vera')).toEqual(old);
    const fresh = await first.of(tenant, 'person:uma');
    const stored = () =>
      db(`SELECT key, wrapped_with FROM subject_keys WHERE id = ANY($1)`, [[old.id, fresh.id]]);
    for (const row of await stored()) {
      expect(row).toMatchObject({ wrapped_with: 'kek-1' });
      for (const { key } of [old, fresh])
        expect((row['key'] as Buffer).includes(Buffer.from(key))).toBe(false);
    }
    await expect(bare.byId(tenant, old.id)).rejects.toMatchObject({ code: 'STORE_KEY_MISSING' });
    const second = createSubjectKeys(robots.stand.database, wrapping('kek-2'));
    expect(await second.byId(tenant, old.id)).toEqual(old);
    expect(await second.of(tenant, 'person:uma')).toEqual(fresh);
    expect((await stored()).map((row) => row['wrapped_with'])).toEqual(['kek-2', 'kek-2']);
  });
});

test('another configuration is put on record once, with the one before it, however many robots read it', async () => {
  const authority = createAuthority(robots.stand.database);
  const read = (digest: string) =>
    putPolicyOnRecord({ authority, outcomes: robots.outcomes }, { tenant, digest });
  const first = await Promise.all(Array.from({ length: 8 }, () => read('one')));
  expect(first.filter((isMine) => isMine)).toHaveLength(1);
  expect([await read('one'), await read('two'), await read('one')]).toEqual([false, true, true]);
  await evidence.projector.catchUp();
  const records = await evidence.log.list(tenant, { kinds: ['policy.changed'], limit: 10 });
  // Each act is a history of its own, and the log takes them as they come.
  const said = records
    .map(({ text }) => JSON.parse(text) as { readonly at: string; readonly actor: object })
    .sort((a, b) => (a.at < b.at ? -1 : 1));
  expect(said).toMatchObject([
    { actor: { kind: 'system', id: 'configuration' }, data: { bundle: 'one', was: null } },
    { actor: { kind: 'system', id: 'configuration' }, data: { bundle: 'two', was: 'one' } },
    { actor: { kind: 'system', id: 'configuration' }, data: { bundle: 'one', was: 'two' } },
  ]);
});

test('reports that were missed are made up for, each of the period that it was for', async () => {
  const kind = 'actions';
  const reports = createReportStore(robots.stand.database);
  expect(await scheduleReport(services(), tenant, { kind, on: true, by: why.by })).toMatchObject({
    ok: true,
  });
  const day = 86_400_000;
  const midnight = Math.floor(Date.now() / day) * day;
  // As Temporal does once it is up again: in one instant, what was due on three days.
  const [start, end] = [new Date(midnight - 4 * day), new Date(midnight - day)];
  await robots.outcomes.client.schedule.getHandle(`report:${tenant}:${kind}`).backfill({ start, end });
  const kept = async (): Promise<readonly number[]> =>
    (await reports.list(tenant, 100)).flatMap((one) => (one.kind === kind ? [one.from] : [])).sort();
  await until(kept, ({ length }) => length >= 3, { withinMs: 30_000, everyMs: 50 });
  expect(await kept()).toEqual([5, 4, 3].map((back) => midnight - back * day));
  await scheduleReport(services(), tenant, { kind, on: false, by: why.by });
});

describe('an archive in S3', () => {
  let s3: S3Server;
  let place: ArchivePlace;

  beforeAll(async () => {
    s3 = await openS3Server();
    place = createS3Archive(readS3Url(await s3.bucket('histories')));
  }, 240_000);
  afterAll(() => s3.close());

  const placedOf = (text: string, keepMs: number, run = text): Placed => {
    const stored = Buffer.from(text);
    const sha256 = createHash('sha256').update(stored).digest('hex');
    return { tenant, run, stored, sha256, closedAt: Date.now(), keepUntil: Date.now() + keepMs };
  };

  test('is written once: the same again is the same object, others under its name and removal before its time are refused', async () => {
    const history = placedOf('a history', 3_600_000);
    const at = await place.put(history);
    expect(at).toMatch(/^s3:\/\/histories\/histories\/acme\/\d{4}\/\d{2}\/a%20history\.bin\?versionId=./);
    expect(await place.put(history)).toBe(at);
    expect(Buffer.from(await place.get(at)).toString()).toBe('a history');
    await expect(place.put(placedOf('another', 3_600_000, 'a history'))).rejects.toMatchObject({
      code: 'ARCHIVE_REFUSED',
    });
    await expect(place.remove(at)).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' });
    // Whoever has the bucket writes over the name or deletes it: what was put there is still there.
    const { pathname } = new URL(at);
    const object = { Bucket: 'histories', Key: decodeURIComponent(pathname.slice(1)) };
    await s3.client.send(new PutObjectCommand({ ...object, Body: 'forged' }));
    await s3.client.send(new DeleteObjectCommand(object));
    expect(Buffer.from(await place.get(at)).toString()).toBe('a history');
    const over = await place.put(placedOf('past its time', 0));
    await place.remove(over);
    await place.remove(over);
    await expect(place.get(over)).rejects.toMatchObject({ code: 'ARCHIVE_CHANGED' });
  });

  test('that is down loses nothing: histories wait in the database, are brought once it is up, and are proven and replayed from there', async () => {
    const id = await about('person:tess');
    const name = { tenant, workflow: id, run: (await evidence.store.runsOf(tenant, id))[0]!.run };
    const own = (archive: ArchivePlace): BringParts => ({
      archive,
      retention: evidence.retention,
      tenants: () => Promise.resolve([tenant]),
    });
    const down = createS3Archive(readS3Url('s3://histories?region=us-east-1&endpoint=http://127.0.0.1:1'));
    const waiting = await evidence.retention.countUnplaced(tenant);
    expect(waiting).toBeGreaterThan(0);
    await expect(bringAll(own(down))).rejects.toMatchObject({ code: 'ARCHIVE_UNAVAILABLE', isPassing: true });
    expect(await evidence.retention.countUnplaced(tenant)).toBe(waiting);
    expect((await evidence.store.archived(name))?.stored.length).toBeGreaterThan(0);
    // The process dies between the place and the row: it is brought again, and is there once.
    await place.put((await evidence.retention.unplaced(tenant, 1))[0]!);
    expect(await bringAll(own(place))).toBe(waiting);
    expect(await bringAll(own(place))).toBe(0);
    expect(await evidence.retention.countUnplaced(tenant)).toBe(0);
    await expect(evidence.store.archived(name)).rejects.toMatchObject({ code: 'ARCHIVE_NOT_NAMED' });
    const store = createEvidenceStore(robots.stand.database, [], place);
    const source = archivedHistories({ store, keys: evidence.keys });
    expect((await source.histories(id))[0]?.events?.length).toBeGreaterThan(5);
    const verified = await proven(now(), store);
    expect(verified).toMatchObject({ flaws: [] });
    expect(verified.histories).toBeGreaterThan(waiting - 1);
    // At the end of its time it leaves the place, and the row with it: where the place refuses, neither does.
    const { before } = await evidence.retention.cut(tenant, now() + YEARS_MS);
    await withoutItsClock(async () => {
      await expect(createRetention(robots.stand.database, place).drop(tenant, before)).rejects.toMatchObject({
        code: 'ARCHIVE_REFUSED',
      });
      await expect(evidence.retention.drop(tenant, before)).rejects.toMatchObject({
        code: 'ARCHIVE_NOT_NAMED',
      });
    });
    expect((await store.archived(name))?.stored.length).toBeGreaterThan(0);
    await expect(
      robots.stand.database.of(tenant).query({
        text: `UPDATE archived_histories SET place = 's3://elsewhere/x' WHERE tenant = $1`,
        values: [tenant],
      }),
    ).rejects.toMatchObject({ code: 'STORE_REFUSED' });
  });

  const objectAt = (at: string) => {
    const { pathname, searchParams } = new URL(at);
    const Key = decodeURIComponent(pathname.slice(1));
    return { Bucket: 'histories', Key, VersionId: searchParams.get('versionId') ?? '' };
  };

  test('holds what a legal hold keeps past its lock, lets go of what was lifted, and of what was removed', async () => {
    const history = placedOf('held past its time', 0);
    const at = await place.put(history);
    await place.hold(at, true);
    await expect(s3.client.send(new DeleteObjectCommand(objectAt(at)))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
    // The database has said that it may go: whoever lifted the hold a moment ago does not wait for the next look.
    await place.remove(at);
    await expect(place.get(at)).rejects.toMatchObject({ code: 'ARCHIVE_CHANGED' });

    const id = await about('person:quinn');
    const parts: BringParts = {
      ...{ archive: place, retention: evidence.retention },
      tenants: () => Promise.resolve([tenant]),
    };
    await bringAll(parts);
    const statusOf = async (of: string): Promise<string | undefined> =>
      (await s3.client.send(new GetObjectLegalHoldCommand(objectAt(of)))).LegalHold?.Status;
    const known = new Set<string>();
    const hold = await held({ scope: 'outcome', outcome: id });
    await holdAll(parts, known, Date.now());
    expect(known.size).toBe(0);
    await holdAll(parts, known, Date.now() + YEARS_MS);
    const [kept = ''] = known;
    expect([known.size, await statusOf(kept)]).toEqual([1, 'ON']);
    await lifted(hold);
    await holdAll(parts, known, Date.now() + YEARS_MS);
    expect([known.size, await statusOf(kept)]).toEqual([0, 'OFF']);

    // However many there are, and also where those of one instant do not fit one page.
    const whole = await held({ scope: 'tenant' });
    const placed = await robots.stand.database.of(tenant).query<{ readonly place: string }>({
      text: 'SELECT place FROM archived_histories WHERE tenant = $1 AND place IS NOT NULL',
      values: [tenant],
    });
    const places = placed.map((row) => row.place).sort();
    expect(places.length).toBeGreaterThan(3);
    const pages = await Promise.all(
      [1, 3, places.length].map((page) => evidence.retention.heldPlaces(tenant, Date.now() + YEARS_MS, page)),
    );
    for (const page of pages) expect([...page].sort()).toEqual(places);
    await lifted(whole);
  });

  test('that refuses one history gets all others, for as long as it is asked', async () => {
    const [one, two] = [await about('person:ruth'), await about('person:sam')];
    const taken = (await evidence.store.runsOf(tenant, one))[0]!.run;
    // Somebody has put other bytes under its name.
    const waiting = await evidence.retention.unplaced(tenant, 10);
    const mine = waiting.find(({ run }) => run === taken)!;
    await place.put({ ...placedOf('other bytes', 3_600_000, taken), closedAt: mine.closedAt });
    const told: unknown[] = [];
    const bringing = startBringing(
      {
        archive: place,
        retention: evidence.retention,
        tenants: () => Promise.resolve([tenant]),
        onError: (error) => told.push(error),
      },
      { lookMs: 20 },
    );
    const look = () => evidence.retention.unplaced(tenant, 10);
    const left = await until(look, ({ length }) => length <= 1, { withinMs: 30_000, everyMs: 50 });
    await bringing.stop();
    expect(left.map(({ run }) => run)).toEqual([taken]);
    expect(told).toContainEqual(expect.objectContaining({ code: 'ARCHIVE_REFUSED' }));
    expect(await isArchived(one)).toBe(true);
    await expect(isArchived(two)).rejects.toMatchObject({ code: 'ARCHIVE_NOT_NAMED' });
  });

  test('is named by an address of which everything is understood', () => {
    expect(readS3Url('s3://my-bucket/a/b/?region=eu-central-1&lock=governance')).toEqual({
      ...{ bucket: 'my-bucket', prefix: 'a/b/', region: 'eu-central-1', lock: 'governance' },
    });
    for (const text of ['https://my-bucket', 's3://', 's3://my-bucket?lock=maybe', 's3://my-bucket?regoin=x'])
      expect(() => readS3Url(text)).toThrow(RangeError);
  });
});
