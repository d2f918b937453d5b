/**
 * What acts of control change of the evidence: the keys of subjects, and legal holds. Nothing of it touches a record.
 * Adapter ring.
 */
import type { Database } from './database';
import { DESTROY_KEY } from './subject-keys';

export interface LegalHold {
  readonly id: string;
  readonly scope: 'tenant' | 'outcome';
  readonly name: string;
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface EvidenceControls {
  /** Destroys a key, and takes its subject out of the projections; doing it twice is doing it once. */
  erase(tenant: string, keyId: string): Promise<void>;
  hold(tenant: string, hold: LegalHold): Promise<void>;
  lift(tenant: string, id: string, at: number): Promise<void>;
}

/** Throws StoreError when the database is down or refuses. */
export function createEvidenceControls(database: Database): EvidenceControls {
  return {
    erase: (tenant, keyId) =>
      database.of(tenant).transaction(async (client) => {
        for (const text of [FORGET_OUTCOMES, FORGET_INBOX]) await client.query(text, [tenant, keyId]);
        await client.query(DESTROY_KEY, [tenant, keyId]);
      }),
    async hold(tenant, { id, scope, name, by, reason, at }) {
      const values = [tenant, id, scope, name, by, reason, new Date(at)];
      await database.of(tenant).query({ name: 'legal-hold', text: HOLD, values });
    },
    async lift(tenant, id, at) {
      await database.of(tenant).query({ name: 'legal-lift', text: LIFT, values: [tenant, id, new Date(at)] });
    },
  };
}

const SUBJECT = 'SELECT subject FROM subject_keys WHERE tenant = $1 AND id = $2';
const FORGET_OUTCOMES = `UPDATE projected_outcomes SET entity = 'erased' WHERE tenant = $1 AND entity = (${SUBJECT})`;
const FORGET_INBOX = `UPDATE projected_inbox SET entity = 'erased' WHERE tenant = $1 AND entity = (${SUBJECT})`;

const HOLD = `
  INSERT INTO legal_holds (tenant, id, scope, name, by, reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (tenant, id) DO UPDATE SET lifted_at = NULL`;
const LIFT = 'UPDATE legal_holds SET lifted_at = $3 WHERE tenant = $1 AND id = $2 AND lifted_at IS NULL';
