/**
 * Histories of what people, clocks and acts of control make, recorded on real servers for `golden:histories`: between them and the
 * other goldens every kind of record is owed by a history that Temporal has written.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineSearchAttributeKey } from '@temporalio/common';
import { decideSigned } from '../src/app/approvals/decide';
import { delegate, sayAbsent } from '../src/app/approvals/delegate';
import { createSubjectKeys } from '../src/store/subject-keys';
import { performControl } from '../src/temporal/controls';
import type { Outcomes } from '../src/temporal/client';
import type { PlanNode } from '../src/plan/plan';
import {
  CONTROL_PREFIX,
  CONTROL_QUEUE,
  type ControlAct,
  type ControlStart,
} from '../workflows/control-protocol';
import { ATTRIBUTES } from '../workflows/protocol';
import { deciding, openSignedRobots, TERMS, WORKER, type SignedRobots } from '../test/kit/approvals';
import { Crew } from '../test/kit/crew';
import { writeAct } from '../test/kit/golden-histories';
import { seasoned } from '../test/kit/open-rules';
import { put, toyContracts, toyPlan } from '../test/kit/plans';
import { refusal } from '../test/kit/shelf';
import { openShelfStand } from '../test/kit/shelf-stand';

const tenant = 'acme';
const automation = 'tidy-up';
const mary = 'person:mary';
const why = { by: mary, reason: 'a golden' } as const;

/** Everything of it, in a stand of its own. */
export async function recordActs(): Promise<void> {
  const robots = await openSignedRobots({ stand: 'golden-acts' });
  try {
    await robots.newTenant(tenant);
    await outcomesOf(robots);
    await actsOf(robots);
  } finally {
    await robots.close();
  }
  await strayed();
}

async function keep(outcomes: Outcomes, name: string, id: string): Promise<void> {
  writeAct(name, await outcomes.histories(id));
  process.stdout.write(`${name}\n`);
}

const gate = (rest: Partial<Extract<PlanNode, { kind: 'gate' }>> = {}): PlanNode => ({
  ...{ kind: 'gate', id: 'ok', approval: 'approve', by: ['manager'], expiresAfterMs: 3_600_000 },
  ...{ onRejected: { do: 'backstep' }, onExpired: { do: 'backstep' } },
  ...rest,
});

async function outcomesOf(robots: SignedRobots): Promise<void> {
  await people(robots);
  await clocks(robots);
  await escalations(robots);
  await terminated(robots);
  await proposal(robots);
}

/** A signed act of each kind on one outcome, with those that change nothing. */
async function people(robots: SignedRobots): Promise<void> {
  const { outcomes } = robots;
  const plan = toyPlan(
    [
      { kind: 'checkpoint', id: 'here' },
      { kind: 'wait', id: 'word', after: ['here'], for: { signal: 'go' } },
      gate({ after: ['word'], approval: 'chain', by: ['manager', 'director'] }),
      ...[put('skipped', ['ok']), put('attested', ['skipped']), put('last', ['attested'])],
    ],
    { tenant },
  );
  const id = await robots.begin(plan);
  const decide = (by: string) => decideSigned(robots.services, { outcome: id, node: 'ok' }, deciding(by));
  await decide('person:lead');
  await outcomes.signal(id, 'go', null);
  await until(robots, id, 'gate=ok endorsed');
  await decide(WORKER);
  await outcomes.pause(id, why);
  await outcomes.pause(id, why);
  await outcomes.resume(id, why);
  await outcomes.claim(id, 'ok', { by: 'person:head' });
  const step = { ...why, scope: 'step' } as const;
  await outcomes.override(id, { ...step, node: 'skipped', change: { do: 'skip' } });
  const done = { do: 'attest', output: {}, evidence: 'ticket 7', undo: 'person' } as const;
  await outcomes.override(id, { ...step, node: 'attested', change: done });
  await decide('person:lead');
  await decide('person:head');
  await outcomes.result(id);
  await keep(outcomes, 'people', id);
}

/** Nobody answers: they are reminded, the level above hears of it, and the gate's time ends. */
async function clocks(robots: SignedRobots): Promise<void> {
  const terms = { ...TERMS, clocks: { approve: { remindAfterMs: 200, escalateAfterMs: 400 } } };
  const id = await robots.begin(
    toyPlan([put('a'), gate({ after: ['a'], expiresAfterMs: 900 })], { tenant }),
    {
      terms,
    },
  );
  await robots.outcomes.result(id);
  await keep(robots.outcomes, 'clocks', id);
}

async function escalations(robots: SignedRobots): Promise<void> {
  for (const [name, expiresAfterMs] of [
    ['escalation-resolved', 3_600_000],
    ['escalation-expired', 300],
  ] as const) {
    robots.shelf.fail('toy.put', name, { refuse: refusal('full') });
    const course = { do: 'escalate', to: ['manager'], expiresAfterMs } as const;
    const exits = [{ codes: ['full'], course }];
    const id = await robots.begin(toyPlan([put('first'), put(name, ['first'], { exits })], { tenant }));
    if (name === 'escalation-resolved') {
      await until(robots, id, `escalation=${name} open`);
      await robots.outcomes.resolve(id, name, { as: 'accept', reason: 'it is there' }, mary);
    }
    await robots.outcomes.result(id);
    await keep(robots.outcomes, name, id);
  }
}

/** Ended by force: its compensations do not run. */
async function terminated(robots: SignedRobots): Promise<void> {
  const id = await robots.begin(toyPlan([put('standing'), gate({ after: ['standing'] })], { tenant }));
  await until(robots, id, 'gate=ok open');
  await robots.outcomes.client.workflow.getHandle(id).terminate('pulled the plug');
  await keep(robots.outcomes, 'terminated', id);
}

/** An automation that only observes: what it proposes is held, until a person runs it by name. */
async function proposal(robots: SignedRobots): Promise<void> {
  await record(robots, 'control-dial', { do: 'dial', automation, mode: 'observe' });
  const id = await robots.begin(toyPlan([put('proposed')], { tenant }), { automation });
  await until(robots, id, 'awf=toy.put held');
  await record(robots, 'control-take', { do: 'take', outcome: id });
  await robots.outcomes.result(id);
  await keep(robots.outcomes, 'proposal-taken', id);
}

/** One act of control of each kind. */
async function actsOf(robots: SignedRobots): Promise<void> {
  const node = 'toys.tidy/box';
  const hour = 3_600_000;
  const acts: Readonly<Record<string, ControlAct>> = {
    'control-kill': { do: 'kill', automation, boundMs: 100 },
    'control-pause': { do: 'pause', scope: 'domain', name: 'toys' },
    'control-resume': { do: 'resume', scope: 'domain', name: 'toys' },
    'control-limit': { do: 'limit', guardrail: 'external_actions_per_day', limit: 100 },
    'control-calendar': {
      ...{ do: 'calendar', id: 'quarter-end', scope: 'tenant', name: tenant, kind: 'freeze' },
      windows: [{ from: Date.now() + hour, to: Date.now() + 2 * hour }],
    },
    'control-passive': { do: 'passive', node, on: true },
    'control-trust': seasoned(Date.now(), { awfs: toyContracts.keys(), runbook: 'toys.tidy' }),
    'control-export': {
      ...{ do: 'export', format: 'jsonl', filter: { kind: 'gate' }, count: 3 },
      sha256: 'a'.repeat(64),
    },
    'control-report': { do: 'report', report: 'cost' },
    'control-policy': { do: 'policy', bundle: 'b'.repeat(64), was: 'a'.repeat(64) },
    'control-override': {
      ...{ do: 'override', automation, name: 'box edit' },
      override: {
        ...{ node: 'box', change: { do: 'edit', input: { box: 'secret of golden' } } },
        ...{ ...why, scope: 'automation', until: Date.now() + hour },
      },
    },
    'control-expire': { do: 'expire' },
  };
  for (const [name, act] of Object.entries(acts)) await record(robots, name, act);
  await keeping(robots);
  await handedOn(robots);
}

/** A hold keeps a key from being destroyed: the act fails, and is on record as such. */
async function keeping(robots: SignedRobots): Promise<void> {
  const { id: key } = await createSubjectKeys(robots.stand.database).of(tenant, 'person:golden');
  const hold = { do: 'hold', id: 'hold-golden', scope: 'entity', name: key } as const;
  await record(robots, 'control-hold', { ...hold, on: true });
  await record(robots, 'control-refused', { do: 'erase', key });
  await record(robots, 'control-lift', { ...hold, on: false });
  await record(robots, 'control-erase', { do: 'erase', key });
}

/** What people say of deciding, signed by a door. */
async function handedOn(robots: SignedRobots): Promise<void> {
  const said = { by: 'person:lead', roles: ['approver'], reason: 'away' };
  const until = Date.now() + 3_600_000;
  const grant = { from: 'person:lead', to: 'person:peer', until };
  const handed = await delegate(robots.services, tenant, { ...said, ...grant });
  if (!handed.ok) throw new Error(JSON.stringify(handed.error));
  await keep(robots.outcomes, 'control-delegation', handed.value.id);
  const away = await sayAbsent(robots.services, tenant, {
    ...said,
    ...{ person: 'person:lead', from: Date.now(), until },
  });
  if (!away.ok) throw new Error(JSON.stringify(away.error));
  await keep(robots.outcomes, 'control-absence', away.value.id);
}

async function record(
  { outcomes }: Pick<SignedRobots, 'outcomes'>,
  name: string,
  act: ControlAct,
): Promise<void> {
  const start: ControlStart = { tenant, act, ...why };
  if (name !== 'control-refused') {
    await keep(outcomes, name, (await performControl(outcomes.client, start)).id);
    return;
  }
  // Whoever performs it is not told its id where it fails.
  const handle = await outcomes.client.workflow.start('control', {
    ...{ workflowId: `${CONTROL_PREFIX}${tenant}:${randomUUID()}`, taskQueue: CONTROL_QUEUE, args: [start] },
    typedSearchAttributes: [{ key: defineSearchAttributeKey(ATTRIBUTES.tenant, 'KEYWORD'), value: tenant }],
  });
  await handle.result().catch(() => undefined);
  await keep(outcomes, name, handle.workflowId);
}

/** A robot dies in a local action; the task that takes its place goes another way and undoes what it did. */
async function strayed(): Promise<void> {
  const stand = await openShelfStand('golden-stray');
  const { outcomes, shelf, settings } = stand;
  const crew = new Crew('robot-process.ts', settings);
  try {
    await shelf.killAt('b', 'put:committed');
    await crew.start(1);
    const local = { lane: 'local' } as const;
    const plan = toyPlan([put('a', [], local), put('b', ['a'], local), put('c', ['b'], local)]);
    const begun = { plan, planId: 'x', cause: { event: 'e' }, startedBy: mary };
    const { id } = await outcomes.start(begun, randomUUID());
    while (!(await shelf.hasStruck('b'))) await sleep(20);
    await outcomes.client.workflow.getHandle(id).signal('cancel', { by: mary });
    await outcomes.result(id);
    await keep(outcomes, 'stray', id);
  } finally {
    await crew.stop();
    await stand.close();
  }
}

async function until(robots: SignedRobots, id: string, line: string): Promise<void> {
  while (!(await robots.traceOf(id)).some((told) => told.includes(line))) await sleep(50);
}
