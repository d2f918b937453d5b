/**
 * The authority's share of a robot process: the admission that its dispatcher asks, the activities of controls, and the
 * releaser that tells held actions to go on.
 * Adapter ring; put together from what it is handed.
 */
import type { Proofs } from '../approvals/proofs';
import { createSignatures } from '../approvals/signing';
import { createWords, type Words } from '../approvals/words';
import type { Figures } from '../governance/figures';
import { createAuthority, type Authority, type Woken } from '../store/authority';
import type { Barrier } from '../store/barrier';
import type { Database } from '../store/database';
import { createDecisionKeyStore } from '../store/decision-keys';
import { listen } from '../store/listen';
import type { Admit } from './admission';
import type { Outcomes } from './client';
import type { ArchivePlace } from '../store/archive-place';
import { createEvidenceControls } from '../store/evidence-controls';
import { createLegalHolds } from '../store/legal-holds';
import { createRetention } from '../store/retention';
import { createControlActivities } from './control-activities';
import type { ControlActivities } from '../../workflows/control-protocol';
import type { Log } from './dispatcher';
import { createGovernedAdmit, foldBreaches } from './governed-admission';
import { OutcomeError } from './outcome-error';
import { startReleaser, type Releaser, type Told } from './releaser';
import type { Rulebook } from './rules';

export interface AuthorityRobotParts {
  readonly database: Database;
  /** Connections for acts of control alone: a kill switch must not wait behind the admissions that it is to stop. */
  readonly controls: Database;
  readonly databaseUrl: string;
  readonly barrier: Barrier;
  readonly rulebook: Rulebook;
  /** The figures in force for a tenant as a whole: its trust is that of no runbook. Rejects as the rulebook does. */
  readonly figuresOf: (tenant: string) => Promise<Figures>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
  /** Sees signed decisions; absent in tests of the rules alone. */
  readonly proofs?: Pick<Proofs, 'approvals'>;
  /** Makes and keeps the report of the last whole period before it was due; by default nobody does. */
  readonly report?: (tenant: string, kind: string, due?: number) => Promise<void>;
  /** Where archived histories lie that are not in the database. */
  readonly archive?: ArchivePlace;
  /** Told of what holds an action. */
  readonly onHold?: (tenant: string, causes: readonly string[]) => void;
}

export interface AuthorityRobot {
  readonly authority: Authority;
  readonly admit: Admit;
  /** To be told of an effect that is on record as not to be undone: a critical failure, which drops trust by a level at once. */
  readonly undoFailed: (tenant: string) => Promise<void>;
  readonly activities: ControlActivities;
  /** Begins to tell held actions of their release. */
  release(outcomes: Pick<Outcomes, 'release'>): Releaser;
}

export function createAuthorityRobot(parts: AuthorityRobotParts): AuthorityRobot {
  const { database, controls, databaseUrl, barrier, rulebook, now, log } = parts;
  const authority = createAuthority(database);
  return {
    authority,
    admit: createGovernedAdmit({
      ...{ authority, barrier, rulebook, now },
      ...(parts.proofs === undefined ? {} : { proofs: parts.proofs }),
      ...(parts.onHold === undefined ? {} : { onHold: parts.onHold }),
    }),
    async undoFailed(tenant) {
      await foldBreaches({ authority, now }, tenant, await parts.figuresOf(tenant));
    },
    activities: createControlActivities({
      authority: createAuthority(controls),
      evidence: createEvidenceControls(controls),
      holds: createLegalHolds(controls),
      retention: createRetention(controls, parts.archive),
      words: wordsOf(controls, now),
      report: parts.report ?? (() => Promise.resolve()),
      now,
    }),
    release: (outcomes) =>
      startReleaser({
        authority,
        tell: (woken) => tellRelease(outcomes, woken),
        listen: (onNotice) => listen(databaseUrl, 'authority', () => onNotice()),
        now,
        log,
      }),
  };
}

/** Who only verifies needs no wrapping key. */
export function wordsOf(database: Database, now: () => number): Words {
  const store = createDecisionKeyStore(database);
  return createWords(store, createSignatures(store, now), now);
}

/** The outcome takes one release of one hold once, however often it is sent: the name of the message says which it is. */
async function tellRelease(outcomes: Pick<Outcomes, 'release'>, woken: Woken): Promise<Told> {
  const { outcome, node, firing, wake } = woken;
  try {
    const answer = await outcomes.release(outcome, node, `release/${node}/${firing}/${wake}`);
    return answer === 'done' || answer === 'kept' ? 'told' : 'gone';
  } catch (error) {
    if (!(error instanceof OutcomeError)) throw error;
    return error.code === 'OUTCOME_OVER' || error.code === 'OUTCOME_UNKNOWN' ? 'gone' : 'silent';
  }
}
