/**
 * Every bound of configuration and events, in one place: its unit, and why it is what it is.
 * Authoring ring: data only.
 */
export const CONFIG_LIMITS = {
  /** Characters of one file: far above any hand-written one, and read in milliseconds. */
  fileLength: 1_000_000,
  /** Collections inside each other in one file: four times what the deepest setting needs. */
  yamlDepth: 64,
  /** Files of one tenant, shared ones included. */
  files: 2_000,
  /** Automations of one tenant: overlap is judged pair by pair. */
  automations: 1_000,
  /** Conditions inside each other. */
  conditionDepth: 8,
  /** Alternatives that a condition may multiply out to when overlap is judged; beyond, the question stays open. */
  conditionAlternatives: 256,
  /** Steps of a path such as `data.person.email`. */
  pathSteps: 16,
  /** Characters of names, ids and scopes. */
  nameLength: 200,
} as const;

export const EVENT_LIMITS = {
  /**
   * UTF-8 bytes of one event as JSON. Intermediaries must forward 64 KiB; four times that still fits many times over
   * into the 2 MiB that Temporal takes as one payload.
   * @source CloudEvents 1.0, "Size Limits"
   */
  eventBytes: 256 * 1024,
  /** Characters of `id`: it becomes part of a workflow id, of which Temporal takes 1,000 bytes. */
  idLength: 200,
  /** Characters of `source`, `type`, `subject` and the other attributes. */
  attributeLength: 1_024,
  /** Extension attributes. */
  extensions: 32,
  /** Levels of arrays and objects in `data`. */
  dataDepth: 32,
} as const;

export const ENTITY_LIMITS = {
  /** Characters of an entity's id. */
  idLength: 200,
  /** Characters of one entity's fields as JSON: a plan carries those it reads. */
  fieldsLength: 64 * 1024,
  /** Steps up a chain of relations, such as managers; a longer one is a mistake in the data. */
  chainLength: 32,
  /** Entities given at once by a search. */
  page: 500,
} as const;
