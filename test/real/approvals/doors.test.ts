/**
 * Every door, every rule, one answer: the use case over REST and the command line, the update and the raw signal, for gates
 * and for actions that are held for people. The signal answers nobody: what came of it is read from the trace.
 */
import { randomUUID } from 'node:crypto';
import type { Api } from '../../../src/api/app';
import type { Deciding } from '../../../src/app/approvals/decide';
import { readSettings } from '../../../src/app/settings';
import { decide as cliDecide } from '../../../src/cli/commands/act';
import { Complaint } from '../../../src/cli/complaint';
import type { CommandContext } from '../../../src/cli/context';
import type { GateNode, PlanNode } from '../../../src/plan/plan';
import { deciding, openDoor, openSignedRobots, ORG, WORKER, type SignedRobots } from '../../kit/approvals';
import { AUTOMATION, OPEN_RULES, seasoned } from '../../kit/governed';
import { performControl } from '../../../src/temporal/controls';
import { put, toyPlan } from '../../kit/plans';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import { openIssuer, type TokenIssuer } from '../../kit/tokens';

jest.setTimeout(120_000);

const RULES_AT_ONCE = 5;
/** An automation that `person:lead` has dialled last. */
const RULED = 'ruled';
/** Whose configuration the command line reads. */
const TENANT = 'acme';
let robots: SignedRobots;
let issuer: TokenIssuer;
let api: Api;
beforeAll(async () => {
  robots = await openSignedRobots();
  issuer = await openIssuer();
  api = await openDoor(robots, issuer.identify);
  await robots.newTenant(TENANT);
  robots.rules.set(TENANT, { ...OPEN_RULES, automation: { dial: 'copilot', actionsPerHour: 100_000 } });
  const by = { by: 'person:ada', reason: 'test' };
  await performControl(robots.outcomes.client, { tenant: TENANT, act: seasoned(Date.now()), ...by });
  const act = { do: 'dial', automation: RULED, mode: 'copilot' } as const;
  await performControl(robots.outcomes.client, { tenant: TENANT, act, by: 'person:lead', reason: 'test' });
}, STAND_TIMEOUT_MS);
afterAll(async () => {
  await api.app.close();
  await issuer.close();
  await robots.close();
}, 60_000);

/** `done`, `kept`, `late` or a code: what a door answers. */
type Said = string;
type Door = (outcome: string, node: string, said: Deciding) => Promise<Said>;

const DOORS: Readonly<Record<string, Door>> = {
  async rest(outcome, node, { by, roles, verdict, reason, card, glass }) {
    const authorization = await issuer.good({ tenant: TENANT, roles: roles as never, name: by });
    const response = await api.app.inject({
      method: 'POST',
      url: `/v1/tasks/${encodeURIComponent(`${outcome}#${node}`)}/decision`,
      headers: { authorization, 'content-type': 'application/json' },
      payload: JSON.stringify({
        verdict,
        reason: reason === '' ? undefined : reason,
        card,
        emergency: glass,
      }),
    });
    const body: { readonly answer?: string; readonly code?: string } = response.json();
    return body.answer ?? body.code ?? response.body;
  },
  async update(outcome, node, said) {
    const token = await robots.signed(outcome, node, said);
    const answer = await robots.outcomes.decide(outcome, {
      gate: node,
      verdict: said.verdict,
      by: said.by,
      token,
    });
    return typeof answer === 'object' ? answer.code : answer;
  },
  async signal(outcome, node, said) {
    const token = await robots.signed(outcome, node, said);
    const before = (await robots.outcomes.tell(outcome)).trace.length;
    const data = { gate: node, verdict: said.verdict, by: said.by, token };
    await robots.outcomes.client.workflow.getHandle(outcome).signal('decide', data);
    for (let tries = 0; tries < 400; tries++) {
      const { trace } = await robots.outcomes.tell(outcome);
      for (const event of trace.slice(before)) {
        if (event.kind === 'decision.refused') return event.code;
        if (/^(gate|awf)\.(approved|endorsed|rejected)$/.test(event.kind)) return 'done';
      }
      await new Promise((done) => setTimeout(done, 25));
    }
    return 'nothing';
  },
  async cli(outcome, node, { by, verdict, reason, card, glass }) {
    const shown: { answer?: string }[] = [];
    const terminal = { json: (value: object) => shown.push(value), note: () => undefined };
    const env = {
      ...process.env,
      TEMPORAL_ADDRESS: robots.stand.stand.temporal.address,
      DATABASE_URL: robots.stand.stand.postgres.url,
    };
    const context = { terminal, settings: readSettings(env) } as unknown as CommandContext;
    const options = {
      json: true as const,
      tenant: TENANT,
      as: by,
      reason,
      card,
      ...(glass ? { emergency: true } : {}),
    };
    try {
      await cliDecide(verdict)(context, [`${outcome}#${node}`], options as never);
      return shown[0]?.answer ?? 'nothing';
    } catch (error) {
      if (error instanceof Complaint) return error.code;
      throw error;
    }
  },
};

const gate = (rest: Partial<GateNode>): PlanNode => ({
  ...{ kind: 'gate', id: 'ok', approval: 'approve', by: ['manager'], expiresAfterMs: 600_000 },
  ...{ onRejected: { do: 'backstep' }, onExpired: { do: 'backstep' } },
  ...rest,
});

interface Rule {
  readonly law: string;
  readonly gate: Partial<GateNode>;
  readonly said: Deciding;
  readonly answer: Said;
  readonly startedBy?: string;
  /** Started by the automation that `person:lead` has dialled, and `person:chief` has written. */
  readonly isRuled?: true;
}

const RULES: readonly Rule[] = [
  {
    law: 'confirm, by the manager',
    gate: { approval: 'confirm' },
    said: deciding('person:lead', { reason: '' }),
    answer: 'done',
  },
  {
    law: 'review, by the manager',
    gate: { approval: 'review' },
    said: deciding('person:lead', { reason: '' }),
    answer: 'done',
  },
  { law: 'approve, by the manager', gate: {}, said: deciding('person:lead'), answer: 'done' },
  { law: 'approve, by their manager too', gate: {}, said: deciding('person:head'), answer: 'done' },
  {
    law: 'approve, without a reason',
    gate: {},
    said: deciding('person:lead', { reason: '' }),
    answer: 'GATE_REASON_MISSING',
  },
  {
    law: 'approve, by somebody else’s manager',
    gate: {},
    said: deciding('person:peer'),
    answer: 'GATE_APPROVER_NOT_ALLOWED',
  },
  {
    law: 'chain, its first step',
    gate: { approval: 'chain', by: ['manager', 'director'] },
    said: deciding('person:lead'),
    answer: 'done',
  },
  {
    law: 'a director, by a manager',
    gate: { by: ['director'] },
    said: deciding('person:lead'),
    answer: 'GATE_APPROVER_NOT_ALLOWED',
  },
  { law: 'a director, by one', gate: { by: ['director'] }, said: deciding('person:head'), answer: 'done' },
  {
    law: 'an executive, by a director',
    gate: { by: ['executive'] },
    said: deciding('person:head'),
    answer: 'GATE_APPROVER_NOT_ALLOWED',
  },
  {
    law: 'an executive, by one',
    gate: { by: ['executive'] },
    said: deciding('person:chief'),
    answer: 'done',
  },
  {
    law: 'a named person, by them',
    gate: { by: ['person:other'] },
    said: deciding('person:other'),
    answer: 'done',
  },
  {
    law: 'a named person, by an executive',
    gate: { by: ['person:other'] },
    said: deciding('person:chief'),
    answer: 'GATE_APPROVER_NOT_ALLOWED',
  },
  {
    law: 'two of three, by one of them',
    gate: { by: ['2 of person:other|person:peer|manager'] },
    said: deciding('person:peer'),
    answer: 'done',
  },
  {
    law: 'two of three, by none of them',
    gate: { by: ['2 of person:other|person:peer|manager'] },
    said: deciding('person:nobody'),
    answer: 'GATE_APPROVER_NOT_ALLOWED',
  },
  {
    law: 'who started it',
    gate: {},
    said: deciding('person:lead'),
    startedBy: 'person:lead',
    answer: 'GATE_SELF_APPROVAL',
  },
  {
    law: 'who last set the dial of its automation',
    gate: {},
    said: deciding('person:lead'),
    isRuled: true,
    answer: 'GATE_SELF_APPROVAL',
  },
  {
    law: 'who had written its automation when it started',
    gate: {},
    said: deciding('person:chief'),
    isRuled: true,
    answer: 'GATE_SELF_APPROVAL',
  },
  {
    law: 'somebody who governs the automation in nothing',
    gate: {},
    said: deciding('person:head'),
    isRuled: true,
    answer: 'done',
  },
  { law: 'whom it is about', gate: { by: [WORKER] }, said: deciding(WORKER), answer: 'GATE_SELF_APPROVAL' },
  {
    law: 'another card',
    gate: {},
    said: deciding('person:lead', { card: '0'.repeat(64) }),
    answer: 'GATE_CARD_CHANGED',
  },
  { law: 'a rejection', gate: {}, said: deciding('person:lead', { verdict: 'reject' }), answer: 'done' },
];

/** The answers to one rule, by door. */
async function ask({ gate: rest, said, startedBy, isRuled }: Rule): Promise<Readonly<Record<string, Said>>> {
  const answers = Object.entries(DOORS).map(async ([door, knock]) => {
    const plan = toyPlan([gate(rest)], { tenant: TENANT });
    const outcome = await robots.begin(plan, {
      ...(startedBy === undefined ? {} : { by: startedBy }),
      ...(isRuled ? { automation: RULED, authors: ['person:chief'] } : {}),
    });
    const given = await knock(outcome, 'ok', said);
    // One that went on is over by now.
    await robots.outcomes.client.workflow
      .getHandle(outcome)
      .terminate()
      .catch(() => undefined);
    return [door, given] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
}

test('each rule has the same answer at every door', async () => {
  const found = new Map<string, Readonly<Record<string, Said>>>();
  const open = [...RULES];
  const walk = async (): Promise<void> => {
    for (let rule = open.pop(); rule !== undefined; rule = open.pop()) found.set(rule.law, await ask(rule));
  };
  await Promise.all(Array.from({ length: RULES_AT_ONCE }, walk));
  const wanted = RULES.map(({ law, answer }) => [
    law,
    Object.fromEntries(Object.keys(DOORS).map((door) => [door, answer])),
  ]);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
});

/** Three boxes under copilot, each of which asks for a confirmation. */
async function held(count = 3): Promise<{ readonly outcome: string; readonly boxes: readonly string[] }> {
  const boxes = Array.from({ length: count }, () => `box-${randomUUID().slice(0, 8)}`);
  const nodes = boxes.map((box, i) => put(box, i === 0 ? [] : [boxes[i - 1]!]));
  const outcome = await robots.begin(toyPlan(nodes, { tenant: TENANT }), { automation: AUTOMATION });
  for (let tries = 0; tries < 400; tries++) {
    const { state } = await robots.outcomes.tell(outcome);
    if (state.nodes[boxes[0]!]?.status === 'held') break;
    await new Promise((done) => setTimeout(done, 25));
  }
  return { outcome, boxes };
}
const changesOf = (boxes: readonly string[]): readonly string[] =>
  robots.shelf.changes.filter((change) => boxes.includes(change.slice(1)));

test.each(Object.keys(DOORS))(
  'by %s one confirmation of a held action releases all that was gathered in its card',
  async (door) => {
    const { outcome, boxes } = await held();
    expect(changesOf(boxes)).toEqual([]);
    expect(await DOORS[door]!(outcome, boxes[0]!, deciding('person:peer'))).toBe('done');
    expect(await robots.outcomes.result(outcome)).toEqual({ phase: 'completed' });
    expect(changesOf(boxes)).toEqual(boxes.map((box) => `+${box}`));
    const said = (await robots.traceOf(outcome)).filter((line) => / (approved|refused)/.test(line));
    expect(said).toEqual(['awf=toy.put approved by=person:peer reason="it is right"']);
  },
);

test.each(Object.keys(DOORS))('by %s nobody approves what waits for nobody’s approval', async (door) => {
  const rules = robots.rules.get(TENANT)!;
  robots.rules.set(TENANT, { ...rules, automation: { dial: 'observe' } });
  const { outcome, boxes } = await held(1);
  robots.rules.set(TENANT, rules);
  const [box = ''] = boxes;
  for (const verdict of ['approve', 'reject'] as const)
    expect(await DOORS[door]!(outcome, box, deciding('person:lead', { verdict }))).toBe('GATE_ASKS_NOBODY');
  expect((await robots.outcomes.tell(outcome)).state.nodes[box]?.status).toBe('held');
  await robots.outcomes.client.workflow.getHandle(outcome).terminate();
});

test('a row that an act of control wrote by hand releases nothing, and neither does a release', async () => {
  const { outcome, boxes } = await held(1);
  const [box = ''] = boxes;
  for (const person of Object.keys(ORG)) {
    await performControl(robots.outcomes.client, {
      ...{ tenant: TENANT, by: person, reason: 'by hand' },
      act: { do: 'approve', outcome, node: box, as: 'executive', decision: 'approved' },
    });
  }
  await robots.outcomes.client.workflow.getHandle(outcome).signal('release', { node: box });
  // Each made the action ask again; it was held again each time.
  for (let tries = 0; tries < 400; tries++) {
    const { trace } = await robots.outcomes.tell(outcome);
    if (trace.filter(({ kind }) => kind === 'awf.held').length > 1) break;
    await new Promise((done) => setTimeout(done, 25));
  }
  expect(changesOf(boxes)).toEqual([]);
  expect(await DOORS['rest']!(outcome, box, deciding('person:lead', { verdict: 'reject' }))).toBe('done');
  expect(await robots.outcomes.result(outcome)).toEqual({ phase: 'backstepped' });
  expect(changesOf(boxes)).toEqual([]);
});
