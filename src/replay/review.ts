/**
 * Review: a decision, made again with the facts and figures that it was made with, and made once more as today's rules and
 * configuration would make it of the same data.
 * Adapter ring. It decides, and does nothing with what was decided.
 */
import { compareDecisions, type DecisionDifference } from '../governance/compare';
import { decide, decideAgain, figuresNamed, recordOf, type Decision } from '../governance/decide';
import type { Figures } from '../governance/figures';
import { canonicalJson, type Json } from '../kernel/json';
import { ok, type Result } from '../kernel/result';
import type { TraceEvent } from '../engine/trace';
import type { Story } from './history-source';
import { refuseReplay, type ReplayRefusal } from './refusal';
import type { Today } from './today';
import { factsToday, NOWHERE } from './todays-facts';

/** One decision on an action, as the history has it. */
export interface RecordedDecision {
  /** When the workflow heard of it, in milliseconds since the epoch. */
  readonly at: number;
  readonly awf: string;
  readonly record: Json;
}

export interface Review {
  /** `<outcome id>#<node>`. */
  readonly action: string;
  readonly awf: string;
  /** Which decision on the action it is, from 1, and how many there are. */
  readonly nth: number;
  readonly of: number;
  /** When it was decided, in milliseconds since the epoch. */
  readonly decidedAt: number;
  readonly then: Decision;
  /** Whether deciding again gave the record, byte for byte, with the digests of both. */
  readonly proof: { readonly isSame: boolean; readonly recorded: string; readonly again: string };
  /** Digest of the figures in force, and of those that the plan was compiled under. */
  readonly ruleset: { readonly then: string; readonly planned: string; readonly today: string };
  readonly today: Decision;
  readonly difference: DecisionDifference;
}

/** Every decision on one action, oldest first. A held action has one for each time that it asked. */
export function decisionsOn(trace: readonly TraceEvent[], node: string): readonly RecordedDecision[] {
  return trace.flatMap((event): RecordedDecision[] =>
    'decision' in event && event.node === node
      ? [{ at: event.at, awf: event.awf, record: event.decision }]
      : [],
  );
}

/**
 * Reviews one decision on an action; the last one where `nth` is not given.
 * Errors: `REPLAY_NODE_UNKNOWN`, `REPLAY_UNDECIDED`, `REPLAY_RECORD_UNREADABLE`, `REPLAY_CATALOG_MISSING`.
 */
export async function reviewAction(
  story: Story,
  node: string,
  { today, nth }: { readonly today: Today; readonly nth?: number },
): Promise<Result<Review, ReplayRefusal>> {
  const address = `${story.id}#${node}`;
  if (story.told.state.nodes[node] === undefined)
    return refuseReplay('REPLAY_NODE_UNKNOWN', `\`${address}\`: the outcome has not come to such a node`);
  const decisions = decisionsOn(story.told.trace, node);
  const chosen = nth ?? decisions.length;
  const decision = decisions[chosen - 1];
  if (decision === undefined) {
    const times = decisions.length === 1 ? 'once' : `${decisions.length} times`;
    const why = decisions.length === 0 ? 'nothing was decided on it' : `it was decided ${times}`;
    return refuseReplay('REPLAY_UNDECIDED', `\`${address}\`: ${why}`);
  }
  const then = decideAgain(decision.record as unknown as { readonly facts: unknown; readonly figures: Json });
  if (!then.ok) {
    return refuseReplay('REPLAY_RECORD_UNREADABLE', `\`${address}\`: the record can't be decided again`, {
      diagnostics: then.error,
    });
  }
  const contract = today.contracts.get(decision.awf);
  if (contract === undefined) {
    return refuseReplay(
      'REPLAY_CATALOG_MISSING',
      `\`${address}\`: today’s catalog has no AWF \`${decision.awf}\``,
    );
  }
  const under = story.start.under ?? NOWHERE;
  const rules = await today.rules(under, contract);
  const standing = await today.standing(under.automation);
  const now = decide(factsToday(then.value.facts, { rules, contract, standing }), rules.figures);
  return ok({
    action: address,
    awf: decision.awf,
    nth: chosen,
    of: decisions.length,
    decidedAt: then.value.facts.now,
    then: then.value,
    proof: proofOf(decision.record, then.value, today.digest),
    ruleset: {
      then: rulesetOf(then.value, today.digest),
      planned: story.start.plan.ruleset,
      today: digestOf(rules.figures, today.digest),
    },
    today: now,
    difference: compareDecisions(then.value, now),
  });
}

function proofOf(record: Json, again: Decision, digest: Today['digest']): Review['proof'] {
  const recorded = digest(canonicalJson(record));
  const decided = digest(canonicalJson(recordOf(again)));
  return { isSame: recorded === decided, recorded, again: decided };
}

/** The digest that a plan names its ruleset by, of the figures that a decision was made with. */
function rulesetOf({ figures }: Decision, digest: Today['digest']): string {
  const named = figuresNamed(figures);
  return named.ok ? digestOf(named.value, digest) : '';
}

const digestOf = (figures: Figures, digest: Today['digest']): string => digest(canonicalJson(figures));
