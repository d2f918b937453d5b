/**
 * The last look at signed decisions, when an action is about to fire: whatever the workflow was told, and by whom, nothing
 * that stands behind a gate or was held for people fires without signatures that hold here.
 * Adapter ring. Throws StoreError where the keys are not at hand: then nothing fires.
 */
import { isWordOf } from '../engine/approvals';
import type { GateProof } from '../engine/effects';
import { stillCovers, viewOf } from '../governance/approval-card';
import type { Decision } from '../governance/decide';
import { emergencyName } from '../governance/emergency';
import type { ApprovalFacts } from '../governance/facts';
import type { Json } from '../kernel/json';
import type { ControlSaid } from '../store/authority';
import { TOOK, type TakenOver } from '../store/decision-keys';
import { digestOf, type Covered } from './cards';
import { readDecision, type SignedDecision } from './decision';
import type { Signatures } from './signing';
import { tokenIn } from './words';

interface ActionKey {
  readonly tenant: string;
  readonly outcome: string;
  readonly node: string;
}

/** An approval or a rejection, with what it covers of one action. */
export interface Proven {
  readonly facts: ApprovalFacts;
  /** What the approver saw of this action; absent for a rejection. */
  readonly covered?: Covered;
}

export interface Proofs {
  /** Why the gates before an action do not let it through; undefined where they do. */
  gates(key: ActionKey, gates: readonly GateProof[]): Promise<string | undefined>;
  /** Of the controls that were read with an admission: the decisions on this action that are signed and not stale. */
  approvals(asked: {
    readonly key: ActionKey;
    readonly awf: string;
    readonly input: Json;
    readonly controls: readonly ControlSaid[];
    readonly at: number;
    /** An approval is good for so long, in milliseconds. @source execution model 8.3 */
    readonly goodForMs: number;
    /** A person changed what it does. */
    readonly isChanged?: true;
  }): Promise<readonly Proven[]>;
}

/** @param takenOverBy who has taken an outcome or an action over: whoever does so has approved nothing of it, before or after */
export function createProofs(
  signatures: Pick<Signatures, 'verify'>,
  takenOverBy: (tenant: string, of: Omit<ActionKey, 'tenant'>) => Promise<Pick<TakenOver, 'ever'>>,
): Proofs {
  const read = async (tenant: string, token: string): Promise<SignedDecision | undefined> => {
    const payload = await signatures.verify(tenant, 'decision', token);
    const said = payload.ok ? readDecision(payload.value) : undefined;
    return said?.refused === undefined ? said : undefined;
  };
  return {
    async gates({ tenant, outcome, node }, gates) {
      const takers = gates.length === 0 ? [] : (await takenOverBy(tenant, { outcome, node })).ever;
      for (const { gate, need, tokens } of gates) {
        const people = new Set<string>();
        let isPassed = false;
        for (const token of tokens) {
          const said = await read(tenant, token);
          if (said?.outcome !== outcome || said.node !== gate || said.verdict !== 'approve') continue;
          // Nobody approves their own act: neither who has taken it over, nor another in their name.
          if (isWordOf(takers, said)) continue;
          people.add(said.for ?? said.by);
          isPassed ||= said.glass === true;
        }
        if (people.size < need && !isPassed) {
          return `${people.size} of ${need} signed approvals of \`${gate}\` hold`;
        }
      }
      return undefined;
    },
    async approvals({ key, awf, input, controls, at, goodForMs, isChanged }) {
      const proven: Proven[] = [];
      const takers = controls.flatMap(({ s, k, b }) =>
        (s === 'outcome' || s === 'action') && (k === 'person' || k.startsWith(TOOK)) ? [b] : [],
      );
      for (const { k, v } of controls) {
        const token = k.startsWith('approval:') ? tokenIn(v) : undefined;
        const said = token === undefined ? undefined : await read(key.tenant, token);
        if (said?.outcome !== key.outcome) continue;
        const facts = { by: said.for ?? said.by, as: said.as ?? ('user' as const) };
        if (said.verdict === 'reject') {
          if (said.node === key.node) proven.push({ facts: { ...facts, decision: 'rejected' } });
          continue;
        }
        if (isWordOf(takers, said)) continue;
        const covered = said.covers.find(({ node }) => node === key.node || node === templateOf(key.node));
        if (covered === undefined || covered.awf !== awf || said.at + goodForMs < at) continue;
        // What was shown with its input holds for that input alone.
        if (covered.input !== undefined && covered.input !== digestOf(input)) continue;
        // What was gathered in another's card was shown as the plan has it.
        if (covered.input === undefined && isChanged === true) continue;
        for (const one of said.glass === true ? inEmergency(said.by) : [facts]) {
          proven.push({ facts: { ...one, decision: 'approved' }, covered: plain(covered) });
        }
      }
      return proven;
    },
  };
}

/** Who passes a chain in an emergency stands for each of its steps; the facts say so in the name. */
const inEmergency = (by: string): readonly Pick<ApprovalFacts, 'by' | 'as'>[] =>
  Array.from({ length: CHAIN_STEPS }, (_, i) => ({ by: emergencyName(by, i + 1), as: 'executive' as const }));

/** More than any chain asks for. */
const CHAIN_STEPS = 8;

/** The plan's node behind an instance inside for-each. */
const templateOf = (node: string): string =>
  node.slice(node.lastIndexOf(']/') < 0 ? 0 : node.lastIndexOf(']/') + 2);

/** Those that still hold for the action as it is judged now. */
export function holding(
  proven: readonly Proven[],
  now: Decision,
  of: { readonly node: string; readonly awf: string },
): readonly ApprovalFacts[] {
  const view = viewOf(of, now);
  return proven.flatMap(({ facts, covered }) =>
    covered === undefined || stillCovers({ ...covered, undo: null }, view) ? [facts] : [],
  );
}

const plain = ({ asks, input, ...rest }: SignedDecision['covers'][number]): Covered => ({
  ...rest,
  ...(asks === undefined ? {} : { asks }),
  ...(input === undefined ? {} : { input }),
});
