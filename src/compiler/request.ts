/**
 * What a compile needs, and what it gives. Everything comes in as an argument, so that the same request always gives the
 * same bytes.
 * Authoring ring.
 */
import type { Catalog } from '../dsl/catalog';
import type { AnyRunbook } from '../dsl/runbook';
import type { PlanId } from '../kernel/ids';
import type { JsonObject } from '../kernel/json';
import type { BoundValue, Plan } from '../plan/plan';

export interface CompileRequest {
  readonly runbook: AnyRunbook;
  readonly tenant: string;
  readonly entity: {
    /** `<type>:<name>`. */
    readonly id: string;
    readonly fields: JsonObject;
  };
  /** Data of the event that starts the outcome; absent where a person starts it. */
  readonly event?: JsonObject;
  /** From configuration or given for this run; where nothing is bound, the default of the schema holds. */
  readonly params: { readonly [name: string]: BoundValue };
  /**
   * Configured values by key, as resolved for this entity. Read here: `lane`, `undoWindow`, `escalation.expiresAfter`,
   * `gate.<approval>.expiresAfter`, `awf.<AWF>.lane|timeout|undoWindow`, `node.<runbook>/<node>.lane|timeout`; times in
   * milliseconds. Other keys are somebody else's.
   */
  readonly settings?: { readonly [key: string]: BoundValue };
  readonly catalog: Catalog;
  /** SHA-256 over the governance figures and policies in force. */
  readonly ruleset: string;
  readonly retry: Plan['retry'];
  /** Lower-case hex SHA-256 of a text's UTF-8 bytes. */
  readonly digest: (text: string) => string;
}

export interface Compiled {
  readonly plan: Plan;
  readonly planId: PlanId;
  /** The plan's canonical JSON. */
  readonly bytes: string;
}
