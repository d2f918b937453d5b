/**
 * What people are told of limits: that one is near, reached or passed, as the decision of an action found it. Once for each
 * guardrail, level and window, whichever action came upon it.
 * Adapter ring; pure.
 * @source execution model 6.4
 */
import type { Entry } from '../audit/record';
import type { NoticeKind } from '../config/notice-kinds';
import { assess, type GuardrailView } from '../governance/assess';
import { figuresNamed } from '../governance/decide';
import { parseFacts } from '../governance/facts-parse';
import type { GuardrailFigure } from '../governance/figures/guardrails';
import { windowAt } from '../governance/reserve';
import type { Json } from '../kernel/json';
import { LATE_MS } from './from-records';
import { noticeIdOf, type Notice, type NoticeBody } from './notice';

const TOLD: { readonly [Level in GuardrailView['level']]?: NoticeKind } = {
  soft: 'limit_near',
  hard: 'limit_reached',
  overage: 'limit_passed',
  unattainable: 'limit_reached',
};

/**
 * The notices of a decision; none where there was none, or it can't be read. What is counted at once is no stock that runs out:
 * whoever waits for it is told of as held.
 * @param decision as the history has it
 */
export function limitNotices(entry: Entry, decision: Json | undefined, now: number): readonly Notice[] {
  const { tenant, outcome, at } = entry;
  if (outcome === undefined || now - at > LATE_MS) return [];
  if (typeof decision !== 'object' || decision === null || Array.isArray(decision)) return [];
  const { facts, figures } = decision as { readonly facts?: Json; readonly figures?: Json };
  const read = parseFacts(facts);
  const inForce = figuresNamed(figures ?? {});
  if (!read.ok || !inForce.ok) return [];
  const { guardrails } = inForce.value.tiers;
  return assess(read.value, inForce.value).guardrails.flatMap((view) => {
    const kind = TOLD[view.level];
    const figure = guardrails[view.guardrail];
    const window = windowAt(figure.window, read.value.now);
    if (kind === undefined || window === null || !view.counts) return [];
    const body = bodyOf({ kind, outcome, at }, view, figure);
    // A limit that was raised can come near again.
    const occasion = `${view.guardrail}/${window.from}/${view.limit}`;
    return [{ tenant, id: noticeIdOf({ kind, outcome: '' }, occasion), body }];
  });
}

function bodyOf(
  head: Pick<NoticeBody, 'kind' | 'outcome' | 'at'>,
  { used, asked, limit, windowEndsAt }: GuardrailView,
  { label, perPrintedUnit }: GuardrailFigure,
): NoticeBody {
  const printed = (units: number): string => String(Number((units / perPrintedUnit).toFixed(2)));
  // What did not fit took nothing.
  const inUse = (used ?? 0) + (head.kind === 'limit_near' ? (asked ?? 0) : 0);
  const ends = windowEndsAt === null ? [] : [{ label: 'Ends', value: new Date(windowEndsAt).toISOString() }];
  return {
    ...head,
    title: `${label}: ${printed(inUse)} of ${printed(limit)}`,
    because: BECAUSE[head.kind as keyof typeof BECAUSE],
    card: [{ label: 'Guardrail', value: label }, { label: 'Limit', value: printed(limit) }, ...ends],
  };
}

const BECAUSE = {
  limit_near: 'Actions go on. At the limit they wait until the window ends or the limit is raised.',
  limit_reached: 'Actions wait in their order until the window ends or the limit is raised.',
  limit_passed: 'New actions are refused until the window ends or a larger tier is in force.',
} as const;
