/**
 * Connections: how to reach a tenant's systems. Files hold references (`env:NAME`) and never a secret; whoever may read
 * the environment hands in a look-up, and gets a connection or the names that are missing.
 * Authoring ring.
 */
import type { z } from 'zod';
import type { Diagnostic } from '../kernel/diagnostic';
import { err, ok, type Result } from '../kernel/result';
import type { Bundle, ConnectionReference } from './bundle';
import type { ConfigCatalog } from './catalog';
import { defined, unknownName } from './compile-automations';
import { ENV_REFERENCE, type connectionsFile } from './file-schemas';
import type { YamlFile } from './yaml-file';

/** A connection with its secrets in it: keep it in memory, log nothing of it. Same shape as an effect is given. */
export interface ResolvedConnection {
  readonly baseUrl: string;
  readonly secrets: { readonly [name: string]: string };
  readonly settings: { readonly [name: string]: string };
}

/**
 * The connection of one system. Errors: `CONFIG_NAME_UNKNOWN` where the tenant has none, `CONFIG_ENV_MISSING` for each
 * name that `lookup` does not know.
 */
export function resolveConnection(
  bundle: Bundle,
  system: string,
  lookup: (name: string) => string | undefined,
): Result<ResolvedConnection, readonly Diagnostic[]> {
  const { connections } = bundle.content;
  const file = `config/${bundle.tenant}/connections.yaml`;
  if (!Object.hasOwn(connections, system)) {
    return err([unknownName(system, Object.keys(connections), { at: file, kind: 'connected system' })]);
  }
  const reference = connections[system]!;
  const missing: Diagnostic[] = [];
  const read = (text: string, what: string): string => {
    const [, name, rest = ''] = /^env:([A-Z][A-Z0-9_]*)(\/.*)?$/.exec(text) ?? [];
    if (name === undefined) return text;
    const value = lookup(name);
    if (value === undefined || value === '') {
      missing.push({
        code: 'CONFIG_ENV_MISSING',
        at: bundle.places[`connection ${system}`] ?? file,
        message: `connection \`${system}\` › ${what}: \`${name}\` is not set in the environment`,
        help: `set \`${name}\` where the worker starts`,
      });
    }
    return `${(value ?? '').replace(rest === '' ? /$^/ : /\/$/, '')}${rest}`;
  };
  const readAll = (texts: Readonly<Record<string, string>>, what: string): Record<string, string> =>
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, read(text, `${what}.${name}`)]));
  const connection = {
    baseUrl: read(reference.baseUrl, 'baseUrl'),
    secrets: readAll(reference.secrets, 'secrets'),
    settings: readAll(reference.settings, 'settings'),
  };
  return missing.length === 0 ? ok(connection) : err(missing);
}

/** Secrets written out, found before anything else looks at the file, so that no message can repeat one. */
export function secretsInClear(file: YamlFile): Diagnostic[] {
  const systems = memberOf(file.value, 'systems');
  return Object.keys(asRecord(systems)).flatMap((system) => {
    const secrets = asRecord(memberOf(memberOf(systems, system), 'secrets'));
    return Object.entries(secrets)
      .filter(([, value]) => typeof value !== 'string' || !ENV_REFERENCE.test(value))
      .map(([name]) => ({
        code: 'CONFIG_SECRET_IN_CLEAR' as const,
        at: file.at(['systems', system, 'secrets', name]),
        message: `secret \`${name}\` of \`${system}\` is no reference`,
        help: 'write `env:NAME`, and set that name where the worker starts',
      }));
  });
}

/** Checked connections; mistakes are added to `found`. */
export function compileConnections(
  content: z.output<typeof connectionsFile>,
  file: YamlFile,
  { catalog, found }: { readonly catalog: ConfigCatalog; readonly found: Diagnostic[] },
): Record<string, ConnectionReference> {
  const known = [...new Set(catalog.awfs.map(({ system }) => system))].sort();
  const connections: Record<string, ConnectionReference> = {};
  for (const [system, written] of Object.entries(content.systems)) {
    if (!known.includes(system)) {
      found.push(unknownName(system, known, { at: file.at(['systems', system]), kind: 'system' }));
    }
    connections[system] = { secrets: {}, settings: {}, ...(defined(written) as { baseUrl: string }) };
  }
  return connections;
}

const memberOf = (value: unknown, name: string): unknown => asRecord(value)[name];

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
