/**
 * The contracts of all AWFs: data, and nothing that could execute one. Whatever plans, simulates, explains or replays
 * imports this file and not the index, so that no effect is within its reach.
 */
import type { AwfContract } from '../src/dsl/awf';
import type { AnyAwf } from '../src/dsl/catalog';
import * as intune from './intune/contract';
import * as ldap from './ldap/contract';
import * as okta from './okta/contract';
import * as servicenow from './servicenow/contract';
import * as slack from './slack/contract';
import * as workday from './workday/contract';

/** Every contract, in the order of systems and then as declared. */
export const contracts: readonly AwfContract[] = [workday, okta, intune, servicenow, slack, ldap].flatMap(
  declaredIn,
);

/** The same for a catalog, which calls none of their functions. */
export const awfs = contracts as unknown as readonly AnyAwf[];

/** What a contract file exports beside types and helpers: the contracts. */
function declaredIn(file: object): readonly AwfContract[] {
  return Object.values(file).filter(
    (value): value is AwfContract => typeof value === 'object' && value !== null && 'predict' in value,
  );
}
