/** Stories of outcomes for tests of replay: what histories would tell, from a simulation in place of a history. */
import type { OutcomeStart } from '../../workflows/protocol';
import { createHash } from 'node:crypto';
import { interpret } from '../../src/engine/interpret';
import { decide, recordOf } from '../../src/governance/decide';
import type { Facts } from '../../src/governance/facts';
import { SPEC_FIGURES, type Figures } from '../../src/governance/figures';
import { jsonCopy, type Json } from '../../src/kernel/json';
import type { Plan } from '../../src/plan/plan';
import type { Story } from '../../src/replay/history-source';
import type { Today } from '../../src/replay/today';
import { ModelWorld } from '../../src/simulator/model-world';
import { PredictedEffects, type Oracle } from '../../src/simulator/simulator';
import { tellRuns, type ReadHappening } from '../../src/temporal/history';
import type { Rules } from '../../src/temporal/rules';
import { toyContracts } from './plans';

/** When every story of this file begins. */
export const BEGUN = Date.UTC(2026, 2, 10, 10, 42);

export interface StoryOptions {
  readonly id?: string;
  readonly oracle?: Oracle;
  readonly start?: Partial<OutcomeStart>;
}

/** The story of a plan that ran as the oracle says. */
export async function storyOf(plan: Plan, { id, oracle, start }: StoryOptions = {}): Promise<Story> {
  const begun: OutcomeStart = {
    plan,
    planId: 'test',
    cause: { event: 'e1', type: 'toy.wanted' },
    startedBy: 'automation:tidy-up',
    ...start,
  };
  const simulation = { plan, contracts: toyContracts, at: BEGUN, world: new ModelWorld() };
  const effects = new PredictedEffects({ ...simulation, ...(oracle === undefined ? {} : { oracle }) });
  const happenings: ReadHappening[] = [];
  await interpret(plan, effects, {
    at: BEGUN,
    ...(start?.terms === undefined ? {} : { terms: start.terms }),
    observe: (advance, _machine, happening) => {
      if (happening !== undefined)
        happenings.push({ ...jsonCopy(happening), eventId: happenings.length + 2 });
      effects.watch(advance.trace);
    },
  });
  const lastAt = happenings.at(-1)?.at ?? BEGUN;
  const runs = [{ start: begun, at: BEGUN, happenings, lastEvent: happenings.length + 2, lastAt }];
  return { id: id ?? `${plan.tenant}/${plan.outcome}/e1`, start: begun, runs, told: tellRuns(runs) };
}

/** The record of a decision on these facts. */
export const recordOn = (facts: Facts, figures: Figures = SPEC_FIGURES): Json =>
  recordOf(decide(facts, figures)) as unknown as Json;

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Today as a test wants it; whatever is not given refuses, or is not known. */
export function todayOf(rest: Partial<Today> & { readonly inForce?: Rules } = {}): Today {
  const { inForce, ...own } = rest;
  const none = { code: 'SELECT_NONE', at: 'test', message: 'no automation listens' } as const;
  return {
    tenant: 'acme',
    contracts: toyContracts,
    select: () => Promise.resolve({ ok: false, error: none }),
    entity: () => Promise.resolve(undefined),
    compile: () => ({ ok: false, error: [none] }),
    rules: () => (inForce === undefined ? Promise.reject(new Error('no rules')) : Promise.resolve(inForce)),
    facts: () => Promise.reject(new Error('no facts')),
    standing: () => Promise.resolve({}),
    digest: sha256,
    ...own,
  };
}
