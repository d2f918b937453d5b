/** The API as its users have it: `backstep up`, `backstep api`, tokens of `backstep token`, and requests over HTTP. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { backstep } from '../../kit/cli';
import { canonicalJson, type Json } from '../../../src/kernel/json';
import {
  items,
  openServed,
  outcomePath as pathOf,
  payloadKeys,
  taskPath,
  until,
  type Said,
  type Served,
} from '../../kit/served';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import { tellOfPeople } from './people';
import { tellOfSealing } from './sealed';
import { tellOfStanding } from './standing';

/** An outcome takes some seconds on a busy machine. */
jest.setTimeout(60_000);

let served: Served;
let keysFile: string;
let operator: string;
let approver: string;
let stranger: string;
const folder = mkdtempSync(path.join(tmpdir(), 'backstep-walk-'));
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
/** A command as a shell reads it. */
const wordsOf = (command: string): readonly string[] =>
  [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

beforeAll(async () => {
  // All of this file goes with payloads that are encrypted.
  keysFile = payloadKeys('acme', 'globex');
  served = await openServed('test-api', { BACKSTEP_PAYLOAD_KEYS: keysFile });
  [operator, approver, stranger] = await Promise.all([
    served.token('person:olive.operator', 'operator,author'),
    served.token('person:maya.lindqvist', 'approver,auditor'),
    served.token('person:olive.operator', 'operator,approver,auditor,admin', 'globex'),
  ]);
}, STAND_TIMEOUT_MS);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  return served.close();
}, 60_000);

const get = (token: string, path: string): Promise<Said> => served.get(token, path);
const post = (token: string, path: string, body: object, key?: string): Promise<Said> =>
  served.post(token, path, body, key);

/** Frames of a stream, until it ends. */
async function framesOf(response: Response): Promise<readonly Readonly<Record<string, string>>[]> {
  const text = await response.text();
  return text
    .split('\n\n')
    .filter((frame) => frame !== '' && !frame.startsWith(':'))
    .map(
      (frame) =>
        Object.fromEntries(
          frame.split('\n').map((line) => /^(\w+): (.*)$/.exec(line)!.slice(1, 3)),
        ) as Record<string, string>,
    );
}

const stream = (token: string, id: unknown): Promise<Response> =>
  served.fetch(token, pathOf(id, '/trace'), { headers: { accept: 'text/event-stream' } });

test('is ready when the servers that it needs are', async () => {
  const { status, body } = await get('none', '/readyz');
  expect([status, body]).toEqual([
    200,
    { status: 'ready', dependencies: { postgres: 'up', temporal: 'up' } },
  ]);
});

describe('the story of an approval', () => {
  const key = randomUUID();
  const wanted = { outcome: 'EMP-R-001', entity: 'person:noah.kim', params: { approval: 'manager' } };
  let id: unknown;
  let task = '';

  test('a plan is compiled as the command line compiles it', async () => {
    const { status, body } = await post(operator, '/v1/plans', wanted);
    const args = [
      'compile',
      'EMP-R-001',
      '--entity',
      'person:noah.kim',
      '--param',
      'approval=manager',
      '--json',
    ];
    expect([status, body['plan']]).toEqual([200, JSON.parse((await served.cli(args)).out)]);
  });

  test('an outcome is started once, however often the request is sent', async () => {
    const all = await Promise.all([1, 2, 3].map(() => post(operator, '/v1/outcomes', wanted, key)));
    const first = all.find(({ status }) => status === 201)!;
    id = first.body['id'];
    expect(all.map(({ status }) => status).filter((status) => status !== 201 && status !== 409)).toEqual([]);
    const again = await post(operator, '/v1/outcomes', wanted, key);
    expect([again.status, again.body, again.headers.get('idempotency-replayed')]).toEqual([
      201,
      first.body,
      'true',
    ]);
    expect(again.headers.get('location')).toBe(pathOf(id));
    const other = await post(operator, '/v1/outcomes', { ...wanted, entity: 'person:sarah.chen' }, key);
    expect([other.status, other.body['code']]).toEqual([422, 'KEY_REUSED']);
  });

  test('it waits for a person, as a task that another tenant does not have', async () => {
    const waiting = await until(
      () => get(approver, '/v1/tasks'),
      (said) => items(said).length > 0,
    );
    task = `${String(id)}#manager`;
    expect(items(waiting)).toMatchObject([
      { id: task, kind: 'gate', outcome: id, node: 'manager', entity: 'person:noah.kim' },
    ]);
    expect(items(await get(stranger, '/v1/tasks'))).toEqual([]);
    expect(items(await get(stranger, '/v1/outcomes'))).toEqual([]);
    const refused = await post(stranger, taskPath(task, '/decision'), {
      verdict: 'approve',
    });
    expect([refused.status, refused.body['code']]).toEqual([404, 'OUTCOME_UNKNOWN']);
  });

  test('who runs it may not decide; who may decides once; the trace is told to its end', async () => {
    const path = taskPath(task, '/decision');
    const told = stream(operator, id).then(framesOf);
    const refused = await post(operator, path, { verdict: 'approve', reason: 'I run it' });
    expect([refused.status, refused.body['code']]).toEqual([403, 'GATE_APPROVER_NOT_ALLOWED']);
    const decided = await post(approver, path, { verdict: 'approve', reason: 'budget is there' });
    expect([decided.status, decided.body]).toEqual([200, { outcome: id, node: 'manager', answer: 'done' }]);
    const twice = await post(approver, path, { verdict: 'reject', reason: 'second thoughts' });
    // It may have run to its end meanwhile.
    expect(twice.status).toBe(409);
    expect(['OUTCOME_REFUSED', 'OUTCOME_OVER']).toContain(twice.body['code']);
    const frames = await told;
    expect(frames.at(-1)).toEqual({ event: 'end', id: 'end', data: '{"phase":"completed"}' });
    const { body } = await get(operator, pathOf(id, '/trace'));
    const events = frames.slice(0, -1).map(({ data = '' }) => JSON.parse(data) as unknown);
    const printed = (await served.cli(['trace', String(id), '--json'])).out.trimEnd().split('\n');
    const canonical = (all: readonly unknown[]): readonly string[] =>
      all.map((one) => canonicalJson(one as Json)).sort();
    expect(canonical(body['events'] as unknown[])).toEqual(canonical(events));
    expect(canonical(printed.map((line) => JSON.parse(line) as unknown))).toEqual(canonical(events));
    // Also who is nobody's approver stands on record, by name.
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'decision.refused',
        by: 'person:olive.operator',
        code: refused.body['code'],
      }),
    );
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'gate.approved',
        by: 'person:maya.lindqvist',
        reason: 'budget is there',
      }),
    );
    expect((await stream(operator, id).then(framesOf)).map((frame) => frame['id']).sort()).toEqual(
      frames.map((frame) => frame['id']).sort(),
    );
  });

  test('it can be taken back afterwards, and its history can be read by who may', async () => {
    const back = await post(operator, pathOf(id, '/backstep'), { reason: 'contract was cancelled' });
    expect([back.status, back.body]).toEqual([200, { outcome: id, answer: 'done', afterwards: true }]);
    await until(
      () => get(operator, pathOf(id, '/trace')),
      ({ body }) => body['phase'] === 'backstepped',
    );
    expect((await get(operator, pathOf(id, '/history'))).status).toBe(403);
    const { body } = await get(approver, pathOf(id, '/history'));
    expect(body).toMatchObject({ id });
    expect(body['runs']).toMatchObject([{ events: expect.arrayContaining([]) as unknown }]);
    expect((await post(operator, pathOf(id, '/pause'), {})).body['code']).toBe('OUTCOME_OVER');
  });
});

/**
 * Somebody who was told only when it happened, has a token with the role `auditor`, and types what the step before has shown: a number,
 * an id, a command.
 */
test('an auditor walks from a time to the trace, the decision, the data, the proof and the report', async () => {
  // On another day: it is over, projected and signed.
  const bundle = path.join(folder, 'bundle');
  const taken = await backstep(['log', 'export', '--out', bundle, '--reason', 'audit', '--json'], {
    env: served.env,
  });
  expect(taken.err).toBe('');
  const when = JSON.parse(
    readFileSync(path.join(bundle, 'records.jsonl'), 'utf8')
      .split('\n')
      .find((line) => line.includes('"kind":"action.committed"'))!,
  ) as { readonly at: string };
  const told = `${DAYS[new Date(when.at).getUTCDay()]!} ${when.at.slice(11, 16)}`;

  const [token, url] = [await served.token('person:audrey', 'auditor'), served.url];
  const env = { BACKSTEP_API: url, BACKSTEP_TOKEN: token };
  const walk = async (command: string): Promise<{ readonly shown: string; readonly next: string }> => {
    const { code, out, err } = await backstep(wordsOf(command), { env, cwd: folder });
    if (code !== 0) throw new Error(`${command}: ${err}`);
    return { shown: out, next: err };
  };
  const named = (text: string, command: string): string => {
    const [found] = new RegExp(`backstep ${command}[^\\n]*`).exec(text) ?? [];
    if (found === undefined) throw new Error(`no \`backstep ${command}\` in: ${text}`);
    return found.slice('backstep '.length);
  };

  const then = await walk(`log list --at "${told}"`);
  const line = then.shown.split('\n').find((one) => one.includes('action.committed'))!;
  const [, seq = '', , by = ''] = /^ *(\d+) (\S+) action\.committed +by=(\S+)/.exec(line)!;
  expect(by).toBe('person:olive.operator');

  const story = await walk(named(then.next, 'trace'));
  expect(story.shown).toContain('awf=okta.create_identity');
  expect(story.shown).toContain('gate=manager approved by=person:maya.lindqvist');

  const why = named(story.next, 'explain');
  const reasons = await walk(why);
  expect(reasons.shown).toContain('facts {');
  const whole = JSON.parse((await walk(`${why} --json`)).shown) as {
    readonly words: readonly string[];
    readonly decision: { readonly facts: object; readonly rules: readonly { readonly rule: string }[] };
  };
  // Every rule has its word, also those that did not bind, and the data is that which it read.
  expect(whole.decision.rules.length).toBeGreaterThan(5);
  for (const word of whole.words) expect(reasons.shown).toContain(word);
  expect(whole.decision.facts).toMatchObject({ startedByPerson: 'person:olive.operator' });
  expect((await walk(named(reasons.next, 'log list'))).shown).toContain(line.trim());

  const proof = await walk(named(then.next, 'log prove').replace('<seq>', seq));
  const file = path.join(folder, 'proof.json');
  writeFileSync(file, proof.shown);
  const nowhere = { TEMPORAL_ADDRESS: '127.0.0.1:1', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
  const check = named(proof.next, 'log verify').replace('<file>', 'proof.json');
  const offline = await backstep(wordsOf(check), { env: nowhere, cwd: folder });
  expect([offline.code, offline.out]).toEqual([
    0,
    expect.stringContaining(`proven: record ${seq} is in the log`) as unknown,
  ]);
  writeFileSync(file, readFileSync(file, 'utf8').replace('olive', 'alice'));
  const forged = await backstep(wordsOf(check), { env: nowhere, cwd: folder });
  expect([forged.code, forged.err]).toEqual([1, expect.stringContaining('LOG_NOT_PROVEN') as unknown]);

  await walk(named(proof.next, 'report'));
  const page = readFileSync(path.join(folder, 'report.html'), 'utf8');
  expect(page).toContain('<!doctype html>');
  expect(page).toContain(`<td class="n">${seq}</td>`);
  // Records are derived again from histories, which takes the key that they are encrypted with.
  const keyed = { ...nowhere, BACKSTEP_PAYLOAD_KEYS: keysFile };
  const proven = await backstep(['log', 'verify', bundle], { env: keyed });
  expect(proven.out).toContain('proven: nothing was changed, nothing is missing');

  // The same walk over REST, by links alone.
  const listed = await get(token, `/v1/policy-log?at=${encodeURIComponent(told)}&kind=action.committed`);
  const links = (listed.body['links'] as Record<string, Record<string, string>>)[seq]!;
  const at = async (link: string | undefined): Promise<Said['body']> => (await get(token, String(link))).body;
  expect(JSON.parse(String((await at(links['proof']))['record']))).toEqual(
    items(listed).find((one) => String(one['seq']) === seq),
  );
  const traced = (await at(links['trace']))['links'] as { readonly actions: Record<string, string> };
  expect(Object.values(traced.actions)).toContain(links['action']);
  const action = await at(links['action']);
  expect(line).toContain(String(action['action']));
  expect(action['words']).toHaveLength(whole.words.length);
  expect(await at((action['links'] as Record<string, string>)['review'])).toMatchObject({
    proof: { isSame: true },
  });
  expect(await at(links['report'])).toMatchObject({ kind: 'actions' });
}, 120_000);

test('an event counts once, and one that selects nothing is kept with the reason', async () => {
  const event = {
    specversion: '1.0',
    id: 'nothing-selects-me',
    source: '/tests',
    type: 'tests.nothing',
    data: {},
  };
  const kept = await post(operator, '/v1/events', event);
  expect([kept.status, kept.body['status']]).toEqual([202, 'unselected']);
  expect(kept.body['because']).toMatchObject([{ code: 'SELECT_NONE' }]);
});

test('a list is read page by page, and no filter reaches beyond its tenant', async () => {
  for (const entity of ['person:sarah.chen', 'person:noah.kim']) {
    await post(operator, '/v1/outcomes', { outcome: 'EMP-R-001', entity });
  }
  // What ends between two pages moves in the order of the list, and would come twice.
  const whole = await until(
    () => get(operator, '/v1/outcomes'),
    (said) => items(said).filter((row) => row['phase'] !== 'running').length === 3,
  );
  const seen: unknown[] = [];
  for (let cursor = ''; ;) {
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await get(operator, `/v1/outcomes?limit=1${query}`);
    seen.push(...items(page).map((row) => row['id']));
    const next = page.body['next'];
    if (typeof next !== 'string') break;
    cursor = next;
  }
  expect(seen.sort()).toEqual(
    items(whole)
      .map((row) => row['id'])
      .sort(),
  );
  const sly = encodeURIComponent(`x' OR BackstepTenant = 'acme`);
  expect(items(await get(stranger, `/v1/outcomes?entity=${sly}`))).toEqual([]);
  const slier = encodeURIComponent(`x\\' OR BackstepTenant = 'acme' OR BackstepEntity = 'x`);
  expect(items(await get(stranger, `/v1/outcomes?entity=${slier}`))).toEqual([]);
  const nonsense = await get(operator, '/v1/outcomes?cursor=bm9uc2Vuc2U');
  expect([nonsense.status, nonsense.body['code']]).toEqual([400, 'CURSOR_UNKNOWN']);
});

tellOfStanding(() => served);

test('an outcome that has ended is gone on with over REST, from one of its nodes and by its tenant alone', async () => {
  const first = await post(operator, '/v1/outcomes', { outcome: 'EMP-R-001', entity: 'person:sarah.chen' });
  const of = first.body['id'];
  const ends = (id: unknown): Promise<Said> =>
    until(
      () => get(operator, pathOf(id, '/trace')),
      ({ body }) => body['phase'] === 'completed',
    );
  await ends(of);
  const wanted = { resume: of, from: 'channels' };
  expect((await post(stranger, '/v1/outcomes', wanted)).body['code']).toBe('OUTCOME_UNKNOWN');
  expect((await post(operator, '/v1/outcomes', { ...wanted, from: 'nowhere' })).body['code']).toBe(
    'RESUME_REFUSED',
  );
  const again = await post(operator, '/v1/outcomes', wanted);
  expect([again.status, again.body['isNew']]).toEqual([201, true]);
  const { body } = await ends(again.body['id']);
  const events = body['events'] as readonly { readonly kind: string; readonly node?: string }[];
  expect(events.filter(({ kind }) => kind === 'awf.ok').map(({ node }) => node)).toEqual(['channels']);
  expect(events.filter(({ kind }) => kind === 'override').length).toBeGreaterThan(2);
});

test('what people set, hand on and take along is on record, under their names', async () => {
  // Projects what is not projected yet.
  expect((await served.cli(['log', 'rebuild'])).code).toBe(0);
  const seen = new Set<string>();
  for (let cursor = ''; ;) {
    const page = await get(approver, `/v1/policy-log?limit=100${cursor}`);
    for (const { kind, actor } of items(page) as readonly { kind: string; actor: { kind: string } }[])
      seen.add(`${kind} ${actor.kind}`);
    const { next } = page.body;
    if (typeof next !== 'string') break;
    cursor = `&cursor=${next}`;
  }
  expect([...seen]).toEqual(
    expect.arrayContaining(
      [
        ...['gate.delegated', 'control.scheduled', 'control.observed', 'control.limited', 'log.exported'],
        ...['admin.acted', 'gate.approved', 'backstep.begun', 'action.committed', 'outcome.started'],
      ].map((kind) => `${kind} person`),
    ),
  );
});

tellOfPeople(() => served);

tellOfSealing(
  () => served,
  () => keysFile,
);

test('stops in order, with a stream open', async () => {
  const { body } = await post(operator, '/v1/outcomes', {
    outcome: 'EMP-R-001',
    entity: 'person:noah.kim',
    params: { approval: 'manager' },
  });
  const open = await stream(operator, body['id']);
  const reading = open.text();
  const begun = Date.now();
  expect(await served.stop()).toBe(0);
  expect(Date.now() - begun).toBeLessThan(5_000);
  expect(await reading).not.toContain('event: end');
});
