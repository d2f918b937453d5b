/**
 * Use case of every door: a person decides at a gate, or on an action that is held for people. It signs what they say, bound
 * to the card as it stands or as they saw it, and hands it to the outcome, which checks it and keeps it on record.
 * Entry ring. Whether it counts is the check's to say; nothing is refused here that an auditor would have to see.
 */
import { cardFor, coveredBy, type HashedCard } from '../../approvals/cards';
import { NO_CARD, ON_ITS_WAY_MS, type SignedDecision } from '../../approvals/decision';
import { judge, type Judged } from '../../approvals/judge';
import type { WhoMayDecide } from '../../governance/approval-people';
import type { Check } from '../../engine/effects';
import { saidSoFar } from '../../engine/approvals';
import { layoutOf, planNodeOf } from '../../engine/layout';
import type { EngineState } from '../../engine/state';
import { splitOutcomeId, type NodeAddress } from '../../kernel/ids';
import { ok, type Result } from '../../kernel/result';
import type { Plan } from '../../plan/plan';
import { tellRuns, type ReadRun } from '../../temporal/history';
import type { ActAnswer, OutcomeStart } from '../../../workflows/protocol';
import { refuse, refusing, type Refusal } from '../refusal';
import type { Services } from '../services';

export interface Deciding {
  /** Such as `person:mary.major`. */
  readonly by: string;
  /** Of their token; it takes `approver`. */
  readonly roles: readonly string[];
  readonly verdict: 'approve' | 'reject';
  readonly reason?: string;
  /** Hash of the card that they saw; absent: the one that stands. */
  readonly card?: string;
  /** They pass the chain in an emergency; somebody else reviews it afterwards. */
  readonly glass?: boolean;
}

type Start = Pick<OutcomeStart, 'plan' | 'terms' | 'startedBy' | 'under'>;

/** What of an outcome a decision is about. */
interface About {
  readonly outcome: string;
  readonly node: string;
  readonly start: Start;
  readonly terms: NonNullable<OutcomeStart['terms']>;
  readonly held?: Check['held'];
  readonly overrides?: Check['overrides'];
  readonly card: HashedCard | undefined;
  /** Whether it waits for people now: a gate that is not open yet, or not any more, has a card all the same. */
  readonly isAsking: boolean;
}

/**
 * Signs and sends a decision. Gives the engine's answer; `undefined` where the outcome does not ask for signatures. Errors:
 * those of the check (`GATE_…`), `OUTCOME_…`.
 */
export async function decideSigned(
  services: Services,
  { outcome, node }: NodeAddress,
  deciding: Deciding,
): Promise<Result<Exclude<ActAnswer, object> | undefined, Refusal>> {
  const runs = await refusing(() => services.outcomes.runs(outcome));
  if (!runs.ok) return runs;
  const about = aboutOf(outcome, node, runs.value);
  if (about === undefined) return ok(undefined);
  const tenant = splitOutcomeId(outcome)?.tenant ?? '';
  const { by, verdict, reason } = deciding;
  const why = isSaid(reason) ? { reason } : {};
  const payload = await payloadOf(services, { about, deciding });
  const token = await services.approvals.signatures.sign(tenant, 'decision', payload);
  const answer = await refusing(() =>
    services.outcomes.decide(outcome, { gate: node, verdict, by, ...why, token }),
  );
  if (!answer.ok) return answer;
  if (typeof answer.value !== 'object') return ok(answer.value);
  const { code, because } = answer.value;
  return refuse(code, `\`${outcome}#${node}\`: ${because}`);
}

/**
 * Whether each of these could approve there as it stands; `undefined` where nobody is asked: the node waits for none, or the
 * outcome does not ask for signatures. Nothing is signed or sent. Errors: `OUTCOME_…`.
 */
export async function whoOfThemMay(
  services: Pick<Services, 'outcomes' | 'approvals' | 'now'>,
  { outcome, node }: NodeAddress,
  people: readonly Pick<Deciding, 'by' | 'roles'>[],
): Promise<Result<readonly WhoMayDecide[] | undefined, Refusal>> {
  const runs = await refusing(() => services.outcomes.runs(outcome));
  if (!runs.ok) return runs;
  const about = aboutOf(outcome, node, runs.value);
  if (about?.card === undefined || !about.isAsking) return ok(undefined);
  const at = services.now();
  // Whether they will have a reason is not the question here.
  const asked = people.map((one) =>
    askedOf(about, { ...one, verdict: 'approve', reason: 'asked before' }, at),
  );
  return ok(await Promise.all(asked.map((one) => judge(services.approvals.judging, one))));
}

function askedOf(
  { outcome, node, start, terms, held, overrides }: About,
  { by, roles, verdict, reason, glass = false }: Deciding,
  at: number,
): Judged {
  return {
    ...{ tenant: splitOutcomeId(outcome)?.tenant ?? '', outcome, plan: start.plan, terms, node },
    ...{ startedBy: start.startedBy, decider: by, roles, verdict, glass, at },
    ...(start.under === undefined ? {} : { under: start.under }),
    ...(held === undefined ? {} : { held }),
    ...(overrides === undefined ? {} : { overrides }),
    ...(isSaid(reason) ? { reason } : {}),
  };
}

async function payloadOf(
  { approvals, now }: Services,
  { about, deciding }: { readonly about: About; readonly deciding: Deciding },
): Promise<SignedDecision> {
  const { outcome, node, card } = about;
  const { by, roles, verdict, reason, glass = false } = deciding;
  const at = now();
  const judged = await judge(approvals.judging, askedOf(about, deciding, at));
  return {
    ...{ v: 1, outcome, node, verdict, by, at, expiresAt: at + ON_ITS_WAY_MS },
    card: deciding.card ?? card?.hash ?? NO_CARD,
    roles: [...roles],
    as: judged.may ? judged.as : null,
    ...(judged.may ? {} : { refused: judged.code }),
    ...(judged.may && judged.for !== undefined ? { for: judged.for } : {}),
    ...(isSaid(reason) ? { reason } : {}),
    ...(glass ? { glass: true as const } : {}),
    covers: card === undefined ? [] : [...coveredBy(card.card)],
  };
}

const isSaid = (reason: string | undefined): reason is string => reason !== undefined && reason.trim() !== '';

function aboutOf(outcome: string, node: string, runs: readonly ReadRun[]): About | undefined {
  const start = runs[runs.length - 1]?.start;
  if (start?.terms === undefined) return undefined;
  const { state } = tellRuns(runs);
  const { plan, terms } = start;
  const held = heldIn(plan, state, node);
  const changed = saidSoFar(state);
  const source = { outcome, plan, terms, node, ...(held === undefined ? {} : { held }), ...changed };
  const isAsking = held !== undefined || state.nodes[node]?.status === 'asking';
  return { ...source, start, isAsking, card: cardFor(source) };
}

/** What holds an action, as the check will see it. */
function heldIn(plan: Plan, state: EngineState, node: string): Check['held'] {
  const at = state.nodes[node];
  const planned = planNodeOf(layoutOf(plan), node);
  if (planned?.kind !== 'action' || at?.held === undefined) return undefined;
  return { awf: at.awf ?? planned.awf, input: at.input ?? null, record: at.held.record };
}

/** The card of one gate or held action, for whoever is to decide; undefined where nobody is. */
export function cardOfTask(outcome: string, node: string, runs: readonly ReadRun[]): HashedCard | undefined {
  return aboutOf(outcome, node, runs)?.card;
}
