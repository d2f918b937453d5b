/**
 * The world of today as replay may see it: catalog, configuration and entities, each of them read only.
 * Adapter ring; types only. INVARIANT: no member of this port can fire, start or change anything.
 */
import type { Under } from '../../workflows/protocol';
import type { CloudEvent } from '../config/cloud-event';
import type { GivenParams } from '../config/params';
import type { Selection } from '../config/select';
import type { AwfContract } from '../dsl/awf';
import type { Facts } from '../governance/facts';
import type { Diagnostic } from '../kernel/diagnostic';
import type { JsonObject } from '../kernel/json';
import type { Result } from '../kernel/result';
import type { Plan } from '../plan/plan';
import type { Rules } from '../temporal/rules';
import type { StandingToday } from './todays-facts';

export interface Today {
  readonly tenant: string;
  readonly contracts: ReadonlyMap<string, AwfContract>;
  /** The one automation that takes an event. */
  select(event: CloudEvent): Promise<Result<Selection, Diagnostic>>;
  /** Fields of an entity; `undefined` where it is not in the graph. */
  entity(id: string): Promise<JsonObject | undefined>;
  /** The plan of an outcome. Compiles, and does nothing else. */
  compile(request: CompileToday): Result<CompiledToday, readonly Diagnostic[]>;
  /** What configuration says of an action's authority. */
  rules(under: Under, contract: AwfContract): Promise<Rules>;
  /** The facts of an action that would be asked for now: nothing is taken, nothing is put into a queue. */
  facts(under: Under, contract: AwfContract): Promise<Facts>;
  /** What acts of control have set for an automation, or for none. */
  standing(automation: string | undefined): Promise<StandingToday>;
  /** Lower-case hex SHA-256 of a text's UTF-8 bytes. */
  readonly digest: (text: string) => string;
}

export interface CompileToday {
  /** Outcome code. */
  readonly outcome: string;
  readonly entity: { readonly id: string; readonly fields: JsonObject };
  readonly event?: JsonObject;
  readonly given: GivenParams;
  readonly who: Who;
}

/** Who or what started it. */
export type Who = { readonly automation: string } | { readonly person: string };

export interface CompiledToday {
  readonly plan: Plan;
  readonly planId: string;
  /** Where the outcome would stand, for the authority rules. */
  readonly under: Under;
}
