/** Branded ids: a plan's id cannot be passed where a node's is meant. Pure ring. */

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** SHA-256 of the plan's canonical JSON, lower-case hex. */
export type PlanId = Brand<string, 'PlanId'>;
/** `<tenant>/<outcome code>/<event id>`; also the Temporal workflow id. */
export type OutcomeId = Brand<string, 'OutcomeId'>;

/** Marks a string that has been checked, or comes from where only such strings are, as an id. */
export const asId = <Id extends string>(text: string): Id => text as Id;

/** The id of an outcome. The same event can't start the same outcome twice, because Temporal refuses the second. */
export function outcomeIdOf(tenant: string, outcomeCode: string, eventId: string): OutcomeId {
  return asId<OutcomeId>(`${tenant}/${outcomeCode}/${eventId}`);
}

/** The three parts of an outcome's id; `undefined` where the text is none. */
export function splitOutcomeId(
  id: string,
): { readonly tenant: string; readonly outcome: string; readonly eventId: string } | undefined {
  const [tenant, outcome, ...rest] = id.split('/');
  if (!tenant || !outcome || rest.length === 0) return undefined;
  return { tenant, outcome, eventId: rest.join('/') };
}

/** A node of an outcome, written `<outcome id>#<node>`. */
export interface NodeAddress {
  readonly outcome: string;
  readonly node: string;
}

/** Reads `<outcome id>#<node>`; `undefined` where the text is none. */
export function readNodeAddress(text: string): NodeAddress | undefined {
  const at = text.indexOf('#');
  if (at < 0 || at === text.length - 1) return undefined;
  const outcome = text.slice(0, at);
  return splitOutcomeId(outcome) === undefined ? undefined : { outcome, node: text.slice(at + 1) };
}

/** The full name of who acts: a name without `person:` or `service:` before it is a person's. */
export const actorNamed = (name: string): string =>
  /^(person|service):/.test(name) ? name : `person:${name}`;
