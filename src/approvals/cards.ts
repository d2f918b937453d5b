/**
 * The card of a gate or of a held action, with its hash: the same from a start and a state wherever they are read, so that
 * the door that shows it, the check and whoever looks into the history mean the same thing.
 * Adapter ring; computes a digest, asks nobody.
 */
import { createHash } from 'node:crypto';
import type { ApprovalTerms, Check } from '../engine/effects';
import { standsBehind } from '../engine/behind';
import { layoutOf, planNodeOf } from '../engine/layout';
import { bearsOn } from '../engine/readers';
import { gateCard, holdCard, type Card, type CardStep } from '../governance/approval-card';
import { stepsOfGate } from '../governance/approval-steps';
import { canonicalJson, type Json } from '../kernel/json';
import type { Plan } from '../plan/plan';

export interface HashedCard {
  readonly card: Card;
  /** SHA-256 of its canonical JSON, lower-case hex: what a decision is bound to. */
  readonly hash: string;
}

/** What a card is built from. */
export interface CardSource {
  readonly outcome: string;
  readonly plan: Plan;
  readonly terms: ApprovalTerms;
  readonly node: string;
  /** Of an action: what holds it. */
  readonly held?: Check['held'];
  /** What people have changed so far. */
  readonly overrides?: Check['overrides'];
}

/** The card; undefined where the node is neither a gate nor held for people. */
export function cardFor({
  outcome,
  plan,
  terms,
  node,
  held,
  overrides = [],
}: CardSource): HashedCard | undefined {
  const about = { outcome, plan, planId: terms.plan, figures: terms.figures, overrides };
  const layout = layoutOf(plan);
  const planned = planNodeOf(layout, node);
  if (planned?.kind === 'gate') {
    const steps = stepsOfGate(planned.by, terms.depth).map(({ need, among }) =>
      need === 1 && among.length === 1 ? among[0]! : `${need} of ${among.join('|')}`,
    );
    const changed = overrides.flatMap((one) => planNodeOf(layout, one.node)?.id ?? []);
    const feeding = [...new Set(changed)].filter(
      (one) => bearsOn(layout, one, planned.id) && !standsBehind(layout, one, planned.id),
    );
    return hashed(gateCard(about, node, { gate: planned, steps, feeding }));
  }
  if (planned?.kind !== 'action' || held === undefined) return undefined;
  const card = holdCard(about, { node, awf: held.awf, input: held.input, record: held.record });
  return card === undefined ? undefined : hashed(card);
}

const hashed = (card: Card): HashedCard => ({ card, hash: digestOf(card) });

/** SHA-256 of canonical JSON, lower-case hex. */
export const digestOf = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex');

/** One action that a decision covers: as on the card, with a digest in the place of its input. */
export type Covered = Omit<CardStep, 'input' | 'undo'> & { readonly input?: string };

/** What of a card goes into the signature, for admission: nothing that is approved behind a gate needs it. */
export const coveredBy = ({ kind, steps }: Card): readonly Covered[] =>
  kind === 'gate'
    ? []
    : steps.map(({ input, undo: _, ...step }) => ({
        ...step,
        ...(input === undefined ? {} : { input: digestOf(input satisfies Json) }),
      }));
