/**
 * The complaint that stands for whatever was thrown. What the system says of files and hosts (`ENOENT`, `EACCES`, `ENOTFOUND`) comes
 * out in words and under codes of the catalogue: its own stand on no page.
 * Entry ring.
 */
import { resolve, sep } from 'node:path';
import * as catalogue from '../kernel/catalogue';
import { Complaint, usage } from './complaint';

const OF_FILES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  EEXIST: 'it is there already',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EROFS: 'the file system can only be read',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full for this user',
};

const OF_HOSTS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'it ended the connection',
  ETIMEDOUT: 'it does not answer in time',
  EHOSTUNREACH: 'no way leads there',
  ENETUNREACH: 'no way leads there',
};

interface SystemError {
  readonly code?: unknown;
  readonly path?: unknown;
  readonly hostname?: unknown;
  readonly address?: unknown;
  readonly port?: unknown;
}

const wordsFor = (words: Readonly<Record<string, string>>, { code }: SystemError): string | undefined =>
  typeof code === 'string' && Object.hasOwn(words, code) ? words[code] : undefined;

/** Why a file that was named on the command line cannot be had, in words. */
export const reasonOf = (error: unknown): string =>
  wordsFor(OF_FILES, error as SystemError) ?? (error as Error).message;

const CODES: ReadonlySet<unknown> = new Set(Object.values(catalogue).flatMap((codes) => Object.keys(codes)));

/** @param standDir folder of stands: what cannot be had in there is no wrong usage */
export function complaintOf(error: unknown, standDir?: string): Complaint {
  if (error instanceof Complaint) return error;
  if (!(error instanceof Error)) return new Complaint(String(error), { code: 'CLI_UNEXPECTED' });
  const { code, help } = error as { readonly code?: unknown; readonly help?: unknown };
  const ofSystem = complaintOfSystem(error, standDir);
  if (ofSystem !== undefined) return ofSystem;
  // Rooms that expect their errors to be shown give them a code and a mend.
  return new Complaint(error.message, {
    code: CODES.has(code) ? (code as string) : 'CLI_UNEXPECTED',
    cause: error,
    ...(typeof help === 'string' ? { help } : {}),
  });
}

/** `undefined` for what is no error of the system. */
function complaintOfSystem(error: Error, standDir: string | undefined): Complaint | undefined {
  const told = error as SystemError;
  const path = typeof told.path === 'string' ? told.path : undefined;
  const ofFile = wordsFor(OF_FILES, told);
  if (ofFile !== undefined && path !== undefined) return ofPath({ path, words: ofFile, standDir, error });
  const ofHost = wordsFor(OF_HOSTS, told);
  if (ofHost === undefined) return undefined;
  const port = typeof told.port === 'number' ? `:${told.port}` : '';
  const host = told.hostname ?? told.address;
  return new Complaint(`${typeof host === 'string' ? `\`${host}${port}\`` : 'a server'}: ${ofHost}`, {
    code: 'DEPENDENCY_DOWN',
    help: 'see whether it is up, and what the options and the environment name: `backstep doctor`',
    cause: error,
  });
}

function ofPath(of: {
  readonly path: string;
  readonly words: string;
  readonly standDir: string | undefined;
  readonly error: Error;
}): Complaint {
  const { path, words, standDir, error: cause } = of;
  const isFull = /^(ENOSPC|EDQUOT)$/.test(String((cause as SystemError).code));
  if (isFull)
    return new Complaint(`\`${path}\` can't be written: ${words}`, {
      code: 'STAND_DISK_FULL',
      help: 'free some space, then start again: nothing is lost',
      cause,
    });
  if (standDir === undefined || !`${resolve(path)}${sep}`.startsWith(`${resolve(standDir)}${sep}`))
    return usage(`\`${path}\` can't be used: ${words}`, 'name one that this user can read and write');
  return new Complaint(`\`${path}\` can't be written: ${words}`, {
    code: 'STAND_DISK_READ_ONLY',
    help: 'make the folder writable for this user, or name another one with BACKSTEP_DIR',
    cause,
  });
}
