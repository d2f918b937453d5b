/** Everything that a person does with outcomes, as commands against one stand that `backstep up` runs. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SandboxAdmin } from '../../../src/sandbox';
import { backstep, build, startUp, type Ran, type RunningUp } from '../../kit/cli';
import { STAND_TIMEOUT_MS } from '../../kit/stand';

/** Each step is a process of its own, and the machine may be busy. */
jest.setTimeout(60_000);

const ENV = { BACKSTEP_STAND: 'test-cli', BACKSTEP_USER: 'person:ada.admin' };
const SPEC = path.join(__dirname, '../../../docs/spec/xops-execution-engine.txt');

let up: RunningUp;
let folder: string;

const cli = (args: readonly string[], input = ''): Promise<Ran> => backstep(args, { env: ENV, input });
const onboard = (entity: string, id: string, ...more: readonly string[]): Promise<Ran> =>
  cli(['run', 'EMP-R-001', '--entity', entity, '--id', id, ...more]);

beforeAll(async () => {
  build();
  folder = mkdtempSync(path.join(tmpdir(), 'backstep-cli-'));
  up = await startUp({ env: ENV });
}, STAND_TIMEOUT_MS);

afterAll(async () => {
  const code = await up.stop();
  rmSync(folder, { recursive: true, force: true });
  expect(code).toBe(0);
  expect((await cli(['trace', 'acme/EMP-R-001/whole'])).err).toContain('[STAND_NOT_UP]');
});

/** Lines without the time of day, and with the one figure that differs from run to run made alike. */
const plain = (text: string): readonly string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\d\d:\d\d:\d\d /, '').replace(/duration=\d+\.\ds/, 'duration=7.1s'));

/** The trace that the spec prints. */
const specified = (): readonly string[] =>
  plain(
    readFileSync(SPEC, 'utf8')
      .split('\n')
      .filter((line) => /^10:42:\d\d /.test(line))
      .join('\n'),
  );

const errorOf = ({ out }: Ran): unknown => (JSON.parse(out) as { error: unknown }).error;

describe('an outcome', () => {
  it('tells its story in the very lines of the spec; only what ran together may change places', async () => {
    const { code, out, err } = await onboard('person:sarah.chen', 'whole');
    expect({ code, err }).toEqual({ code: 0, err: 'outcome acme/EMP-R-001/whole\n' });
    const lines = plain(out);
    expect([...lines].sort()).toEqual([...specified()].sort());
    expect([...lines.slice(0, 2), lines.at(-1)]).toEqual([...specified().slice(0, 2), specified().at(-1)]);
    expect(lines.indexOf('awf=okta.create_identity  ok  comp=disable_identity')).toBeLessThan(
      lines.indexOf('awf=okta.assign_groups    ok  comp=remove_groups'),
    );
    expect((await cli(['trace', 'acme/EMP-R-001/whole'])).out).toBe(out);
  });

  it('is not run twice under one id', async () => {
    const { out } = await cli(['trace', 'acme/EMP-R-001/whole']);
    expect(await onboard('person:sarah.chen', 'whole')).toEqual({
      code: 0,
      out,
      err: 'outcome acme/EMP-R-001/whole had been run before: this is its story\n',
    });
  });

  it('tells the same as JSON, one event a line', async () => {
    const { out } = await cli(['trace', 'acme/EMP-R-001/whole', '--json']);
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; at: number });
    expect(events).toHaveLength(specified().length);
    expect(events[0]).toMatchObject({ kind: 'outcome', outcome: 'EMP-R-001', entity: 'person:sarah.chen' });
    expect(events.at(-1)).toMatchObject({ kind: 'outcome.complete' });
    expect(events.every(({ at }) => Number.isInteger(at))).toBe(true);
  });

  it('is taken back after it completed, every action by its own compensation, and only once', async () => {
    const back = ['backstep', 'acme/EMP-R-001/whole', '--reason', 'wrong person'];
    const { code, out } = await cli(back);
    expect(code).toBe(0);
    const told = plain(out);
    const undone = told.slice(specified().length);
    expect(undone[0]).toBe('backstep from=request code=REQUESTED by=person:ada.admin reason="wrong person"');
    expect(undone.at(-1)).toMatch(/^outcome\.backstepped {2}duration=/);
    const pairs = specified().flatMap((line) => {
      const found = /^awf=(\S+) +ok +comp=(\S+)/.exec(line);
      return found === null ? [] : [`comp=${found[2]!} ok of=${found[1]!}`];
    });
    expect(undone.slice(1, -1).sort()).toEqual(pairs.sort());
    const again = await cli(back);
    expect(again.code).toBe(1);
    expect(again.err).toContain('it has gone back, or is going back, already [OUTCOME_REFUSED]');
  });

  it('that does not exist is told so', async () => {
    const asked = await cli(['trace', 'acme/EMP-R-001/nobody', '--json']);
    expect(asked.code).toBe(1);
    expect(errorOf(asked)).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });

  it('runs as it was reviewed', async () => {
    const plan = path.join(folder, 'plan.json');
    const compiled = await cli([
      'compile',
      'EMP-R-004',
      '--entity',
      'person:noah.kim',
      '--out',
      plan,
      '--json',
    ]);
    const { planId } = JSON.parse(compiled.out) as { planId: string };
    const { code, out } = await cli(['run', '--plan', plan, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out.trimEnd().split('\n').at(-1)!)).toMatchObject({ planId, phase: 'completed' });
  });
});

describe('when changes may be made', () => {
  const reason = ['--reason', 'the auditors are here'];

  it('a calendar and a passive node are set with a reason, stand among the controls in force, and are lifted', async () => {
    const freeze = ['calendar', 'audit', 'automation:onboard-contractor'];
    const node = 'onboard.contractor/channels';
    const set = await cli([...freeze, '--freeze', '2020-01-01/2020-02-01', ...reason]);
    expect(set).toMatchObject({
      code: 0,
      out: 'the calendar audit over automation:onboard-contractor is set: freeze, 1 windows\n',
    });
    expect(await cli(['passive', node, ...reason])).toMatchObject({ code: 0, out: `${node} only watches\n` });
    const { out } = await cli(['guardrails']);
    expect(out).toMatch(/automation:onboard-contractor +calendar:audit .*the auditors are here/);
    expect(out).toMatch(/node:onboard\.contractor\/channels +passive +true/);
    // A node of a runbook that others use only watches in their plans, too.
    const used = 'equip.person/mac-order';
    expect((await cli(['passive', used, ...reason])).code).toBe(0);
    expect((await cli(['guardrails'])).out).toMatch(
      /runbook:onboard\.contractor +passive:equip\.person\/mac-order +true/,
    );
    expect((await cli(['passive', used, '--off', ...reason])).code).toBe(0);
    expect((await cli([...freeze, '--lift', ...reason])).code).toBe(0);
    expect((await cli(['passive', node, '--off', ...reason])).out).toBe(`${node} acts again\n`);
  });

  it('a runbook and a domain are paused by their bare names, too', async () => {
    for (const [name, scope] of [
      ['people', 'domain people'],
      ['onboard.contractor', 'runbook onboard.contractor'],
      ['EMP-R-001', 'runbook onboard.contractor'],
    ] as const) {
      expect((await cli(['pause', name, ...reason])).out).toBe(`${scope} is paused\n`);
      expect((await cli(['resume', name, ...reason])).out).toBe(`${scope} is resumed\n`);
    }
  });

  it('a name that nothing has, a window that is none and a node that is none are refused', async () => {
    for (const [args, code] of [
      [['calendar', 'x', 'runbook:nope', '--freeze', '2020-01-01/2021-01-01'], 1],
      [['calendar', 'x', 'tenant:acme', '--freeze', '2021-01-01/2020-01-01'], 2],
      [['passive', 'onboard.contractor/nope'], 1],
    ] as const) {
      expect([args, (await cli([...args, ...reason])).code]).toEqual([args, code]);
    }
  });
});

describe('at a gate', () => {
  const id = 'acme/EMP-R-001/gated';

  it('an outcome waits, is paused, is approved, and goes on when it is resumed', async () => {
    const waiting = await onboard('person:ravi.shah', 'gated', '--param', 'approval=manager');
    expect(waiting.code).toBe(0);
    expect(waiting.err).toContain(`it waits at a gate: backstep approve ${id}#manager --reason …`);

    expect((await cli(['approve', `${id}#managr`])).err).toContain('help: did you mean `manager`?');
    expect((await cli(['pause', id, '--reason', 'lunch'])).out).toBe('paused\n');
    expect((await cli(['pause', id, '--json'])).out).toBe(
      `${JSON.stringify({ outcome: id, answer: 'late' })}\n`,
    );
    const approve = ['approve', `${id}#manager`, '--as', 'person:helen.park', '--reason', 'welcome on board'];
    expect((await cli(approve)).out).toBe('approved\n');
    expect(plain((await cli(['trace', id])).out).slice(2)).toEqual([
      'gate=manager open approval=approve by=manager',
      'paused by=person:ada.admin reason=lunch',
      'gate=manager approved by=person:helen.park reason="welcome on board"',
    ]);
    expect((await cli(['resume', id])).out).toBe('resumed\n');
    const { out } = await cli(['trace', id, '--follow']);
    expect(plain(out).at(-1)).toBe('outcome.complete  duration=7.1s');
    const late = await cli(['resume', id, '--json']);
    expect(errorOf(late)).toMatchObject({ code: 'OUTCOME_OVER' });
  });

  it('a rejection takes it back, and nothing was done', async () => {
    const no = 'acme/EMP-R-001/unwanted';
    await onboard('person:noah.kim', 'unwanted', '--param', 'approval=manager');
    const reject = ['reject', `${no}#manager`, '--reason', 'not now'];
    // Who started it does not decide on it, and that is on record.
    expect(errorOf(await cli([...reject, '--json']))).toMatchObject({ code: 'GATE_SELF_APPROVAL' });
    expect((await cli([...reject, '--as', 'person:maya.lindqvist'])).out).toBe('rejected\n');
    const { out } = await cli(['trace', no, '--follow']);
    expect(plain(out).slice(3)).toEqual([
      'decision=manager refused by=person:ada.admin code=GATE_SELF_APPROVAL',
      'gate=manager rejected by=person:maya.lindqvist reason="not now"',
      'backstep from=manager code=GATE_REJECTED',
      'outcome.backstepped  duration=7.1s',
    ]);
  });
});

it('an undo that is refused becomes an incident, which a person resolves', async () => {
  const id = 'acme/EMP-R-001/stuck';
  const sandbox = new SandboxAdmin(`${String(up.ready['sandbox'])}/__admin`);
  expect((await onboard('person:noah.kim', 'stuck')).code).toBe(0);
  const fault = await sandbox.addFault({
    match: { tenant: 'acme', op: 'slack.conversations.kick' },
    effect: { kind: 'refuse', code: 'restricted_action' },
  });
  const back = await cli(['backstep', id, '--reason', 'left before the first day']);
  await sandbox.clearFaults(fault.id);
  expect(back.code).toBe(1);
  expect(back.err).toContain(
    `it needs a person: backstep resolve ${id}#channels retry|supply|accept|backstep`,
  );
  expect(await cli(['resolve', `${id}#channels`, 'retry'])).toEqual({
    code: 0,
    out: 'resolved: retry\n',
    err: '',
  });
  const { out } = await cli(['trace', id, '--follow']);
  expect(plain(out).at(-1)).toMatch(/^outcome\.backstepped/);
  expect(out).toContain('comp=remove_channels ok of=slack.invite_channels');
});

describe('an event', () => {
  const hired = {
    specversion: '1.0',
    id: 'hire-1',
    source: '/hr',
    type: 'com.acme.hr.contractor.hired',
    data: { email: 'sarah.chen@acme.example' },
  };

  it('starts the outcome that its automation selects, once', async () => {
    const first = await cli(['emit', '-', '--json'], JSON.stringify(hired));
    expect({ code: first.code, taken: JSON.parse(first.out) as unknown }).toMatchObject({
      code: 0,
      taken: { status: 'started', outcome: 'acme/EMP-R-001/hire-1' },
    });
    const again = await cli(['emit', '-', '--json'], JSON.stringify(hired));
    expect(JSON.parse(again.out)).toMatchObject({ status: 'duplicate', outcome: 'acme/EMP-R-001/hire-1' });
  });

  it('that nothing takes is kept, and says so', async () => {
    const { code, err } = await cli(
      ['emit', '-'],
      JSON.stringify({ ...hired, id: 'x', type: 'com.acme.lunch' }),
    );
    expect(code).toBe(1);
    expect(err).toContain('SELECT_NONE');
    expect(err).toContain('[EVENT_KEPT]');
  });

  it('that is none is refused, with what is missing', async () => {
    const refused = await cli(['emit', '-', '--json'], '{"id":"1"}');
    expect(refused.code).toBe(1);
    expect(errorOf(refused)).toMatchObject({ code: 'EVENT_REFUSED' });
    expect(refused.err).toContain('EVENT_ATTRIBUTE_MISSING');
  });
});

it('an entity is created, changed and read', async () => {
  const fields = JSON.stringify({ name: 'Ada Lovelace', email: 'ada@acme.example' });
  expect((await cli(['entity', 'upsert', 'person:ada.lovelace', fields])).code).toBe(0);
  const { out } = await cli(['entity', 'get', 'person:ada.lovelace', '--json']);
  expect(JSON.parse(out)).toMatchObject({ id: 'person:ada.lovelace', fields: { name: 'Ada Lovelace' } });
  const unknown = await cli(['entity', 'get', 'person:nobody']);
  expect({ code: unknown.code, err: unknown.err }).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no entity `person:nobody`') as string,
  });
});

describe('a stand that is up', () => {
  it('is found by doctor, with its addresses', async () => {
    const { code, out } = await cli(['doctor', '--json']);
    const { stand } = JSON.parse(out) as { stand: Record<string, unknown> };
    expect(code).toBe(0);
    expect(stand).toMatchObject({
      state: 'running',
      temporal: { answers: true, address: up.ready['temporal'] },
      postgres: { answers: true },
    });
  });

  it('is not brought up a second time', async () => {
    const { code, err } = await cli(['up']);
    expect(code).toBe(1);
    expect(err).toContain('the stand `test-cli` is up already: another process runs it [STAND_ALREADY_UP]');
  });
});
