/**
 * The scenes of earned trust and of evidence: what is low and selected runs by itself, what is riskier waits and says why, a person
 * decides by its card, and all of it can be proven afterwards from a bundle alone.
 * Entry ring.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cardOfTask } from '../../app/approvals/decide';
import { decideGate } from '../../app/act-on-outcome';
import { setDial } from '../../app/control';
import { checkProofText, proveRecord } from '../../app/log-proofs';
import { codecOf } from '../../app/payload-keys';
import { exportBundle, verifyFolder } from '../../app/policy-log';
import type { TraceEvent } from '../../engine/trace';
import { acceptedOf } from '../refuse';
import { AUTOMATION, decisionIn, DIRECTOR, followed, told, untilHeld } from './authority-scenes';
import type { Narrator } from './narrator';
import type { Stage } from './stage';

const LEAVING = 'offboard-person';
const INES = { email: 'ines.moreau@acme.example' };
const OMAR = { email: 'omar.haddad@acme.example' };
const HIS_MANAGER = 'person:maya.lindqvist';
/** Where somebody is to let go of at once: nobody is asked for a date, and the first action that is not low waits. */
const URGENT = { urgency: 'immediate' };

export async function trustOpensAutopilot(stage: Stage, narrator: Narrator): Promise<void> {
  const { services, config } = stage;
  narrator.say(
    'The same trust, and the dial goes up: what is low, can be undone and is selected needs nobody.',
  );
  const why = { by: DIRECTOR, reason: 'fifty went well, and each was looked at' };
  for (const automation of [AUTOMATION, LEAVING])
    acceptedOf(await setDial(services, config, { automation, mode: 'autopilot', ...why }));
  const id = await told(stage, 'com.acme.hr.contractor.hired', INES);
  const { phase, trace } = await followed(stage, narrator, id);
  const modes = new Set(trace.flatMap((event) => (isFired(event) ? [decisionIn(event).mode] : [])));
  narrator.assert(phase === 'completed', 'it completed, and nobody was asked', phase);
  narrator.assert(
    modes.size === 1 && modes.has('autopilot'),
    'each of its actions was decided in autopilot',
    [...modes].join(', '),
  );
}

export async function riskIsHeld(stage: Stage, narrator: Narrator): Promise<void> {
  const { services } = stage;
  narrator.say(
    'Under the same dial somebody leaves. To cut a person off is no low risk: that one action waits.',
  );
  const id = await told(stage, 'com.acme.hr.person.leaving', { ...OMAR, ...URGENT });
  const held = await untilHeld(stage, id);
  const decision = decisionIn(held);
  const [binding] = decision.boundBy;
  const rule = decision.rules.find((one) => one.rule === binding);
  narrator.say(`held: ${held.awf}, because ${rule?.because ?? ''}; ${decision.blocks[0]?.because ?? ''}`);
  narrator.assert(
    held.awf === 'okta.suspend_identity' && binding === 'risk-class',
    'its risk holds it, whatever trust and dial say',
    `${held.awf} by ${decision.boundBy.join(', ')}`,
  );
  const found = cardOfTask(id, held.node, await services.outcomes.runs(id));
  if (found === undefined) throw new Error('what is held has no card');
  const { card, hash } = found;
  narrator.say(
    `the card: ${card.steps.map(({ awf, undo }) => `${awf}, undone by ${undo ?? 'nothing'}`).join('; ')}; risk ${card.risk.class}; ${hash.slice(0, 12)}`,
  );
  const said = {
    verdict: 'approve',
    by: HIS_MANAGER,
    roles: ['approver'],
    reason: 'it is his last day',
  } as const;
  const where = { outcome: id, node: held.node };
  const other = await decideGate(services, where, { ...said, card: '0'.repeat(64) });
  narrator.assert(!other.ok, 'a decision by another card is refused');
  const own = await decideGate(services, where, { ...said, card: hash });
  narrator.assert(own.ok && own.value.answer === 'done', 'by this one it counts');
  const { phase } = await followed(stage, narrator, id);
  narrator.assert(phase === 'completed', 'it went on and completed', phase);
}

export async function allIsProven(stage: Stage, narrator: Narrator): Promise<void> {
  const { services, tenant } = stage;
  narrator.say('What happened is on record. The log is taken along, and proven from the folder alone.');
  const folder = await mkdtemp(join(tmpdir(), 'backstep-demo-'));
  try {
    const write = async (name: string, bytes: Uint8Array): Promise<void> => {
      const file = join(folder, ...name.split('/'));
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes, { flag: 'a', mode: 0o600 });
    };
    const taken = { tenant, by: DIRECTOR, reason: 'the auditors are here', sink: { write } };
    const { count } = await exportBundle(services, taken);
    const proven = await verifyFolder(folder, { codec: codecOf(services.settings) });
    // What an earlier version of this program has written it may derive otherwise; this one's own it may not.
    const flaws = proven.flaws.filter(({ at }) => !isBefore(at, stage.recordsBefore));
    narrator.assert(
      flaws.length === 0 && proven.records === count,
      `${count} records proven: chain, tree, signatures, ${proven.derived} of them derived again from ${proven.histories} histories`,
      flaws.map(({ code, at }) => `${code} ${at}`).join(', '),
    );
    if (proven.flaws.length > 0)
      narrator.say(`${proven.flaws.length} of earlier demonstrations are derived otherwise today`);
    const proof = acceptedOf(await proveRecord(services, tenant, { seq: count - 1 }));
    const checked = checkProofText(JSON.stringify(proof), proof.publicKey);
    narrator.assert(checked.ok, `record ${count - 1} alone is proven to be in the signed log`);
    const record = proof.record.replace(/\d/, (digit) => String((Number(digit) + 1) % 10));
    const forged = JSON.stringify({ ...proof, record });
    narrator.assert(!checkProofText(forged, proof.publicKey).ok, 'with one digit changed it proves nothing');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether a flaw is one of a record before the first of this demonstration. */
const isBefore = (at: string, first: number): boolean => {
  const [, seq] = /^record (\d+)/.exec(at) ?? [];
  return seq !== undefined && Number(seq) < first;
};

const isFired = (event: TraceEvent): event is Extract<TraceEvent, { kind: 'awf.ok' }> =>
  event.kind === 'awf.ok' && event.decision !== undefined;
