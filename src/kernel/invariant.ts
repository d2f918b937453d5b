/**
 * What can only be our own bug. An InvariantViolation stalls the workflow task until a fixed build is deployed; it
 * fails no outcome and is never caught to be turned into a Failure.
 */

export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/** Throws an InvariantViolation unless `condition` holds. `message` states the law, lower case, no final stop. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw invariant.broken(message);
}

invariant.broken = (message: string): InvariantViolation => new InvariantViolation(message);

/** Ends a switch over a union: the compiler refuses a missing case, and data that lies about its type stops here. */
export function assertNever(value: never): never {
  throw invariant.broken(`unexpected value ${JSON.stringify(value)}`);
}
