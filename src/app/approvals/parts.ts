/**
 * What approvals are made of, put together once for a process: the keys, the graph, the rule, the check and the last look.
 * Entry ring; a composition root.
 */
import { createSignAct, type SignAct } from '../../approvals/acts';
import { createCheck, type CheckDecision } from '../../approvals/check';
import type { KeyWrapping } from '../../approvals/key-wrapping';
import type { JudgeParts } from '../../approvals/judge';
import { createProofs, type Proofs } from '../../approvals/proofs';
import { createSignatures, type Signatures } from '../../approvals/signing';
import { createWords, type Words } from '../../approvals/words';
import type { Bundle } from '../../config/bundle';
import type { Cortex } from '../../cortex/cortex';
import { createAuthority } from '../../store/authority';
import type { Database } from '../../store/database';
import { createDecisionKeyStore, type DecisionKeyStore } from '../../store/decision-keys';

export interface Approvals {
  readonly signatures: Signatures;
  /** Signs acts of people that are no decisions. */
  readonly signAct: SignAct;
  /** For the one rule of who may decide. */
  readonly judging: JudgeParts;
  readonly check: CheckDecision;
  readonly proofs: Proofs;
  readonly store: DecisionKeyStore;
  /** What people have said of deciding, as it stands. */
  readonly words: Words;
}

export interface ApprovalsParts {
  readonly database: Database;
  readonly cortex: Cortex;
  /** Rejects where a tenant's configuration is not valid: then nobody may decide. */
  readonly bundleOf: (tenant: string) => Promise<Bundle>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** What signing keys are sealed with in the database; absent: they lie as they are. */
  readonly wrapping?: () => KeyWrapping;
}

export function createApprovals({ database, cortex, bundleOf, now, wrapping }: ApprovalsParts): Approvals {
  const store = createDecisionKeyStore(database);
  const signatures = createSignatures(store, now, wrapping);
  const judging: JudgeParts = {
    ...{ cortex, bundleOf, store, signatures },
    takenOverBy: (tenant, of) => store.takenOverBy(tenant, of),
    async authorsOf(tenant, automation) {
      const [bundle, governors] = await Promise.all([bundleOf(tenant), store.governors(tenant, automation)]);
      const own = bundle.content.automations.find(({ id }) => id === automation)?.authors ?? [];
      return [...new Set([...own, ...governors])].sort();
    },
  };
  const check = createCheck({ ...judging, signatures, authority: createAuthority(database) });
  const signAct = createSignAct(signatures, now);
  const proofs = createProofs(signatures, judging.takenOverBy);
  const words = createWords(store, signatures, now);
  return { signatures, signAct, judging, check, proofs, store, words };
}
