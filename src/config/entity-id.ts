/** Ids of entities as text: `person:sarah.chen`. Authoring ring. */
import { ENTITY_LIMITS } from './limits';

/** Type, colon, name; the name has no white space and no slash, because ids stand in paths. */
export const ENTITY_ID = new RegExp(
  `^(?=.{3,${ENTITY_LIMITS.idLength}}$)[a-z][a-z0-9_-]*:[^\\s/:][^\\s/]*$`,
  'u',
);

/** `person` of `person:sarah.chen`; the empty text where there is no colon. */
export const entityTypeOf = (id: string): string => id.slice(0, Math.max(0, id.indexOf(':')));
