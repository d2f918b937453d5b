/** An event again, through the catalog and configuration of today, beside what ran then. */
import { parseCloudEvent, type CloudEvent } from '../../../src/config/cloud-event';
import type { Facts } from '../../../src/governance/facts';
import { SPEC_FIGURES } from '../../../src/governance/figures';
import type { Plan } from '../../../src/plan/plan';
import { rehearse, type Rehearsal, type RehearsalRequest } from '../../../src/replay/rehearse';
import type { CompileToday, Today } from '../../../src/replay/today';
import { printTrace } from '../../../src/engine/trace';
import { OPEN_RULES } from '../../kit/open-rules';
import { put, putBox, toyContracts, toyPlan } from '../../kit/plans';
import { recordOn, storyOf, todayOf } from '../../kit/stories';
import { facts, type FactsPatch } from '../governance/fixtures';

const onBox = (patch: FactsPatch = {}): Facts =>
  facts({ action: { type: 'toy.put', category: null, risk: putBox.risk }, tenant: { limits: {} }, ...patch });

const INFORCE = { ...OPEN_RULES, figures: SPEC_FIGURES, limits: {} };
const UNDER = { runbook: 'toys.tidy', domain: 'toys', entity: 'person:ada', automation: 'tidy-up' };

/** Today compiles to this plan, whatever it is asked; what it is asked is kept. */
function compiling(
  plan: Plan,
  rest: Partial<Today> = {},
): { readonly today: Today; readonly asked: CompileToday[] } {
  const asked: CompileToday[] = [];
  const today = todayOf({
    inForce: INFORCE,
    compile: (request) => {
      asked.push(request);
      return { ok: true, value: { plan, planId: 'today', under: UNDER } };
    },
    facts: () => Promise.resolve(onBox()),
    ...rest,
  });
  return { today, asked };
}

async function rehearsed(request: RehearsalRequest, today: Today): Promise<Rehearsal> {
  const rehearsal = await rehearse(request, today);
  if (!rehearsal.ok) throw new Error(JSON.stringify(rehearsal.error));
  return rehearsal.value;
}

const lines = ({ trace }: Rehearsal): readonly string[] =>
  printTrace(trace).map((line) => line.slice('HH:MM:SS '.length).replace(/duration=\S+/, 'duration=…'));

const event = (): CloudEvent => {
  const read = parseCloudEvent({
    specversion: '1.0',
    id: 'e1',
    source: '/toys',
    type: 'toy.wanted',
    data: { box: 'b' },
  });
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
};

test('where nothing has changed, plan, decisions and trace are those of then', async () => {
  const plan = toyPlan([put('a'), put('b', ['a'])]);
  const story = await storyOf(plan, {
    oracle: { fire: () => ({ as: 'decided', decision: recordOn(onBox()) }) },
  });
  const rehearsal = await rehearsed({ story }, compiling(plan).today);
  expect(rehearsal.was).toMatchObject({ planId: 'test', changes: [] });
  expect(rehearsal.decisions.map(({ node, mode, fire, was }) => [node, mode, fire, was])).toEqual([
    ['a', 'autopilot', 'allow', { mode: 'autopilot', fire: 'allow' }],
    ['b', 'autopilot', 'allow', { mode: 'autopilot', fire: 'allow' }],
  ]);
  const then = printTrace(story.told.trace).map((line) =>
    line.slice(9).replace(/duration=\S+/, 'duration=…'),
  );
  expect(lines(rehearsal)).toEqual(then);
});

test('what of the plan is other is named by path, and the way through it is predicted', async () => {
  const story = await storyOf(toyPlan([put('a')]));
  const { today } = compiling(
    toyPlan([put('a'), put('b', ['a'])], { runbook: { id: 'toys.tidy', version: '1.1', domain: 'toys' } }),
  );
  const rehearsal = await rehearsed({ story }, today);
  expect(rehearsal.was?.changes.map(({ path }) => path)).toEqual(['body.nodes[b]', 'runbook.version']);
  expect(lines(rehearsal).filter((line) => line.startsWith('awf='))).toHaveLength(2);
});

test('a rule of today that holds an action is told in the predicted trace, as a person would let it go', async () => {
  const plan = toyPlan([put('a')]);
  const story = await storyOf(plan, {
    oracle: { fire: () => ({ as: 'decided', decision: recordOn(onBox()) }) },
  });
  const ceilings = [{ source: 'ceiling', mode: 'manual' as const }];
  const { today } = compiling(plan, { rules: () => Promise.resolve({ ...INFORCE, ceilings }) });
  const rehearsal = await rehearsed({ story }, today);
  expect(rehearsal.decisions).toMatchObject([
    { node: 'a', mode: 'manual', fire: 'hold', was: { fire: 'allow' } },
  ]);
  expect(lines(rehearsal)).toContain('awf=toy.put released');
});

test('an event alone is selected, compiled, and decided by what is known now', async () => {
  const plan = toyPlan([put('a')]);
  const { today, asked } = compiling(plan, {
    select: () =>
      Promise.resolve({
        ok: true,
        value: {
          automation: { id: 'tidy-up' } as never,
          outcome: 'TOY-R-001',
          entity: 'person:ada',
          params: {},
        },
      }),
    entity: () => Promise.resolve({ email: 'ada@example.com' }),
  });
  const rehearsal = await rehearsed({ event: event() }, today);
  expect(asked).toEqual([
    {
      outcome: 'TOY-R-001',
      entity: { id: 'person:ada', fields: { email: 'ada@example.com' } },
      event: { box: 'b' },
      given: { automation: {} },
      who: { automation: 'tidy-up' },
    },
  ]);
  expect(rehearsal).toMatchObject({
    selected: { automation: 'tidy-up', isRehearsed: true },
    entityFrom: 'today',
  });
  expect(rehearsal.decisions).toMatchObject([{ node: 'a', fire: 'allow' }]);
});

test('an outcome whose event is not at hand goes by its automation, with what it was given, and the entity of then', async () => {
  const params = { colour: { value: 'red', from: 'run' }, size: { value: 1, from: 'team' } };
  const story = await storyOf(
    toyPlan([put('a')], { params, entity: { id: 'person:ada', fields: { team: 'it' } } }),
  );
  const { today, asked } = compiling(toyPlan([put('a')]));
  const rehearsal = await rehearsed({ story }, today);
  expect(asked[0]).toMatchObject({
    entity: { fields: { team: 'it' } },
    given: { run: { colour: 'red' }, automation: {} },
    who: { automation: 'tidy-up' },
  });
  expect(rehearsal).toMatchObject({ entityFrom: 'then', selected: { isRehearsed: false } });
});

test('what selects nothing, does not compile or is in no catalog is refused with the reasons', async () => {
  const refusalOf = async (request: RehearsalRequest, today: Today): Promise<unknown> => {
    const rehearsal = await rehearse(request, today);
    return rehearsal.ok ? rehearsal.value : rehearsal.error;
  };
  expect(await refusalOf({ event: event() }, todayOf())).toMatchObject({
    code: 'REPLAY_REHEARSAL_REFUSED',
    diagnostics: [{ code: 'SELECT_NONE' }],
  });
  const story = await storyOf(toyPlan([put('a')]));
  expect(await refusalOf({ story }, todayOf())).toMatchObject({ code: 'REPLAY_REHEARSAL_REFUSED' });
  const { today } = compiling(toyPlan([put('a')]), { contracts: new Map() });
  expect(toyContracts.size).toBeGreaterThan(0);
  expect(await refusalOf({ story }, today)).toMatchObject({ code: 'REPLAY_CATALOG_MISSING' });
});
