/**
 * Lets actions fire by the authority rules: one statement reads all there is to know and takes the units, the rules decide
 * on what was read, and whatever they hold is put among those that wait, with everything given back.
 * Adapter ring. Undoing is never asked here: a way back is nobody's to close.
 */
import { decide, recordOf, type Decision, type DecisionBlock } from '../governance/decide';
import { windowAt } from '../governance/reserve';
import type { Figures } from '../governance/figures';
import { applyTrustEvent, freshTrust, type TrustLedger } from '../governance/trust';
import { holding, type Proofs } from '../approvals/proofs';
import type { HoldAsks } from '../engine/effects';
import type { Attempt, Failure } from '../kernel/failure';
import type { Json } from '../kernel/json';
import type { Under } from '../../workflows/protocol';
import type {
  Ask,
  AttemptEnd,
  Authority,
  AuthorityScope,
  GovernedAdmission,
  Hold,
  Said,
} from '../store/authority';
import type { Barrier, ExecuteAdmission } from '../store/barrier';
import { ungoverned, type Admit, type Admitted, type AdmitRequest, type Firing } from './admission';
import { gatherFacts } from './gather-facts';
import { asksOf, guardrailOf, keysOf, type Rulebook, type Rules } from './rules';

export interface GovernedParts {
  readonly authority: Authority;
  readonly barrier: Barrier;
  readonly rulebook: Rulebook;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Sees signed decisions. Absent: every row counts, for tests of the rules alone. */
  readonly proofs?: Pick<Proofs, 'approvals'>;
  /** Told of what holds an action. */
  readonly onHold?: (tenant: string, causes: readonly string[]) => void;
}

/** Who did not say where it stands is bound by no automation, so the engine may only recommend. */
const NOWHERE: Under = { runbook: 'unknown', domain: 'unknown', entity: 'unknown' };

/** An act of control ends these, and time does not: they do not expire as a queue does. */
const BY_CONTROL = /^(pause|kill|calendar|system|guardrail:llm_spend)/;
const SPEND = /^guardrail:llm_spend/;
const FOR_EVER_MS = 400 * 86_400_000;
/** How much later than its outcome the queue gives up one that waits for people, in milliseconds. */
const LOST_MS = 5 * 60_000;

interface Asking extends AdmitRequest {
  readonly under: Under;
  readonly rules: Rules;
  readonly scope: AuthorityScope;
  readonly asks: readonly Ask[];
}

interface Asked extends Asking {
  readonly holder: string;
}

export function createGovernedAdmit(parts: GovernedParts): Admit {
  return async (request) => {
    const asking = await askingOf(parts, request);
    const { holder, admission } = await parts.authority.admit(asking.asked, asking.scope, asking.asks);
    return answer(parts, { ...asking, holder }, admission);
  };
}

async function askingOf({ rulebook }: GovernedParts, request: AdmitRequest): Promise<Asking> {
  const under = request.under ?? NOWHERE;
  const { asked, contract } = request;
  const rules = await rulebook(asked.key.tenant, under, contract);
  const scope: AuthorityScope = {
    ...(under.automation === undefined ? {} : { automation: under.automation }),
    runbook: under.runbook,
    domain: under.domain,
    awf: contract.name,
    system: contract.system,
    probeMs: rules.figures.automation.breaker.probeAfterMs,
  };
  return { ...request, under, rules, scope, asks: asksOf(rules, contract, under) };
}

async function answer(parts: GovernedParts, asked: Asked, admission: GovernedAdmission): Promise<Admitted> {
  const { authority, barrier } = parts;
  const { asked: request } = asked;
  const plain = ungoverned(barrier, request);
  switch (admission.kind) {
    case 'skip': {
      const decision =
        admission.decision === undefined ? {} : { decision: parseDecision(admission.decision) };
      return { admission: admission.admission, firing: { ...plain, ...decision } };
    }
    case 'expired':
      return denied(plain, { code: 'ACTION_EXPIRED', message: 'it waited too long for its turn' });
    case 'let':
      // The barrier had the last word: it waits for an attempt that may still write, or has been fenced just now.
      if (admission.admission.kind === 'go') break;
      if (admission.admission.kind !== 'wait')
        await authority.giveBack(request.key, asked.holder, request.at);
      return { admission: admission.admission, firing: plain };
    case 'blocked':
      break;
  }
  const said = await afterBreaches(parts, asked, admission.said);
  const earlier = admission.kind === 'let' ? attemptsOf(admission.admission) : [];
  const decision = await judge(parts, asked, { said, earlier });
  const record = recordOf(decision) as unknown as Json;
  if (decision.fire === 'deny') {
    await authority.giveBack(request.key, asked.holder, request.at);
    const because = decision.blocks.filter(({ verdict }) => verdict === 'deny').map((block) => block.because);
    return denied(plain, { code: 'ACTION_DENIED', message: because.join('; ') }, record);
  }
  if (admission.kind === 'let' && decision.fire === 'allow') {
    return {
      admission: admission.admission,
      firing: {
        ...governedFiring(parts, asked, {
          record,
          text: JSON.stringify(record),
          isFirst: earlier.length === 0,
        }),
        degradations: decision.degradations,
      },
    };
  }
  const hold = holdOf(decision, said, asked);
  await authority.hold({ request, holder: asked.holder, scope: asked.scope }, asked.asks, hold);
  parts.onHold?.(request.key.tenant, hold.causes);
  const held = { kind: 'held', because: hold.because, decision: record, ...asksOfPeople(decision) } as const;
  return { admission: held, firing: plain };
}

/** Decides on what was read. Where people have to sign, only what they signed for this action as it is now counts. */
async function judge(
  { proofs }: GovernedParts,
  asked: Asked,
  { said, earlier }: { readonly said: Said; readonly earlier: readonly Attempt[] },
): Promise<Decision> {
  const { figures } = asked.rules;
  const facts = gatherFacts(factsInput(asked, said, earlier));
  if (proofs === undefined) return decide(facts, figures);
  const { key, at } = asked.asked;
  const awf = asked.contract.name;
  const proven = await proofs.approvals({
    ...{ key, awf, at, input: asked.input ?? null, controls: said.controls },
    goodForMs: figures.lifecycle.approvedMs,
    ...(asked.isChanged === true ? { isChanged: true } : {}),
  });
  const bare = decide({ ...facts, approvals: [] }, figures);
  const approvals = holding(proven, bare, { node: key.node, awf });
  return approvals.length === 0 ? bare : decide({ ...facts, approvals }, figures);
}

/** Who has still to decide, and by when; nothing where it is not people that it waits for. */
function asksOfPeople({ approval, blocks }: Decision): { readonly asks?: HoldAsks } {
  if (!blocks.some(({ rule }) => rule === 'approval')) return {};
  const { type, remindAfterMs, escalateAfterMs, expiresAfterMs } = approval;
  const open = approval.steps.flatMap(({ by, coveredBy }) => (coveredBy === null ? [by] : []));
  return { asks: { approval: type, open, remindAfterMs, escalateAfterMs, expiresAfterMs } };
}

/** A guardrail that was breached, or an effect that could not be undone, lowers trust before anything else is decided. */
async function afterBreaches(
  { authority, now }: GovernedParts,
  { asked: { key }, rules: { figures } }: Asked,
  said: Said,
): Promise<Said> {
  if (!said.controls.some(({ k }) => k.startsWith('breach:'))) return said;
  const trust = await foldBreaches({ authority, now }, key.tenant, figures);
  return trust === undefined ? said : { ...said, trust };
}

/** Each breach that is marked, and not counted yet, is a critical failure. The ledger that stands then; `undefined` without any. */
export const foldBreaches = (
  { authority, now }: Pick<GovernedParts, 'authority' | 'now'>,
  tenant: string,
  figures: Figures,
): Promise<TrustLedger | undefined> =>
  authority.foldBreaches(tenant, (ledger, breaches) => {
    let folded = ledger ?? freshTrust(figures);
    for (let n = 0; n < breaches; n++)
      folded = applyTrustEvent(folded, { at: now(), kind: 'critical_failure' }, figures);
    return folded;
  });

const factsInput = (asked: Asked, said: Said, earlier: readonly Attempt[]) => ({
  rules: asked.rules,
  contract: asked.contract,
  under: asked.under,
  node: asked.asked.key.node,
  said,
  asks: asked.asks,
  unknownFailures: earlier.filter(({ failure }) => failure?.class === 'unknown').length,
  now: asked.asked.at,
});

/** What holds an action, for the queue. */
function holdOf(decision: Decision, said: Said, { rules, asked: { at } }: Asked): Hold {
  const found = decision.blocks.map(({ cause }) => cause);
  // The database may know better than the rules: somebody waits before it, or another is the probe.
  const causes = [...new Set(found.length > 0 ? found : said.short.map((key) => `limit:${key}`))];
  if (causes.length === 0) causes.push(`system:${decision.facts.system?.name ?? ''}`);
  const { limit: ownLimit, blastRadius } = causesOf(decision);
  // The share at once is a limit like any other: one that ends makes room for the next.
  const isQueue = causes.every(
    (cause) => /^(guardrail|limit):/.test(cause) || (cause === blastRadius && causes.includes(ownLimit)),
  );
  // A spend limit parks what it holds: not the next month, but a person lets it go on, or rejects it.
  const isParked = causes.some((cause) => SPEND.test(cause));
  const because = decision.blocks.map((block) => block.because);
  return {
    causes,
    because: because.length > 0 ? because.join('; ') : 'others wait before it',
    waitsFor: isQueue && !isParked ? said.short : [],
    since: said.since,
    seq: said.seq,
    releasesAt: isParked ? null : releaseOf(decision, said, at),
    // Where people are asked the outcome itself keeps the time; this is for one that has lost it.
    expiresAt:
      (said.patientFrom ?? said.since) +
      patienceMs(causes, isQueue, rules) +
      (causes.includes('approval') ? LOST_MS : 0),
    ...stoppedBy(decision),
    version: said.version,
  };
}

/** An automation that failed too often stops until a person has looked into it: not until the hour is over that it failed in. */
function stoppedBy({ facts: { automation }, blocks }: Decision): Pick<Hold, 'stopped'> {
  const reach = automation?.blastRadius;
  if (reach === null || reach === undefined || !blocks.some(({ stops }) => stops === true)) return {};
  return { stopped: { failed: reach.failed, finished: reach.finished } };
}

/** What an automation's own count of actions under way is called, as a limit and as a share. */
function causesOf({ facts: { automation } }: Decision) {
  const id = automation?.id ?? '';
  return { limit: `limit:${keysOf(id).flight}`, blastRadius: `blast-radius:${id}` } as const;
}

function patienceMs(causes: readonly string[], isQueue: boolean, { figures: { lifecycle } }: Rules): number {
  if (causes.some((cause) => BY_CONTROL.test(cause))) return FOR_EVER_MS;
  return isQueue ? lifecycle.queuedMs : lifecycle.proposedMs;
}

/**
 * When time alone ends all that holds it, in milliseconds since the epoch; null where it does not. Room that is taken at once is no
 * cause to wait for beside others: once they are gone it asks again, and waits for the room alone if it has to.
 */
function releaseOf(decision: Decision, said: Said, at: number): number | null {
  const { limit: ownLimit, blastRadius } = causesOf(decision);
  const isRoom = ({ cause, stops }: DecisionBlock): boolean =>
    stops !== true && ['guardrail:concurrent_executions', ownLimit, blastRadius].includes(cause);
  const others = decision.blocks.filter((block) => !isRoom(block));
  const ends = (others.length === 0 ? decision.blocks : others).map(({ cause, until }) => {
    if (cause.startsWith('system:')) return Math.max(until ?? 0, said.probeAt ?? 0, said.retryAt ?? 0);
    // All limits are stressed until the first window ends; what ends before that may make room, too.
    if (cause === 'priority-mode') return firstEndOf(decision);
    // More than an automation may do alone in an hour needs a person, or the next hour.
    if (decision.boundBy.includes('blast-radius')) return windowAt('hour', at)?.to ?? null;
    return until;
  });
  if (decision.blocks.length === 0) return said.probeAt === null ? null : Math.max(said.probeAt, at);
  return ends.every((end) => end !== null) ? Math.max(...ends) : null;
}

function firstEndOf({ guardrails }: Decision): number | null {
  const ends = guardrails.flatMap(({ windowEndsAt }) => windowEndsAt ?? []);
  return ends.length === 0 ? null : Math.min(...ends);
}

function governedFiring(
  parts: GovernedParts,
  { asked: { key }, contract, under, rules, asks }: Asked,
  decided: { readonly record: Json; readonly text: string; readonly isFirst: boolean },
): Firing {
  const { record, text, isFirst } = decided;
  const { authority, now } = parts;
  const end = (rest: Pick<AttemptEnd, 'how' | 'call' | 'retryAt' | 'costs'>): AttemptEnd => ({
    runbook: under.runbook,
    system: contract.system,
    breaker: breakerOf(rules),
    trust: contract.effect === 'mutate' && rest.how !== 'again' ? trustOf(rules) : null,
    decision: text,
    ...rest,
  });
  return {
    decision: record,
    async commit(result, spent, next) {
      const how = {
        at: now(),
        end: end({ how: 'done', call: 'ok', retryAt: null, ...costsOf(spent, asks, isFirst) }),
      };
      // Where there are no rules for what follows, it fails when it asks, and this has still happened.
      const asking = next && (await askingOf(parts, next).catch(() => undefined));
      if (asking === undefined) return authority.commit(key, result, how);
      const done = await authority.commitAndAdmit(key, result, how, asking);
      if (done === undefined) return undefined;
      const { attempts, holder, admission } = done;
      return { attempts, next: () => answer(parts, { ...asking, holder }, admission) };
    },
    recordFailure: (attempt, how, spent) => {
      const at = now();
      const heard = {
        how: how.isLast ? 'failed' : 'again',
        ...callOf(attempt.failure, at),
        ...costsOf(spent, asks, isFirst),
      } as const;
      return authority.recordFailure(key, attempt, { ...how, at, end: end(heard) });
    },
  };
}

/** What a failure says of the system: an error of its own, a wish to be left alone, or that it is well and refused. */
function callOf(failure: Failure | undefined, at: number): Pick<AttemptEnd, 'call' | 'retryAt'> {
  if (failure === undefined || failure.code === 'ACTION_ATTEMPT_LOST') return { call: 'none', retryAt: null };
  if (failure.retryAfterMs !== undefined) return { call: 'none', retryAt: at + failure.retryAfterMs };
  const isError = failure.class === 'transient' || failure.class === 'unknown';
  return { call: isError ? 'error' : 'ok', retryAt: null };
}

/**
 * The difference between what was reported and what had been reserved; nothing where nothing was reported. A firing reserves once:
 * for its first attempt, and what that one had spent where it left no word.
 */
function costsOf(
  spent: ReadonlyMap<string, number>,
  asks: readonly Ask[],
  isFirst: boolean,
): Pick<AttemptEnd, 'costs'> {
  const costs = [...spent].flatMap(([unit, amount]) => {
    const ask = asks.find(({ k }) => k === guardrailOf(unit));
    if (ask === undefined) return [];
    const u = Math.ceil(amount) - (isFirst ? ask.u : 0);
    if (u === 0) return [];
    const { k, w, l, p } = ask;
    return [{ k, w, u, l, ...(p === undefined ? {} : { p }) }];
  });
  return costs.length === 0 ? {} : { costs };
}

function breakerOf({ figures }: Rules): AttemptEnd['breaker'] {
  const { opensAboveErrorShare, windowMs, fewestCalls, probeAfterMs } = figures.automation.breaker;
  return { share: opensAboveErrorShare, windowMs, fewest: fewestCalls, probeMs: probeAfterMs };
}

function trustOf({ figures }: Rules): Json {
  const { idleDays, idleFactor, moderateFactor } = figures.trust.decay;
  const { streak, gain, cap } = figures.trust.score;
  const fresh = freshTrust(figures) as unknown as Json;
  return { fresh, idleDays, idleFactor, moderateFactor, streak, gain, cap };
}

function denied(
  firing: Firing,
  why: { readonly code: string; readonly message: string },
  decision?: Json,
): Admitted {
  const failure: Failure = { class: 'permanent', ...why, effect: 'none' };
  return { admission: { kind: 'denied', failure, ...(decision === undefined ? {} : { decision }) }, firing };
}

const attemptsOf = (admission: ExecuteAdmission): readonly Attempt[] =>
  admission.kind === 'go' ? admission.attempts : [];

const parseDecision = (text: string): Json => JSON.parse(text) as Json;
