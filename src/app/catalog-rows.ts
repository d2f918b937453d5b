/** The catalog as it is shown at every door. Entry ring; pure. */
import type { AwfContract } from '../dsl/awf';
import type { Shipped } from './catalog';

export const runbookRows = (all: Shipped) =>
  all.runbooks.map((runbook) => ({
    outcome: runbook.outcome,
    id: runbook.id,
    version: runbook.version,
    domain: runbook.domain,
    entity: runbook.entity.type,
    params: Object.keys(runbook.params.shape).sort(),
    summary: runbook.summary ?? '',
  }));

export const awfRow = (awf: AwfContract) => ({
  name: awf.name,
  version: awf.version,
  system: awf.system,
  domain: awf.domain,
  effect: awf.effect,
  reversibility: awf.reversibility,
  compensation: awf.compensation?.awf ?? null,
  idempotency: awf.idempotency,
  evidence: awf.evidence,
  errors: Object.keys(awf.errors).sort(),
  summary: awf.summary,
});

export const awfRows = (all: Shipped) => [...all.contracts.values()].map(awfRow);
