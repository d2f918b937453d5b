/**
 * The card of what waits, as lines of a notice: read from the outcome's history when it is sent or opened, so that it is the very card
 * that a decision is bound to.
 * Entry ring.
 */
import type { Card, CardStep } from '../governance/approval-card';
import type { NoticeBody } from '../notices/notice';
import type { Outcomes } from '../temporal/client';
import { cardOfTask } from './approvals/decide';

/** The body with its card; as it was where there is none, or it can't be read now: nobody is told later because of it. */
export async function withCard(outcomes: Pick<Outcomes, 'runs'>, body: NoticeBody): Promise<NoticeBody> {
  const { outcome, node } = body;
  if (node === undefined) return body;
  const runs = await outcomes.runs(outcome).catch(() => []);
  const found = runs.length === 0 ? undefined : cardOfTask(outcome, node, runs);
  if (found === undefined) return body;
  const { card, hash } = found;
  return {
    ...body,
    title: `${card.runbook} for ${card.entity}`,
    ...(card.because.length === 0 ? {} : { because: card.because.join('; ') }),
    asked: card.by,
    card: linesOf(card),
    hash,
  };
}

function linesOf(card: Card): readonly { readonly label: string; readonly value: string }[] {
  const { approval, reasonRequired, risk, confidence, cost, undo, steps, more, rules, changes = [] } = card;
  const line = (label: string, value: string) => ({ label, value });
  const counted = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ');
  return [
    line('Approval', reasonRequired ? `${approval}, with a reason` : approval),
    line('Risk', `${risk.class} (${risk.score})`),
    ...(confidence === null ? [] : [line('Confidence', confidence)]),
    ...(counted(cost) === '' ? [] : [line('Cost', counted(cost))]),
    line('Undo', counted(undo)),
    ...steps.map((step, at) => line(`Step ${at + 1}`, stepText(step))),
    ...(more === 0 ? [] : [line('And', `${more} more steps`)]),
    ...changes.map(({ node, by, reason, change }) =>
      line(`Changed at ${node}`, `${change.do} by ${by}: ${reason}`),
    ),
    ...rules.map(({ rule, because }) => line(`Rule ${rule}`, because)),
  ];
}

const stepText = ({ awf, risk, external, undo }: CardStep): string =>
  `${awf}: ${risk}${external ? ', seen from outside' : ''}, ${undo === null ? 'cannot be undone' : `undone by ${undo}`}`;
