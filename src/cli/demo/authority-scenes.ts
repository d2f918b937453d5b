/**
 * The scenes of authority: an automation that observes proposes only, a person runs it by name, trust opens copilot and a
 * person confirms, the kill switch bites. Asserted through the sandbox's own record.
 * Entry ring.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { contracts } from '../../../activities';
import { decideGate } from '../../app/act-on-outcome';
import { control, killAutomation, setDial, takeProposal } from '../../app/control';
import { ingestEvent } from '../../app/ingest-event';
import type { TraceEvent } from '../../engine/trace';
import { decideAgain, type Decision } from '../../governance/decide';
import { SPEC_FIGURES } from '../../governance/figures';
import { freshTrust } from '../../governance/trust';
import type { Json, JsonObject } from '../../kernel/json';
import { acceptedOf } from '../refuse';
import { tellStory } from '../story';
import { TracePrinter, widthOfPlan } from '../trace-lines';
import { deedsOf, phaseOf, snapshotOf } from './evidence';
import type { Narrator } from './narrator';
import type { Stage } from './stage';

export const AUTOMATION = 'onboard-contractor';
const ANALYST = 'person:priya.nair';
const MANAGER = 'person:maya.lindqvist';
/** Sets what automations may do; whoever does that approves nothing that they ask. */
export const DIRECTOR = 'person:grace.okafor';
/** Until those that one confirmation covers have asked again, in milliseconds. */
const SETTLED_MS = 500;
/** How long anything in a scene may take, in milliseconds. */
const PATIENCE_MS = 30_000;
const DAY_MS = 86_400_000;
/** Of which the imported history tells. */
const RUNBOOKS = ['onboard.contractor', 'offboard.person'];

export async function observesOnly(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.say(
    'A new automation observes: HR says that a contractor was hired, and the engine only proposes.',
  );
  await clear(stage);
  const why = { by: DIRECTOR, reason: 'nobody knows it yet' };
  acceptedOf(
    await setDial(stage.services, stage.config, { automation: AUTOMATION, mode: 'observe', ...why }),
  );
  const id = await hired(stage, 'sarah.chen');
  const held = await untilHeld(stage, id);
  const decision = decisionIn(held);
  narrator.assert(decision.mode === 'observe', 'the decision says observe', decision.mode);
  for (const { because } of decision.blocks.slice(0, 2)) narrator.say(`because ${because}`);
  const before = await deedsOf(stage, id);
  narrator.assert(before.writes === 0, 'nothing has been changed anywhere', `${before.writes} writes`);
  acceptedOf(await takeProposal(stage.services, id, { by: ANALYST, reason: 'she starts on Monday' }));
  narrator.say(`run by name: ${ANALYST}`);
  const { phase, trace } = await followed(stage, narrator, id);
  const names = new Set(trace.flatMap((event) => personIn(event)));
  narrator.assert(phase === 'completed', 'the proposal ran and completed', phase);
  narrator.assert(
    names.size === 1 && names.has(ANALYST),
    `each of its actions stands under the name of ${ANALYST}`,
    [...names].join(', '),
  );
}

export async function trustOpensCopilot(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.say(
    'Trust is earned by what went well. Here a history is imported, and it is labelled as imported.',
  );
  const { services, config, tenant } = stage;
  await importHistory(stage);
  const { imported } = await services.authority.standing(tenant);
  narrator.assert(imported !== null, 'the trust says that it was imported, by whom and why');
  const why = { by: DIRECTOR, reason: 'half a year without a failure' };
  acceptedOf(await setDial(services, config, { automation: AUTOMATION, mode: 'copilot', ...why }));
  const id = await hired(stage, 'noah.kim');
  const decision = decisionIn(await untilHeld(stage, id));
  narrator.assert(decision.mode === 'copilot', 'the decision says copilot', decision.mode);
  narrator.say(`held: ${decision.blocks.map(({ because }) => because).join('; ')}`);
  const cards = await confirmAll(stage, id);
  const { phase } = await followed(stage, narrator, id);
  narrator.assert(phase === 'completed', 'confirmed by a person it completed', phase);
  narrator.assert(cards === 1, 'one card gathered what its 6 actions asked for', `${cards} cards`);
}

export async function killSwitchBites(stage: Stage, narrator: Narrator): Promise<void> {
  narrator.say(
    'Something is wrong with the automation. Its kill switch is thrown in the middle of an outcome.',
  );
  const { services, config, sandbox, tenant } = stage;
  await sandbox.reset(tenant);
  const dial = {
    automation: AUTOMATION,
    mode: 'copilot',
    by: DIRECTOR,
    reason: 'somebody should look',
  } as const;
  acceptedOf(await setDial(services, config, dial));
  const before = await snapshotOf(stage);
  const slow = await sandbox.addFault({ match: { tenant }, effect: { kind: 'latency', ms: 150 } });
  const id = await hired(stage, 'ravi.shah');
  await untilHeld(stage, id);
  const confirming = confirmAll(stage, id, 1);
  await confirming;
  const began = Date.now();
  const why = { by: DIRECTOR, reason: 'wrong groups since noon' };
  const { executing } = acceptedOf(
    await killAutomation(services, config, { automation: AUTOMATION, ...why }),
  );
  const ms = Date.now() - began;
  narrator.assert(
    executing?.length === 0,
    `after ${ms} ms the switch answers: nothing of it executes any more`,
    `${executing?.length} still do`,
  );
  const atAnswer = (await deedsOf(stage, id)).calls;
  await sleep(500);
  const later = (await deedsOf(stage, id)).calls;
  narrator.assert(later === atAnswer, 'no request of it has reached any system since', `${later - atAnswer}`);
  await sandbox.clearFaults(slow.id);
  await services.outcomes.cancel(id, { by: MANAGER, reason: 'taken back by hand' });
  const { phase } = await followed(stage, narrator, id);
  narrator.assert(phase === 'backstepped', 'going back is never held: it went all the way back', phase);
  const after = await snapshotOf(stage);
  narrator.assert(after.digest === before.digest, 'the world is the one of before');
}

/** What earlier demonstrations left of controls, counters and trust. */
async function clear({ services, sandbox, tenant }: Stage): Promise<void> {
  await services.authority.forget(tenant);
  await sandbox.reset(tenant);
}

function importHistory({ services, tenant, config }: Stage): Promise<unknown> {
  const now = services.now();
  const known = { successes: 400, failures: 0 };
  return control(services, tenant, {
    act: {
      do: 'importTrust',
      ledger: { ...freshTrust(SPEC_FIGURES), successes: 400, since: now - 180 * DAY_MS, lastActiveAt: now },
      memory: [
        ...contracts.map(({ name }) => ({ scope: 'awf' as const, name, ...known })),
        ...RUNBOOKS.map((name) => ({ scope: 'runbook' as const, name, ...known })),
      ],
    },
    by: MANAGER,
    reason: `demonstration of ${config.bundle.content.name}: no history of its own`,
  });
}

const hired = (stage: Stage, login: string): Promise<string> =>
  told(stage, 'com.acme.hr.contractor.hired', { email: `${login}@acme.example` });

/** HR tells of something; the id of the outcome that the event started. */
export async function told({ services, config }: Stage, type: string, data: JsonObject): Promise<string> {
  const event = {
    specversion: '1.0',
    id: `demo-${randomBytes(4).toString('hex')}`,
    source: '/hr',
    type,
    data,
  };
  const taken = acceptedOf(await ingestEvent(services, config, { sent: event, by: 'service:hr' }));
  if (!('outcome' in taken) || taken.outcome === null) throw new Error(`the event is ${taken.status}`);
  return taken.outcome;
}

type Held = Extract<TraceEvent, { kind: 'awf.held' }>;

export async function untilHeld({ services, signal }: Stage, id: string): Promise<Held> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { trace } = await services.outcomes.tell(id);
    const held = trace.find((event) => event.kind === 'awf.held');
    if (held !== undefined) return held;
    if (Date.now() > deadline) throw new Error('no action of it was held');
    await sleep(50, undefined, { signal });
  }
}

/** Confirms what is held until it is over, or `most` cards were confirmed; how many were. One card may gather many actions. */
async function confirmAll({ services, signal, tenant }: Stage, id: string, most = Infinity): Promise<number> {
  const deadline = Date.now() + PATIENCE_MS;
  const queued = async (): Promise<string | undefined> => {
    const queue = await services.authority.queue(tenant, 100);
    return queue.find(({ outcome, state }) => outcome === id && state === 'queued')?.node;
  };
  let cards = 0;
  while (cards < most && (await services.outcomes.describe(id)).isRunning) {
    const node = await queued();
    if (node !== undefined) {
      const said = { verdict: 'approve', by: MANAGER, roles: ['approver'], reason: 'looked at it' } as const;
      const decided = await decideGate(services, { outcome: id, node }, said);
      if (decided.ok && decided.value.answer === 'done') cards += 1;
      // What it has released is told to ask again, one after the other.
      while ((await queued()) === node && Date.now() < deadline) await sleep(50, undefined, { signal });
      if (cards < most) await sleep(SETTLED_MS, undefined, { signal });
    }
    if (Date.now() > deadline) throw new Error('its actions were not confirmed in time');
    await sleep(50, undefined, { signal });
  }
  return cards;
}

export async function followed(
  { services, signal }: Stage,
  { terminal, json }: Narrator,
  id: string,
): Promise<{ readonly phase: string; readonly trace: readonly TraceEvent[] }> {
  const { plan } = (await services.outcomes.runs(id))[0]!.start;
  const printer = new TracePrinter(terminal, {
    ...{ json: false, width: widthOfPlan(plan), indent: '   ', skip: 0, silent: json },
  });
  const ending = await tellStory({ services, id, terminal, printer, leavesAtGates: true, signal });
  return { phase: phaseOf(ending), trace: (await services.outcomes.tell(id)).trace };
}

/** The decision that stands on record, made again. */
export function decisionIn({ decision }: { readonly decision?: Json }): Decision {
  const again = decideAgain(decision as unknown as { readonly facts: unknown; readonly figures: Json });
  if (!again.ok) throw new Error('the recorded decision can not be made again');
  return again.value;
}

function personIn(event: TraceEvent): readonly string[] {
  if (event.kind !== 'awf.ok' || event.decision === undefined) return [];
  const again = decideAgain(event.decision as unknown as { readonly facts: unknown; readonly figures: Json });
  return again.ok ? [again.value.facts.startedByPerson ?? 'nobody'] : [];
}
