/** The card of a gate or of a held action, as lines for whoever is to decide. Entry ring; it only prints. */
import type { HashedCard } from '../approvals/cards';
import type { CardChange } from '../governance/approval-card';

/** Steps that are listed one by one; the card has all of them. */
const LISTED = 12;

export function cardLines({ card, hash }: HashedCard): readonly string[] {
  const { risk, steps, more, undo, cost, confidence, rules, because, ask, by, approval, changes } = card;
  const beyond = steps.length - LISTED + more;
  const costs = Object.entries(cost).map(([unit, amount]) => `${unit} ${amount}`);
  return [
    ...(ask === null ? [] : [`asks: ${ask}`]),
    `${approval} by ${by.join(', ')}${card.reasonRequired ? ', with a reason' : ''}`,
    ...because.map((one) => `because ${one}`),
    `risk ${risk.class} (${risk.score})${confidence === null ? '' : `, confidence ${confidence}`}`,
    ...steps
      .slice(0, LISTED)
      .map(
        ({ node, awf, risk: of, undo: back }) =>
          `  ${node}: ${awf}, ${of}, ${back === null ? 'nothing undoes it' : `undone by ${back}`}`,
      ),
    ...(beyond > 0 ? [`  and ${beyond} more`] : []),
    ...(changes ?? []).map(changeLine),
    `can be undone: ${undo.full} in full, ${undo.partial} in part, ${undo.irreversible} not at all`,
    ...(costs.length === 0 ? [] : [`costs ${costs.join(', ')}`]),
    ...rules.map(({ rule, because: why, spec }) => `rule ${rule}: ${why} (${spec})`),
    `card ${hash}`,
  ];
}

/** What somebody made of a step, with what is put there. */
function changeLine({ node, by, reason, scope, change: { do: what, ...rest } }: CardChange): string {
  const where = scope === 'step' ? '' : ` (${scope})`;
  const values = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
  return `changed ${node}: ${what}${where}${values} by ${by}: ${reason}`;
}
