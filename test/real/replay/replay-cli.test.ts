/**
 * Replay against a stand that runs: an onboarding is explained, reviewed, rehearsed and forked, and gone on with from one of its
 * nodes, as an outcome of its own with approvals of its own.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { connectOutcomes, type Outcomes } from '../../../src/temporal/client';
import { createCodec } from '../../../src/temporal/codec';
import { backstep, build, startUp, type Ran, type RunningUp } from '../../kit/cli';
import { STAND_TIMEOUT_MS } from '../../kit/stand';

jest.setTimeout(60_000);

const ENV = { BACKSTEP_STAND: 'test-replay', BACKSTEP_USER: 'person:ada.admin' };
const ID = 'acme/EMP-R-001/told';
const ON = 'acme/EMP-R-001/on';

let up: RunningUp;
let outcomes: Outcomes;
let folder: string;

const cli = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  backstep(args, { env: { ...ENV, ...env } });
async function json(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const { code, out, err } = await cli([...args, '--json'], env);
  if (code !== 0) throw new Error(err);
  return JSON.parse(out) as unknown;
}
const plain = ({ out }: Ran): readonly string[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\d\d:\d\d:\d\d /, '').replace(/ +/g, ' '));

beforeAll(async () => {
  build();
  folder = mkdtempSync(path.join(tmpdir(), 'backstep-replay-'));
  up = await startUp({ env: ENV });
  const { temporal, namespace } = up.ready as { readonly temporal: string; readonly namespace: string };
  outcomes = await connectOutcomes({ address: temporal, namespace, codec: createCodec() });
  const ran = await cli(['run', 'EMP-R-001', '--entity', 'person:sarah.chen', '--id', 'told']);
  if (ran.code !== 0) throw new Error(ran.err);
}, STAND_TIMEOUT_MS);
afterAll(async () => {
  await outcomes.close();
  rmSync(folder, { recursive: true, force: true });
  expect(await up.stop()).toBe(0);
});

test('an action is explained at three levels', async () => {
  const one = await cli(['explain', `${ID}#identity`, '--level', '1']);
  expect(one.out).toMatch(
    /^`okta.create_identity` for person:sarah.chen was done because person:ada.admin asked for it\./,
  );
  expect(await json(['explain', `${ID}#identity`, '--level', '3'])).toMatchObject({
    level: 3,
    decision: { fire: 'allow', facts: { startedByPerson: 'person:ada.admin' } },
    chain: expect.arrayContaining([expect.objectContaining({ step: 'commit', t: 0 })]) as unknown,
  });
});

test('a decision is reviewed under the rules of then and under a configuration that has changed since', async () => {
  expect(await json(['replay', 'review', `${ID}#identity`])).toMatchObject({
    proof: { isSame: true },
    difference: { shift: 'same', verdicts: [] },
  });
  // Since then the tenant's rules have become stricter: this AWF is for people alone, and more is of high risk.
  cpSync(path.join(__dirname, '../../../config'), path.join(folder, 'config'), { recursive: true });
  const layer = path.join(folder, 'config/acme/tenant.yaml');
  writeFileSync(layer, `${readFileSync(layer, 'utf8').trimEnd()}\n`);
  writeFileSync(
    path.join(folder, 'config/acme/layers/people.yaml'),
    stricter(readFileSync(path.join(folder, 'config/acme/layers/people.yaml'), 'utf8')),
  );
  const env = { BACKSTEP_CONFIG: path.join(folder, 'config') };
  const review = (await json(['replay', 'review', `${ID}#identity`], env)) as {
    readonly difference: { readonly facts: readonly { readonly path: string }[] };
  };
  expect(review).toMatchObject({ proof: { isSame: true }, difference: { shift: 'stricter' } });
  expect(review.difference.facts.map(({ path: at }) => at)).toContain('ceilings[0].mode');
  const words = await cli(['replay', 'review', `${ID}#identity`], env);
  expect(words.out).toContain('it is decided stricter: mode observe, it was');
});

/** The same layer with a ceiling of `observe` over all of it. */
const stricter = (yaml: string): string =>
  yaml.includes('values:')
    ? yaml.replace('values:', 'values:\n  ceiling: observe')
    : `${yaml}\nceiling: observe\n`;

test('an export verifies, rehearses and forks without any server', async () => {
  const file = path.join(folder, 'told.json');
  const runs = (await outcomes.histories(ID)).map((run) => JSON.parse(historyToJSON(run)) as unknown);
  writeFileSync(file, JSON.stringify({ id: ID, runs }));
  const nowhere = { BACKSTEP_STAND: 'test-replay-nowhere' };
  const verified = await cli(['replay', 'verify', '--file', file], nowhere);
  expect({ code: verified.code, err: verified.err }).toEqual({ code: 0, err: '' });
  expect(verified.out).toMatch(
    /^same {5}acme\/EMP-R-001\/told {2}\d+ events\n1 of 1 histories take the same way/,
  );
  expect(await json(['replay', 'rehearse', ID, '--file', file], nowhere)).toMatchObject({
    was: { changes: [] },
    phase: 'completed',
  });
  const forked = await cli(
    ['replay', 'fork', ID, '--from', 'identity', '--file', file, '--input', 'identity.login=7'],
    nowhere,
  );
  expect(forked.out).toContain('+ awf=okta.create_identity failed code=ACTION_INPUT_INVALID');
  expect(plain(forked).at(-1)).toBe('it ended as completed, and would have as backstepped');
  const broken = path.join(folder, 'broken.json');
  writeFileSync(broken, readFileSync(file, 'utf8').replaceAll('"EMP-R-001"', '"EMP-R-404"').slice(0, -2));
  expect((await cli(['replay', 'verify', '--file', broken], nowhere)).err).toContain(
    '[REPLAY_FILE_MALFORMED]',
  );
});

test('an outcome goes on from a node of one that has ended, asks anew, and is undone with what it took over', async () => {
  const resume = ['run', '--from', 'channels', '--inherit', '--param', 'approval=manager'];
  const waiting = await cli([...resume, '--resume', ID, '--id', 'on']);
  expect(waiting.err).toContain('it waits at a gate');
  const before = plain(waiting);
  const overridden = before.filter((line) => line.startsWith('override='));
  expect(overridden.map((line) => line.split(' ')[0])).toEqual(
    expect.arrayContaining(['override=identity', 'override=groups', 'override=end-date']),
  );
  expect(before.filter((line) => line.startsWith('awf='))).toEqual([]);
  expect((await cli([...resume, '--resume', ON, '--id', 'never'])).err).toContain(
    'still runs [RESUME_REFUSED]',
  );

  const yes = await cli(['approve', `${ON}#manager`, '--as', 'person:maya.lindqvist', '--reason', 'go on']);
  expect(yes.out).toBe('approved\n');
  expect(await outcomes.result(ON)).toEqual({ phase: 'completed' });
  expect((await cli(['backstep', ON, '--reason', 'a test'])).code).toBe(0);
  const told = plain(await cli(['trace', ON]));
  const fired = told.filter((line) => /^awf=\S+ ok/.test(line));
  expect(fired).toEqual([expect.stringMatching(/^awf=slack.invite_channels ok/)]);
  const undone = told.filter((line) => line.startsWith('comp=') && !line.includes('of=slack.'));
  expect(undone).toHaveLength(overridden.length);
  // Under any other key than that of the outcome that did it, nothing would have been found to undo.
  expect(undone.filter((line) => line.includes('changed=false'))).toEqual([]);
});

test('what Temporal has forgotten is traced, explained, reviewed, rehearsed, forked, verified and gone on with from the archive', async () => {
  // Projects what is not projected yet, so that the history is in the archive.
  await json(['log', 'rebuild']);
  const { workflow, workflowService, options } = outcomes.client;
  await workflowService.deleteWorkflowExecution({
    namespace: options.namespace,
    workflowExecution: { workflowId: ID },
  });
  const isThere = (): Promise<boolean> =>
    workflow
      .getHandle(ID)
      .describe()
      .then(
        () => true,
        () => false,
      );
  while (await isThere()) await new Promise((done) => setTimeout(done, 50));
  await expect(outcomes.runs(ID)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });

  const [traced, explained, verified] = await Promise.all([
    cli(['trace', ID]),
    cli(['explain', `${ID}#identity`, '--level', '2']),
    cli(['replay', 'verify', ID]),
  ]);
  expect(plain(traced).at(-1)).toMatch(/^outcome.complete/);
  expect(explained.out).toContain('`okta.create_identity` may fire now');
  expect(verified.out).toContain('1 of 1 histories take the same way');
  const [reviewed, rehearsed, forked] = await Promise.all([
    json(['replay', 'review', `${ID}#identity`]),
    json(['replay', 'rehearse', ID]),
    json(['replay', 'fork', ID, '--from', 'channels']),
  ]);
  expect(reviewed).toMatchObject({ proof: { isSame: true } });
  expect(rehearsed).toMatchObject({ was: { changes: [] }, phase: 'completed' });
  expect(forked).toMatchObject({ phase: { then: 'completed', fork: 'completed' } });
  const resume = [
    'run',
    '--resume',
    ID,
    '--from',
    'channels',
    '--param',
    'approval=manager',
    '--id',
    'later',
  ];
  const waiting = await cli(resume);
  expect(waiting.err).toContain('it waits at a gate');
  expect(plain(waiting).filter((line) => line.startsWith('override=')).length).toBeGreaterThan(2);
}, 120_000);
