/** Every bound of the API, in one place: its unit, and why it is what it is. Entry ring; data only. */
export const API_LIMITS = {
  /** UTF-8 bytes of a body: an event may have 256 KiB, a reviewed plan 1 MiB, and JSON of it a little more. */
  bodyBytes: 1_310_720,
  /** Bytes of address and headers: a cursor and filters of the longest that fit a schema, percent-encoded, and a token. */
  headBytes: 65_536,
  /** Characters of a path parameter: a tenant, an outcome code, an event's id of 200 characters and a node, each percent-encoded. */
  paramLength: 2_000,
  /** Characters of a person's reason, evidence or name: they land in histories and traces. */
  textLength: 2_000,
  /** Characters of an `Idempotency-Key`; a UUID has 36. */
  keyLength: 255,
  /** Rows of a page, and what a caller gets who does not say. */
  pageMax: 100,
  pageDefault: 25,
  /** Outcomes on a page of tasks: each costs the reading of a history. */
  taskOutcomesMax: 50,
  /** Requests of one address in a minute, whoever asks: what guesses tokens is stopped before they are judged. */
  addressPerMinute: 3_000,
  /** Requests of one caller in a minute. */
  callerPerMinute: 600,
  /** Streams at once, of all callers of this process: each reads a history five times a second. */
  streams: 64,
  streamsOfCaller: 8,
  /** Longest stream, in milliseconds: then the client connects again, maybe to another process. */
  streamMs: 15 * 60_000,
  /** Silence on a stream, in milliseconds, after which a comment keeps proxies from cutting it. */
  heartbeatMs: 15_000,
  /** One look at Temporal or Postgres for `/readyz`, in milliseconds. */
  probeMs: 2_000,
  /** How long the answer of a look holds, in milliseconds: who asks often does not ask the servers often. */
  probeHoldsMs: 1_000,
  /** One request, in milliseconds, for all that it asks of Temporal: an act waits 15 s for its answer. */
  answerMs: 20_000,
  /** A request whose header or body comes slower than this, in milliseconds, is cut off. */
  requestMs: 30_000,
  /** How far the timestamp of a webhook may be from now, in seconds, either way. What is sent again within it counts once all the same. */
  webhookWindowSeconds: 300,
  /** Clocks of issuer and API may differ by so much, in seconds. */
  skewSeconds: 30,
  /** Characters of a token: far more than any that an issuer gives, and little to judge. */
  tokenLength: 8_192,
  /** One look at the keys of an issuer, in milliseconds. */
  keysMs: 3_000,
} as const;
