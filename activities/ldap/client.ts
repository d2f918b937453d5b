/**
 * What our AWFs need of an LDAP directory, through `ldapts`: one bound connection per tenant, shared by all who ask at the
 * same time; result codes as data, silence as failures like everywhere else.
 */
import type { Change, Client } from 'ldapts';
import { EffectError, type Connection, type EffectContext } from '../../src/dsl/effect';
import type { Failure } from '../../src/kernel/failure';
import { perConnection } from '../kit/cached';
import { effectSoFar, failureOfSilence, noteWrite } from '../kit/failures';
import { libraries } from '../kit/vendor-libraries';
import { WireError } from '../kit/wire';

/** Milliseconds after which an unanswered operation ends its connection: later than any attempt, so the attempt ends first. */
const OPERATION_MS = 30_000;
const CONNECT_MS = 5_000;

/** Result codes that our effects act on. @source RFC 4511 appendix A */
export const LDAP = {
  noSuchAttribute: 16,
  constraintViolation: 19,
  valueExists: 20,
  noSuchObject: 32,
  objectClassViolation: 65,
  entryExists: 68,
} as const;

/** The directory's result code, for effects that know what it means; left alone it is a general failure. */
export class LdapRefusal extends EffectError {
  constructor(
    failure: Failure,
    readonly code: number,
  ) {
    super(failure);
  }
}

/** Whether an error is the directory's answer with one of these codes. */
export const isCode = (error: unknown, ...codes: readonly number[]): error is LdapRefusal =>
  error instanceof LdapRefusal && codes.includes(error.code);

/** Attributes of one entry, names in lower case; every attribute that was asked for is there. */
export type Entry = ReadonlyMap<string, readonly string[]>;

/** One entry; `undefined` where there is none. `*` asks for all user attributes. */
export async function readEntry(
  context: EffectContext,
  dn: string,
  attributes: readonly string[],
): Promise<Entry | undefined> {
  try {
    const { searchEntries } = await operate(context, false, (client) =>
      client.search(dn, { scope: 'base', attributes: [...attributes], sizeLimit: 1 }),
    );
    const [found] = searchEntries;
    return found && entryOf(found);
  } catch (error) {
    if (isCode(error, LDAP.noSuchObject)) return undefined;
    throw error;
  }
}

export const addEntry = (
  context: EffectContext,
  dn: string,
  attributes: Readonly<Record<string, string | string[]>>,
): Promise<void> => operate(context, true, (client) => client.add(dn, { ...attributes }));

export const deleteEntry = (context: EffectContext, dn: string): Promise<void> =>
  operate(context, true, (client) => client.del(dn));

/** One value set of an attribute taken away or put in; all steps of a modification happen, or none. */
export interface Step {
  readonly do: 'add' | 'delete';
  readonly attribute: string;
  readonly values: readonly string[];
}

/** Deleting values that are not there fails, so that a modification that names them is a compare-and-set. */
export async function modify(context: EffectContext, dn: string, steps: readonly Step[]): Promise<void> {
  const { Attribute, Change } = libraries.ldap();
  const changes: Change[] = steps
    .filter(({ values }) => values.length > 0)
    .map(
      ({ do: operation, attribute, values }) =>
        new Change({ operation, modification: new Attribute({ type: attribute, values: [...values] }) }),
    );
  if (changes.length === 0) return;
  await operate(context, true, (client) => client.modify(dn, changes));
}

/** Whether an attribute of an entry has a value; false also where the attribute is absent. */
export async function has(
  context: EffectContext,
  dn: string,
  attribute: string,
  value: string,
): Promise<boolean> {
  try {
    return await operate(context, false, (client) => client.compare(dn, attribute, value));
  } catch (error) {
    if (isCode(error, LDAP.noSuchAttribute)) return false;
    throw error;
  }
}

/** Loads the library, so that the first action need not wait for it. */
export const warm = (): unknown => libraries.ldap();

/** A DN below a base of the connection's settings. @source RFC 4514 2.4 */
export function dnOf(context: EffectContext, attribute: 'uid' | 'cn', value: string): string {
  const setting = attribute === 'uid' ? 'peopleBase' : 'groupsBase';
  const base = context.connection.settings?.[setting];
  if (base === undefined) throw misconfigured(context, setting);
  return `${attribute}=${escaped(value)},${base}`;
}

const escaped = (value: string): string =>
  value.replace(/[\\,+"<>;=\0]|^[ #]| $/g, (character) => (character === '\0' ? '\\00' : `\\${character}`));

/** The attribute that holds our mark. */
export const markAttribute = (context: EffectContext): string =>
  (context.connection.settings?.['markAttribute'] ?? 'description').toLowerCase();

interface Slot {
  client?: Client;
  binding?: Promise<Client>;
}

const slots = perConnection((): Slot => ({}));

const isAborted = (context: EffectContext): boolean => context.signal.aborted;

async function operate<T>(
  context: EffectContext,
  write: boolean,
  act: (client: Client) => Promise<T>,
): Promise<T> {
  if (isAborted(context)) throw silence('aborted', false, write, context);
  const slot = slots(context.connection);
  const client = await bound(slot, context);
  try {
    const value = await untilAborted(context.signal, act(client));
    if (write) noteWrite(context);
    return value;
  } catch (error) {
    const code = codeOf(error);
    if (code !== undefined) throw new LdapRefusal(failureOfCode(code, write, context), code);
    // Whoever comes next gets a fresh connection: this one owes an answer that may never come.
    if (slot.client === client) delete slot.client;
    throw silence(isAborted(context) ? 'aborted' : 'cut', true, write, context, error);
  }
}

/** The bound connection of a tenant. A client that lost its connection is never used again: it would come back unbound. */
async function bound(slot: Slot, context: EffectContext): Promise<Client> {
  if (slot.client?.isBound) return slot.client;
  slot.binding ??= bind(context.connection).finally(() => delete slot.binding);
  try {
    slot.client = await untilAborted(context.signal, slot.binding);
    return slot.client;
  } catch (error) {
    const code = codeOf(error);
    if (code !== undefined) throw new LdapRefusal(failureOfCode(code, false, context), code);
    throw silence(isAborted(context) ? 'aborted' : 'unreachable', false, false, context, error);
  }
}

async function bind(connection: Connection): Promise<Client> {
  const { Client } = libraries.ldap();
  const client = new Client({
    url: connection.baseUrl,
    timeout: OPERATION_MS,
    connectTimeout: CONNECT_MS,
  });
  try {
    await client.bind(connection.secrets['bindDn'] ?? '', connection.secrets['password'] ?? '');
  } catch (error) {
    await client.unbind().catch(() => undefined);
    throw error;
  }
  return client;
}

/** Closes every connection; for tests and shut-down. */
export async function disconnect(connection: Connection): Promise<void> {
  const slot = slots(connection);
  await slot.client?.unbind().catch(() => undefined);
  delete slot.client;
}

async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new Error('aborted'));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    work.catch(() => undefined);
  }
}

function codeOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'number' ? code : undefined;
}

/** @source RFC 4511 appendix A */
function failureOfCode(code: number, write: boolean, context: EffectContext): Failure {
  const effect = effectSoFar(context);
  switch (code) {
    // Stronger authentication required, inappropriate or invalid credentials, insufficient access.
    case 8:
    case 48:
    case 49:
    case 50:
      return {
        class: 'permanent',
        code: 'SYSTEM_UNAUTHORISED',
        message: 'the directory does not let our account do this',
        effect,
      };
    // Time and administrative limits, busy, unavailable.
    case 3:
    case 11:
    case 51:
    case 52:
      return {
        class: 'transient',
        code: 'SYSTEM_UNAVAILABLE',
        message: 'the directory is not available',
        effect,
      };
    case 80:
      return {
        class: 'recoverable',
        code: 'SYSTEM_UNAVAILABLE',
        message: 'the directory answered with an internal error',
        effect: write ? 'unknown' : effect,
      };
    default:
      return {
        class: 'permanent',
        code: 'SYSTEM_REFUSED',
        message: `the directory refused the operation with result code ${code}`,
        effect,
      };
  }
}

const silence = (
  reason: WireError['reason'],
  sent: boolean,
  write: boolean,
  context: EffectContext,
  cause?: unknown,
): EffectError => failureOfSilence(new WireError(reason, sent, cause), { write }, context);

const misconfigured = (context: EffectContext, setting: string): EffectError =>
  new EffectError({
    class: 'permanent',
    code: 'SYSTEM_REFUSED',
    message: `the connection has no setting \`${setting}\``,
    effect: effectSoFar(context),
  });

function entryOf(found: Readonly<Record<string, unknown>>): Entry {
  return new Map(
    Object.entries(found)
      .filter(([name]) => name !== 'dn')
      .map(([name, value]) => {
        const values = Array.isArray(value) ? (value as unknown[]) : [value];
        return [name.toLowerCase(), values.map(String)] as const;
      }),
  );
}
