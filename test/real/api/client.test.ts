/**
 * The API from outside, on a stand of its own: a client generated from its document, the command line over it, a second tenant
 * that sees nothing, and a fuzzer that reads the document.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findFuzzer, fuzz } from '../../fuzz/schemathesis';
import { backstep, type Ran } from '../../kit/cli';
import { openServed, type Served } from '../../kit/served';
import { STAND_TIMEOUT_MS } from '../../kit/stand';

/** Outcomes take some seconds on a busy machine, and so does a compiler. */
jest.setTimeout(120_000);

const ROOT = path.join(__dirname, '../../..');
const ALL = 'author,operator,approver,auditor,admin';

let served: Served;
let url: string;
let operator: string;
let approver: string;
let admin: string;
let stranger: string;

beforeAll(async () => {
  served = await openServed('test-client', { BACKSTEP_API_PER_MINUTE: '1000000' });
  ({ url } = served);
  [operator, approver, admin, stranger] = await Promise.all([
    served.token('person:olive.operator', 'operator,author'),
    served.token('person:maya.lindqvist', 'approver,auditor'),
    served.token('person:ada.admin', ALL),
    served.token('person:olive.operator', ALL, 'globex'),
  ]);
}, STAND_TIMEOUT_MS);

afterAll(() => served.close(), 60_000);

const getAs = (token: string, at: string): Promise<Response> => served.fetch(token, at);

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
const document = async (): Promise<Document> =>
  (await (await fetch(`${url}/openapi.json`)).json()) as Document;

/** The same JSON, whatever the order of its members. */
const sorted = (text: string): unknown => JSON.parse(text);

/** What is there of acme once the stories of this file have run. */
let outcome = '';

test('a client that was generated from the document compiles, and runs the story of an approval', async () => {
  const folder = path.join(ROOT, '.cache', `client-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(path.join(folder, 'openapi.json'), JSON.stringify(await document()));
    copyFileSync(path.join(ROOT, 'test/kit/client-story.ts.txt'), path.join(folder, 'story.ts'));
    const run = (program: string, ...args: string[]) =>
      spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8' });
    const bin = (name: string): string => path.join(ROOT, 'node_modules', name);
    const generated = run(bin('openapi-typescript/bin/cli.js'), 'openapi.json', '-o', 'schema.ts');
    expect([generated.status, generated.stderr.includes('✘')]).toEqual([0, false]);
    const options =
      '--strict --skipLibCheck --exactOptionalPropertyTypes --target es2022 --module nodenext --outDir js';
    const checked = run(bin('typescript/bin/tsc'), 'story.ts', ...options.split(' '));
    expect([checked.status, checked.stdout]).toEqual([0, '']);
    const told = run('js/story.js', url, operator, approver);
    expect([told.status, told.stderr]).toEqual([0, '']);
    const story = JSON.parse(told.stdout) as Readonly<Record<string, unknown>>;
    outcome = String(story['id']);
    expect(story).toMatchObject({
      isSame: true,
      task: 'manager',
      refused: 'GATE_APPROVER_NOT_ALLOWED',
      decided: 'done',
      phase: 'completed',
      why: true,
    });
    expect(story['decisions']).toBeGreaterThan(3);
    expect(story['kinds']).toEqual(
      expect.arrayContaining(['gate.open', 'gate.approved', 'outcome.complete']),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('the command line over an API', () => {
  const over = (args: readonly string[], token: string): Promise<Ran> =>
    backstep(args, {
      env: { ...served.env, BACKSTEP_API: url, BACKSTEP_TOKEN: token, BACKSTEP_STAND: 'nowhere' },
    });
  const here = (args: readonly string[]): Promise<Ran> => served.cli(args);

  test('runs an outcome to its gate, sees it in the inbox, decides and takes it back', async () => {
    const args = ['run', 'EMP-R-001', '--entity', 'person:noah.kim', '--param', 'approval=manager'];
    const run = await over([...args, '--id', 'remote-1'], operator);
    const id = 'acme/EMP-R-001/remote-1';
    expect([run.code, run.err]).toEqual([0, expect.stringContaining(`backstep approve ${id}#manager`)]);
    const inbox = await over(['inbox', `${id}#manager`, '--json'], approver);
    expect(JSON.parse(inbox.out)).toMatchObject({ id: `${id}#manager`, kind: 'gate' });
    const own = await over(['approve', `${id}#manager`, '--reason', 'mine'], operator);
    expect([own.code, own.err]).toEqual([1, expect.stringContaining('GATE_APPROVER_NOT_ALLOWED')]);
    const approved = await over(['approve', `${id}#manager`, '--reason', 'fine'], approver);
    expect([approved.err, approved.out]).toEqual(['', 'approved\n']);
    const followed = await over(['trace', id, '--follow'], operator);
    expect(followed.out).toContain('outcome.complete');
    const back = await over(['backstep', id, '--reason', 'a test'], operator);
    expect([back.code, back.out]).toEqual([0, expect.stringContaining('outcome.backstepped')]);
    expect((await over(['trace', id], operator)).out).toBe((await here(['trace', id])).out);
  });

  /** Runs it over the API and beside the servers, and expects the same of both; gives what the API's printed. */
  const bothSay = async (args: readonly string[], token: string): Promise<string> => {
    const [there, near] = await Promise.all([over(args, token), here(args)]);
    const [a, b] = args.includes('--json') ? [there.out, near.out].map(sorted) : [there.out, near.out];
    expect([args, there.code, a]).toEqual([args, near.code, b]);
    expect([args, there.err.split('\n')[0]]).toEqual([args, near.err.split('\n')[0]]);
    return there.out;
  };

  test('says the same as on the machine of the servers', async () => {
    const id = `${outcome}#identity`;
    for (const args of [
      ['explain', id, '--level', '3', '--json'],
      ['trust', '--json'],
      ['guardrails', '--json'],
      ['trace', 'acme/EMP-R-001/nobody'],
      ['entity', 'get'],
      ['log', 'expire', '--at', '2040-01-01', '--json'],
      ['replay', 'rehearse', outcome],
      ['replay', 'review', id, '--json'],
      ['replay', 'fork', outcome, '--from', 'channels', '--param', 'channels=contractors'],
    ]) {
      expect([args, (await bothSay(args, approver)) === '']).toEqual([args, args.includes('trace')]);
    }
    const plan = ['compile', 'EMP-R-001', '--entity', 'person:noah.kim', '--entities', 'store', '--json'];
    expect(await bothSay(plan, operator)).toContain('"outcome":"EMP-R-001"');
  });

  test('keeps and lets go, and says who may not', async () => {
    const reason = ['--reason', 'case 12'];
    const refused = await over(['log', 'hold', '--everything', ...reason], approver);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('ROLE_MISSING')]);
    const hold = await over(['log', 'hold', '--outcome', outcome, '--json', ...reason], admin);
    const { id } = JSON.parse(hold.out) as { readonly id: string };
    expect(sorted(await bothSay(['log', 'holds', '--json'], approver))).toMatchObject([
      { id, scope: 'outcome', name: outcome, by: 'person:ada.admin', reason: 'case 12', liftedAt: null },
    ]);
    const lifted = await over(['log', 'lift', id, ...reason], admin);
    expect([lifted.err, lifted.out]).toEqual(['', expect.stringContaining(`${id} is lifted; on record as`)]);
    expect(await bothSay(['log', 'holds', '--all'], approver)).toContain('; lifted ');
    const [unknown, scheduled, gone] = await Promise.all([
      over(['log', 'lift', id, ...reason], admin),
      over(['log', 'expire', '--schedule', 'on'], admin),
      over(['log', 'expire', ...reason], admin),
    ]);
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('LOG_HOLD_UNKNOWN')]);
    expect([scheduled.out, gone.out]).toEqual([
      expect.stringContaining('let go by itself: '),
      expect.stringContaining('0 histories let go; on record as'),
    ]);
  });

  test('tells of entities and takes records along, and reads files where it runs', async () => {
    const told = ['entity', 'upsert', 'person:noah.kim', '{"title":"Engineer, remote"}'];
    const { out } = await over(told, operator);
    expect(out).toMatch(/title +"Engineer, remote" +person:olive\.operator/);
    const [known, again, unfit] = await Promise.all([
      over(['entity', 'get', 'person:noah.kim'], approver),
      over([...told, '--json'], operator),
      over(['entity', 'upsert', 'person:noah.kim', '{"shoes":1}'], operator),
    ]);
    expect([known.out, again.err]).toEqual([out, 'nothing changed\n']);
    expect([unfit.code, unfit.err]).toEqual([1, expect.stringContaining('ENTITY_')]);

    const folder = mkdtempSync(path.join(tmpdir(), 'backstep-taken-'));
    const taking = (out: string): readonly string[] => [
      'log',
      'export',
      '--out',
      path.join(folder, out),
      '--reason',
      'case 12',
    ];
    const asCsv = ['--format', 'csv', '--outcome', outcome, '--json'];
    const [there, beside, odd, bundle] = await Promise.all([
      over([...taking('far.csv'), ...asCsv], approver),
      here([...taking('near.csv'), ...asCsv]),
      over([...taking('odd'), '--format', 'csv', '--kind', 'nothing'], approver),
      over(taking('whole'), approver),
    ]);
    const { count, sha256 } = JSON.parse(beside.out) as Readonly<Record<string, unknown>>;
    expect(JSON.parse(there.out)).toMatchObject({ count, sha256, out: path.join(folder, 'far.csv') });
    const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
    expect(read('far.csv')).toBe(read('near.csv'));
    expect([odd.err, bundle.code, bundle.err]).toEqual([
      expect.stringContaining('LOG_KIND_UNKNOWN'),
      2,
      expect.stringContaining('and no bundle'),
    ]);
    expect(readdirSync(folder).sort()).toEqual(['far.csv', 'near.csv']);

    // An event is rehearsed where the configuration is; histories of a file are read here, whoever is named.
    const event = path.join(folder, 'event.json');
    const hired = { specversion: '1.0', id: 'r-1', source: '/hr', type: 'tests.nothing', data: {} };
    writeFileSync(event, JSON.stringify(hired));
    expect(await bothSay(['replay', 'rehearse', event], approver)).toBe('');
    const history = path.join(folder, 'history.json');
    const at = `/v1/outcomes/${encodeURIComponent(outcome)}/history`;
    writeFileSync(history, await (await getAs(approver, at)).text());
    const nobody = { env: { ...served.env, BACKSTEP_API: 'http://127.0.0.1:1', BACKSTEP_STAND: 'nowhere' } };
    const explained = await backstep(['explain', `${outcome}#identity`, '--file', history], nobody);
    expect([explained.code, explained.err]).toEqual([0, '']);
    rmSync(folder, { recursive: true });
  });

  test('acts: an event, a dial, a limit, a scope and a kill', async () => {
    const event = {
      specversion: '1.0',
      id: 'remote-event',
      source: '/tests',
      type: 'tests.nothing',
      data: {},
    };
    const emitted = await backstep(['emit', '-', '--json', '--api', url], {
      env: { ...served.env, BACKSTEP_TOKEN: operator },
      input: JSON.stringify(event),
    });
    expect(JSON.parse(emitted.out.split('\n')[0] ?? '')).toMatchObject({ status: 'unselected' });
    const reason = ['--reason', 'a test'];
    const { items } = (await (await getAs(operator, '/v1/automations')).json()) as {
      readonly items: readonly { readonly id: string }[];
    };
    const automation = items[0]!.id;
    expect((await over(['dial', automation, 'manual', ...reason], operator)).out).toContain(
      'stands at manual',
    );
    expect((await over(['pause', `automation:${automation}`, ...reason], operator)).out).toContain(
      'is paused',
    );
    expect((await over(['resume', `automation:${automation}`, ...reason], operator)).out).toContain(
      'is resumed',
    );
    expect((await over(['kill', automation, ...reason], operator)).out).toContain('is stopped');
    const set = ['guardrails', '--set', 'external_actions_per_day=500', '--json', ...reason];
    const limits = JSON.parse((await over(set, operator)).out) as {
      readonly controls: readonly { readonly kind: string; readonly by: string }[];
    };
    expect(limits.controls).toContainEqual(
      expect.objectContaining({ kind: 'limit:external_actions_per_day', by: 'person:olive.operator' }),
    );
    const after = (await (await getAs(operator, '/v1/automations')).json()) as typeof limits & {
      readonly items: readonly { readonly id: string; readonly dial: string; readonly killed: boolean }[];
    };
    expect(after.items.find(({ id }) => id === automation)).toMatchObject({ dial: 'observe', killed: true });
    const unknown = await over(['dial', 'nothing', 'manual', ...reason], operator);
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('CONTROL_REFUSED')]);
    expect((await over(['override', 'x'], operator)).code).toBe(2);
  });

  test('says that nobody answers, and that a token is missing', async () => {
    const nobody = await backstep(['trust', '--api', 'http://127.0.0.1:1'], { env: served.env });
    expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining('API_UNREACHABLE')]);
    const nameless = await backstep(['trust', '--api', url], { env: served.env });
    expect([nameless.code, nameless.err]).toEqual([1, expect.stringContaining('TOKEN_MISSING')]);
  });
});

test('a feed tells of outcomes of its own tenant as they change', async () => {
  const stopped = new AbortController();
  const response = await fetch(`${url}/v1/feed`, {
    headers: { authorization: `Bearer ${operator}`, accept: 'text/event-stream' },
    signal: stopped.signal,
  });
  let text = '';
  const reading = (async (): Promise<void> => {
    for await (const chunk of response.body!) {
      text += Buffer.from(chunk as Uint8Array).toString('utf8');
      if (text.includes('feed-1')) stopped.abort();
    }
  })().catch(() => undefined);
  await fetch(`${url}/v1/outcomes`, {
    method: 'POST',
    headers: { authorization: `Bearer ${operator}`, 'content-type': 'application/json' },
    body: JSON.stringify({ outcome: 'EMP-R-001', entity: 'person:noah.kim', id: 'feed-1' }),
  });
  await reading;
  expect(text).toContain('event: outcome');
  expect(text).toContain('acme/EMP-R-001/feed-1');
});

test('a second tenant with every role sees nothing of the first, by any route that reads', async () => {
  const { paths } = await document();
  const names: Readonly<Record<string, string>> = {
    id: outcome,
    key: 'dial.default',
    kind: 'inbox',
    seq: '1',
  };
  const asked: string[] = [];
  for (const [at, methods] of Object.entries(paths)) {
    if (!('get' in methods) || !at.startsWith('/v1/')) continue;
    const id = /actions|tasks/.test(at)
      ? `${outcome}#manager`
      : at.includes('entities')
        ? 'person:noah.kim'
        : outcome;
    const real = at.replace(/\{(\w+)\}/g, (_all, name: string) =>
      encodeURIComponent(name === 'id' ? id : (names[name] ?? 'x')),
    );
    const response = await getAs(stranger, real);
    const body = await response.text();
    // What was asked for is said again; nothing else of acme is.
    const said = body.replaceAll(outcome, '').replaceAll('person:noah.kim', '');
    expect([at, said.match(/acme[/.]|noah|olive/gi)]).toEqual([at, null]);
    expect([at, response.status < 500]).toEqual([at, true]);
    asked.push(at);
  }
  expect(asked.length).toBeGreaterThan(15);
});

test('a fuzzer finds no 5xx and nothing that the document does not say', async () => {
  const fuzzer = await findFuzzer();
  if (!fuzzer.isHere) {
    console.warn(`not fuzzed: ${fuzzer.why}`);
    return;
  }
  const token = await served.token('person:ada.admin', ALL, 'globex');
  const examples = Number(process.env['BACKSTEP_FUZZ_EXAMPLES'] ?? '2');
  const phases = examples > 2 ? 'examples,coverage,fuzzing' : 'fuzzing';
  const { code, output } = await fuzz(fuzzer, { url, token, examples, phases, seed: 20_261_121 });
  expect([code, code === 0 ? '' : output.slice(-8_000)]).toEqual([0, '']);
}, 600_000);
