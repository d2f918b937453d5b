/**
 * Access tokens from a vendor's token endpoint: one kept per connection, fetched once however many ask, renewed before it
 * ends and after the vendor refused it.
 */
import type { EffectContext } from '../../src/dsl/effect';
import type { Json } from '../../src/kernel/json';
import { perConnection } from './cached';
import { request, SystemError, unreadable } from './http';

/** Milliseconds before its end from which a token is no longer used. */
const MARGIN_MS = 60_000;

interface Kept {
  readonly token: string;
  readonly until: number;
}

interface Slot {
  kept?: Kept;
  fetching?: Promise<Kept>;
}

export interface TokenRequest {
  readonly path: string;
  readonly form: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Runs `use` with a good token. A kept one that is refused with 401 was not acted upon, so `use` runs once more. */
export function tokens(ask: (context: EffectContext) => TokenRequest) {
  const slots = perConnection((): Slot => ({}));
  return async <T>(context: EffectContext, use: (token: string) => Promise<T>): Promise<T> => {
    const slot = slots(context.connection);
    const before = slot.kept;
    const token = await current(slot, context, ask);
    try {
      return await use(token);
    } catch (error) {
      if (!(error instanceof SystemError) || error.status !== 401) throw error;
      if (slot.kept?.token === token) delete slot.kept;
      if (before?.token !== token) throw error;
      return await use(await current(slot, context, ask));
    }
  };
}

async function current(
  slot: Slot,
  context: EffectContext,
  ask: (context: EffectContext) => TokenRequest,
): Promise<string> {
  if (slot.kept && slot.kept.until > context.now()) return slot.kept.token;
  slot.fetching ??= fetchToken(context, ask(context)).finally(() => delete slot.fetching);
  slot.kept = await slot.fetching;
  return slot.kept.token;
}

async function fetchToken(context: EffectContext, asked: TokenRequest): Promise<Kept> {
  let answer: Json;
  try {
    answer = await request(context, { method: 'POST', write: false, ...asked });
  } catch (error) {
    throw error instanceof SystemError && error.status === 400 ? refused(error) : error;
  }
  const { access_token: token, expires_in: seconds } = (answer ?? {}) as {
    access_token?: unknown;
    expires_in?: unknown;
  };
  if (typeof token !== 'string') throw unreadable({ write: false }, context);
  const lifeMs = (Number(seconds) || 300) * 1_000;
  return { token, until: context.now() + Math.max(lifeMs - MARGIN_MS, lifeMs / 2) };
}

/** Token endpoints answer 400 for bad client credentials. @source RFC 6749 5.2 */
function refused(error: SystemError): SystemError {
  return new SystemError(
    {
      ...error.failure,
      class: 'permanent',
      code: 'SYSTEM_UNAUTHORISED',
      message: 'the system does not accept our credentials',
    },
    error.status,
    error.body,
  );
}
