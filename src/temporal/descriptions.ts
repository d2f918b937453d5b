/**
 * What Temporal's visibility is told of an outcome when it starts, and what it tells of it later.
 * Adapter ring; it asks no server.
 */
import {
  defineSearchAttributeKey,
  type SearchAttributePair,
  type TypedSearchAttributes,
} from '@temporalio/common';
import { ATTRIBUTES, type OutcomeStart, type Phase } from '../../workflows/protocol';
import type { EntityName } from './entity-names';

export interface Description {
  readonly id: string;
  readonly runId: string;
  readonly outcome: string;
  readonly phase: Phase;
  readonly entity: string;
  readonly runbook: string;
  readonly startedAt: number;
  readonly closedAt?: number;
  readonly isRunning: boolean;
}

/** Under which name the entity of an outcome is kept where it is not searched for. */
export const ENTITY_MEMO = 'entity';

/** Search attributes that an outcome starts with. */
export function attributesOf(start: OutcomeStart, entityName: EntityName): SearchAttributePair[] {
  const { plan, of, correlation } = start;
  const values: { readonly [Name in keyof typeof ATTRIBUTES]: string | undefined } = {
    tenant: plan.tenant,
    outcome: plan.outcome,
    runbook: plan.runbook.id,
    domain: plan.runbook.domain,
    entity: entityName(plan.tenant, plan.entity.id),
    phase: of === undefined ? 'running' : 'backstepping',
    correlation,
  };
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [{ key: defineSearchAttributeKey(ATTRIBUTES[name as keyof typeof ATTRIBUTES], 'KEYWORD'), value }],
  );
}

/** The members that a description of one workflow and a row of a list have in common. */
interface Info {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly status: { readonly name: string };
  readonly startTime: Date;
  readonly closeTime?: Date;
  readonly typedSearchAttributes: TypedSearchAttributes;
  readonly memo?: Readonly<Record<string, unknown>>;
}

export function descriptionOf(info: Info): Description {
  const kept = info.memo?.[ENTITY_MEMO];
  const read = (name: string): string =>
    info.typedSearchAttributes.get(defineSearchAttributeKey(name, 'KEYWORD')) ?? '';
  const isRunning = info.status.name === 'RUNNING';
  const noted = read(ATTRIBUTES.phase) as Phase;
  // An outcome that ran through without a stop was never worth an event to say so.
  const phase = noted === 'running' && info.status.name === 'COMPLETED' ? 'completed' : noted;
  return {
    id: info.workflowId,
    runId: info.runId,
    outcome: info.type,
    phase,
    entity: typeof kept === 'string' ? kept : read(ATTRIBUTES.entity),
    runbook: read(ATTRIBUTES.runbook),
    startedAt: info.startTime.getTime(),
    ...(info.closeTime === undefined ? {} : { closedAt: info.closeTime.getTime() }),
    isRunning,
  };
}
