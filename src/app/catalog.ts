/**
 * The catalog: the runbooks that ship and the contracts of the AWFs they are made of, by name.
 * Entry ring; data only, no SDK is loaded.
 */
import * as intune from '../../activities/intune/contract';
import * as ldap from '../../activities/ldap/contract';
import * as okta from '../../activities/okta/contract';
import * as servicenow from '../../activities/servicenow/contract';
import * as slack from '../../activities/slack/contract';
import * as workday from '../../activities/workday/contract';
import { runbooks as shipped } from '../../runbooks';
import type { AnyRunbook } from '../dsl';
import type { AwfContract } from '../dsl/awf';

export interface Catalog {
  readonly runbooks: readonly AnyRunbook[];
  /** By name. */
  readonly awfs: ReadonlyMap<string, AwfContract>;
}

/** Everything that ships with Backstep. */
export function shippedCatalog(): Catalog {
  const contracts = [intune, ldap, okta, servicenow, slack, workday]
    .flatMap((system): unknown[] => Object.values(system))
    .filter(isContract)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { runbooks: shipped, awfs: new Map(contracts.map((contract) => [contract.name, contract])) };
}

/** A contract's file may export more than contracts. */
const isContract = (value: unknown): value is AwfContract =>
  typeof value === 'object' && value !== null && 'idempotency' in value && 'predict' in value;
