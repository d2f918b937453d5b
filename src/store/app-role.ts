/**
 * The role that everything but migrations connects as: it owns nothing, and row-level security binds it. Its name and its
 * password follow from the owner's address, so that one variable names the database for every process.
 * Adapter ring; pure.
 */
import { createHmac } from 'node:crypto';

export interface AppRole {
  readonly name: string;
  /** Absent where the owner has none in its address either: then the server decides in its own way who may connect. */
  readonly password?: string;
}

const SUFFIX = '_app';
/** Postgres cuts longer names off. */
const NAME_BYTES = 63;

/** The role beside the owner of this database. One a database, because roles belong to the whole server. */
export function appRoleOf(url: string): AppRole {
  const { password, pathname } = new URL(url);
  const database = decodeURIComponent(pathname.slice(1));
  const name = `${database.slice(0, NAME_BYTES - SUFFIX.length)}${SUFFIX}`;
  if (password === '') return { name };
  // Not the owner's own, and no way back to it.
  const key = decodeURIComponent(password);
  return {
    name,
    password: createHmac('sha256', key).update(`backstep ${name}`).digest('base64url'),
  };
}

/** Whether an address is the role's own: whoever is given it never learns the owner's. */
export const isAppUrl = (url: string): boolean =>
  decodeURIComponent(new URL(url).username) === appRoleOf(url).name;

/** The address as the role uses it. */
export function appUrlOf(url: string): string {
  if (isAppUrl(url)) return url;
  const { name, password } = appRoleOf(url);
  const own = new URL(url);
  own.username = encodeURIComponent(name);
  if (password !== undefined) own.password = password;
  return own.href;
}
