/** A projector on the stand of this jest worker, beside robots that fire toys, and what it wrote. */
import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { PayloadCodec } from '@temporalio/common';
import { signerOf } from '../../src/app/log-key';
import { primitives } from '../../src/app/primitives';
import type { Signer } from '../../src/audit/checkpoint';
import { bundleIn } from '../../src/projection/bundle';
import { bundleSource } from '../../src/projection/bundle-source';
import { signWhenDue } from '../../src/projection/heads';
import { startProjector, type Projector, type ProjectorEvent } from '../../src/projection/projector';
import { verifyBundle, type Verified } from '../../src/projection/verify-bundle';
import { writeBundle } from '../../src/projection/write-bundle';
import type { ArchivePlace } from '../../src/store/archive-place';
import { createEvidenceStore, type EvidenceStore } from '../../src/store/evidence';
import { createLegalHolds, type LegalHolds } from '../../src/store/legal-holds';
import { createPolicyLogStore, type PolicyLogStore } from '../../src/store/policy-log';
import { createRetention, type Retention } from '../../src/store/retention';
import { createSubjectKeys, type SubjectKeys } from '../../src/store/subject-keys';
import type { Database } from '../../src/store/database';
import type { Outcomes } from '../../src/temporal/client';
import { createHistories, type Histories } from '../../src/temporal/histories';
import { createCodec } from '../../src/temporal/codec';

export interface Evidence {
  readonly store: EvidenceStore;
  readonly log: PolicyLogStore;
  readonly keys: SubjectKeys;
  readonly holds: LegalHolds;
  readonly retention: Retention;
  readonly histories: Histories;
  readonly codec: PayloadCodec;
  readonly signer: Signer;
  readonly projector: Projector;
  readonly events: ProjectorEvent[];
}

const testSigner = (): Signer =>
  signerOf(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());

/**
 * The projector begins at once and looks at everything that the stand has; whoever opens it stops it.
 * @param archive where histories lie that are not in the database
 */
export function openEvidence(
  database: Database,
  outcomes: Outcomes,
  signer = testSigner(),
  archive?: ArchivePlace,
): Evidence {
  const store = createEvidenceStore(database, [], archive);
  const log = createPolicyLogStore(database);
  const keys = createSubjectKeys(database);
  const holds = createLegalHolds(database);
  const retention = createRetention(database, archive);
  const histories = createHistories(outcomes.client);
  const codec = createCodec();
  const events: ProjectorEvent[] = [];
  const projector = startProjector({
    ...{ store, keys, histories, codec, primitives },
    heads: { primitives, signer },
    tenants: () => log.tenants(),
    now: Date.now,
    onEvent: (event) => events.push(event),
  });
  return { store, log, keys, holds, retention, histories, codec, signer, projector, events };
}

/** Writes a bundle of all that is on record into a folder of its own, as of an instant, and proves it there. */
export async function provenBundle(
  evidence: Pick<Evidence, 'store' | 'log' | 'keys' | 'histories' | 'codec' | 'signer' | 'projector'>,
  tenant: string,
  at: number,
): Promise<Verified> {
  const { store, signer, codec } = evidence;
  await evidence.projector.catchUp();
  await signWhenDue({ store, primitives, signer, now: Date.now }, tenant, true);
  const folder = mkdtempSync(path.join(tmpdir(), 'bundle-'));
  try {
    mkdirSync(path.join(folder, 'histories'));
    const write = (name: string, bytes: Uint8Array): void => appendFileSync(path.join(folder, name), bytes);
    await writeBundle(await bundleSource(evidence, { tenant, at, by: 'person:audrey' }), { write }, signer);
    return await verifyBundle(bundleIn(folder), { primitives, codec });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
