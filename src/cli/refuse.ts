/**
 * From a use case's `Result` to a value or a complaint, and the small steps that many commands begin with.
 * Entry ring.
 */
import { findRunbook, shipped } from '../app/catalog';
import { loadConfig, seededEntity, seedFileOf, type TenantConfig } from '../app/configuration';
import { readParamText } from '../config/params';
import type { AnyRunbook } from '../dsl';
import type { ENTRY_PROBLEMS } from '../kernel/catalogue';
import type { Diagnostic } from '../kernel/diagnostic';
import type { Json, JsonObject } from '../kernel/json';
import { splitOutcomeId } from '../kernel/ids';
import type { Result } from '../kernel/result';
import type { Refusal } from '../app/refusal';
import { Complaint, usage } from './complaint';
import type { CommandContext } from './context';
import type { Pairs } from './context';

/** The value, or a complaint that shows every diagnostic. */
export function valueOf<T>(
  result: Result<T, Diagnostic | readonly Diagnostic[]>,
  what: { readonly message: string; readonly code: keyof typeof ENTRY_PROBLEMS; readonly exit?: 1 | 2 },
): T {
  if (result.ok) return result.value;
  const diagnostics = Array.isArray(result.error)
    ? (result.error as readonly Diagnostic[])
    : [result.error as Diagnostic];
  const count = diagnostics.length === 1 ? '1 problem' : `${diagnostics.length} problems`;
  throw new Complaint(`${what.message}: ${count}`, {
    code: what.code,
    diagnostics,
    ...(what.exit === undefined ? {} : { exit: what.exit }),
  });
}

/** The value, or a complaint that says what the use case said. */
export function acceptedOf<T>(result: Result<T, Refusal>): T {
  if (result.ok) return result.value;
  const { code, message, help, diagnostics } = result.error;
  throw new Complaint(message, {
    code,
    ...(help === undefined ? {} : { help }),
    ...(diagnostics === undefined ? {} : { diagnostics }),
  });
}

/** The id of an outcome as given; wrong usage where the text is none. */
export function outcomeIdFrom(text: string): string {
  if (splitOutcomeId(text) !== undefined && !text.includes('#')) return text;
  throw usage(
    `\`${text}\` is no id of an outcome`,
    'write it as `<tenant>/<outcome code>/<event id>`, such as `acme/EMP-R-001/6f1d`',
  );
}

/** The configuration of a tenant; a complaint where it is not valid. */
export async function configOf(context: CommandContext, tenant: string): Promise<TenantConfig> {
  return valueOf(await loadConfig(context.settings, tenant), {
    message: `the configuration of \`${tenant}\` is not valid`,
    code: 'CONFIG_REFUSED',
  });
}

/** The runbook of an outcome code or id; wrong usage where there is none. */
export function runbookOf(name: string): AnyRunbook {
  return valueOf(findRunbook(name, shipped().runbooks), {
    message: 'no such outcome',
    code: 'COMPILE_REFUSED',
    exit: 2,
  });
}

/** An entity from the tenant's file; says on standard error that it comes from there. */
export function entityFromFile(
  context: CommandContext,
  config: TenantConfig,
  id: string,
): { readonly id: string; readonly fields: JsonObject } {
  const found = seededEntity(config, id);
  const isMalformed = !found.ok && found.error.code === 'ENTITY_ID_MALFORMED';
  const entity = valueOf(found, {
    ...{ message: 'no such entity', code: 'COMPILE_REFUSED' },
    ...(isMalformed ? { exit: 2 } : {}),
  });
  context.terminal.note(
    context.terminal.errColours.dim(`entity ${id} from ${seedFileOf(config.bundle.tenant)}`),
  );
  return entity;
}

/** Values of `--param`; wrong usage where one does not fit its parameter. */
export function paramsOf(runbook: AnyRunbook, pairs: Pairs): Readonly<Record<string, Json>> {
  const values: Record<string, Json> = {};
  const found: Diagnostic[] = [];
  for (const [name, text] of pairs) {
    const read = readParamText(runbook, name, text);
    if (read.ok) values[name] = read.value;
    else found.push(read.error);
  }
  if (found.length === 0) return values;
  throw new Complaint('the parameters given do not fit', {
    code: 'COMPILE_REFUSED',
    diagnostics: found,
    exit: 2,
  });
}
