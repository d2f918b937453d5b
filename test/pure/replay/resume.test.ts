/** What an outcome that goes on from a node of another one takes along, and when it cannot. */
import type { TenantConfig } from '../../../src/app/configuration';
import { resumeOutcome } from '../../../src/app/resume-outcome';
import { takeAlong, type ResumeWish, type Taken } from '../../../src/app/resume-plan';
import type { Services } from '../../../src/app/services';
import type { Diagnostic } from '../../../src/kernel/diagnostic';
import type { Plan, PlanNode } from '../../../src/plan/plan';
import type { Story } from '../../../src/replay/history-source';
import { simulate } from '../../../src/simulator/simulator';
import { printTrace } from '../../../src/engine/trace';
import { tellRuns } from '../../../src/temporal/history';
import { put, toyContracts, toyPlan } from '../../kit/plans';
import { refusal } from '../../kit/shelf';
import { storyOf } from '../../kit/stories';

const gate: PlanNode = {
  kind: 'gate',
  id: 'ok',
  after: ['a'],
  approval: 'approve',
  by: ['manager'],
  expiresAfterMs: 3_600_000,
  onRejected: { do: 'backstep' },
  onExpired: { do: 'backstep' },
};
const PLAN = toyPlan([put('a'), gate, put('b', ['ok']), put('c', ['b'])]);

const taking = (story: Story, wish: Partial<ResumeWish> & { readonly from: string }, plan: Plan = PLAN) =>
  takeAlong(story, plan, { by: 'person:mary', inherits: false, anew: [], contracts: toyContracts, ...wish });

async function taken(...of: Parameters<typeof taking>): Promise<Taken> {
  const result = await taking(...of);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

async function refused(...of: Parameters<typeof taking>): Promise<readonly Diagnostic['code'][]> {
  const result = await taking(...of);
  return result.ok ? [] : result.error.map(({ code }) => code);
}

/** A story that was ended by force: what came after so many happenings is not told. */
async function endedAfter(count: number): Promise<Story> {
  const whole = await storyOf(PLAN);
  const [run] = whole.runs;
  const runs = [{ ...run!, happenings: run!.happenings.slice(0, count) }];
  return { ...whole, runs, told: tellRuns(runs) };
}

const lines = async (plan: Plan, { overrides }: Taken, gates: 'approve' | 'reject' = 'approve') => {
  const { trace } = await simulate({
    plan,
    contracts: toyContracts,
    overrides,
    oracle: { gate: () => gates },
  });
  return printTrace(trace).map((line) => line.slice(9).replace(/duration=\S+/, 'duration=…'));
};

test('what was done before is not fired again, and people are asked again', async () => {
  const story = await storyOf(PLAN);
  const along = await taken(story, { from: 'c' });
  expect(along).toMatchObject({ carried: ['a', 'b'], inherited: [] });
  const told = await lines(PLAN, along);
  expect(told.filter((line) => line.startsWith('awf='))).toEqual(['awf=toy.put ok  comp=take']);
  expect(told.filter((line) => line.startsWith('gate='))).toHaveLength(2);
  expect(told.filter((line) => line.startsWith('override='))).toEqual([
    'override=a skip by=person:mary reason="done in acme/TOY-R-001/e1"',
    'override=b skip by=person:mary reason="done in acme/TOY-R-001/e1"',
  ]);
});

test('going back undoes what it did itself; what was done before only where it was asked to', async () => {
  const story = await storyOf(PLAN);
  const own = await lines(PLAN, await taken(story, { from: 'b' }), 'reject');
  expect(own.filter((line) => line.startsWith('comp='))).toEqual([]);
  const along = await taken(story, { from: 'b', inherits: true });
  expect(along).toMatchObject({ carried: ['a'], inherited: ['a'] });
  const all = await lines(PLAN, along, 'reject');
  expect(all).toContain(
    'awf=toy.put attested by=person:mary evidence="outcome acme/TOY-R-001/e1"  comp=take',
  );
  expect(all.filter((line) => line.startsWith('comp='))).toHaveLength(1);
});

test('an action that was under way when the outcome ended has to be looked at first', async () => {
  const story = await endedAfter(2);
  expect(story.told.state.nodes['b']?.status).toBe('acting');
  expect(await refused(story, { from: 'b' })).toEqual(['RESUME_NODE_UNCLEAR']);
  expect(await taken(story, { from: 'b', anew: ['b'] })).toMatchObject({ carried: ['a'] });
});

test('what was undone is not there to go on from', async () => {
  const story = await storyOf(PLAN, {
    oracle: {
      fire: (node) => (node === 'c' ? { as: 'refused', failure: refusal('full') } : { as: 'predicted' }),
    },
  });
  expect(await refused(story, { from: 'c' })).toEqual(['RESUME_NODE_UNDONE', 'RESUME_NODE_UNDONE']);
});

test('an action that would fire before the node, and had not, is named', async () => {
  const more = toyPlan([put('a'), gate, put('x', ['ok']), put('b', ['x']), put('c', ['b'])]);
  const story = await storyOf(PLAN);
  expect(await refused(story, { from: 'c' }, more)).toEqual(['RESUME_NODE_DIFFERS']);
  expect(await taken(story, { from: 'c', anew: ['x'] }, more)).toMatchObject({ carried: ['a', 'b'] });
  expect(await taken(story, { from: 'x' }, more)).toMatchObject({ carried: ['a'] });
});

test('a node that the plan of today does not have is not gone on from', async () => {
  expect(await refused(await storyOf(PLAN), { from: 'z' })).toEqual(['PLAN_NODE_UNKNOWN']);
});

test('an outcome of another tenant is not there, and no server is asked for it', async () => {
  const config = { bundle: { tenant: 'acme' } } as unknown as TenantConfig;
  const wish = { from: 'c', by: 'person:mary', inherits: false, anew: [], params: {}, eventId: 'e2' };
  const resumed = await resumeOutcome({} as Services, { ...wish, config, of: 'globex/TOY-R-001/e1' });
  expect(resumed).toMatchObject({ ok: false, error: { code: 'OUTCOME_UNKNOWN' } });
});
