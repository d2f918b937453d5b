/** `backstep entity get|upsert`: entities of a tenant in the store, also shown for the API. Entry ring. */
import { text } from 'node:stream/consumers';
import { tellEntity } from '../../app/tell-entity';
import type { Entity } from '../../cortex/cortex';
import type { JsonObject } from '../../kernel/json';
import { usage, type ExitCode } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { acceptedOf, configOf, valueOf } from '../refuse';
import { withServices } from '../services';
import { table } from '../table';
import type { Terminal } from '../terminal';

const refused = { message: 'the entity is refused', code: 'ENTITY_REFUSED' } as const;

export async function get(
  context: CommandContext,
  [id]: readonly [id?: string],
  options: CommonOptions,
): CommandResult {
  const { terminal } = context;
  const config = await configOf(context, options.tenant);
  return withServices<ExitCode>(context, options, { starts: false, seeds: config }, async ({ cortex }) => {
    if (id === undefined) {
      return showEntities(terminal, options, await cortex.find({ tenant: options.tenant }));
    }
    return showEntity(terminal, options, valueOf(await cortex.need(options.tenant, id), refused));
  });
}

export async function upsert(
  context: CommandContext,
  [id, written]: readonly [id: string, fields: string],
  options: CommonOptions & { readonly as: string },
): CommandResult {
  const { terminal, settings } = context;
  const fields = await fieldsFrom(written);
  const config = await configOf(context, options.tenant);
  return withServices<ExitCode>(context, options, { starts: false, seeds: config }, async (services) => {
    // Who is on the servers' own machine has no token, and so no role of one.
    const said = { id, fields, by: settings.actor, roles: [] };
    return showUpserted(terminal, options, acceptedOf(await tellEntity(services, config, said)));
  });
}

/** What of an entity is shown. */
export type ShownEntity = Omit<Entity, 'tenant'>;

/** By id. */
export function showEntities(
  terminal: Terminal,
  { json }: CommonOptions,
  all: readonly ShownEntity[],
): ExitCode {
  if (json) terminal.json(all.map(shown));
  else
    for (const line of table(all.map((one) => [one.id, nameOf(one), `v${one.version}`]))) terminal.line(line);
  return 0;
}

export function showUpserted(
  terminal: Terminal,
  options: CommonOptions,
  { entity, isChanged }: { readonly entity: ShownEntity; readonly isChanged: boolean },
): ExitCode {
  showEntity(terminal, options, entity);
  if (!isChanged) terminal.note('nothing changed');
  return 0;
}

export function showEntity(terminal: Terminal, { json }: CommonOptions, entity: ShownEntity): ExitCode {
  if (json) {
    terminal.json(shown(entity));
    return 0;
  }
  terminal.line(`${terminal.colours.bold(entity.id)} v${entity.version}`);
  const rows = Object.entries(entity.fields).map(([name, value]) => [
    `  ${name}`,
    JSON.stringify(value),
    terminal.colours.dim(entity.sources[`fields.${name}`]?.by ?? ''),
  ]);
  const related = Object.entries(entity.relations).map(([name, ids]) => [`  ${name}`, ids.join(', '), '']);
  for (const line of table([...rows, ...related])) terminal.line(line);
  return 0;
}

const shown = ({ id, type, version, fields, relations }: ShownEntity) => ({
  id,
  type,
  version,
  fields,
  relations,
});

const nameOf = ({ fields }: ShownEntity): string =>
  typeof fields['name'] === 'string' ? fields['name'] : '';

/** Fields as they are typed; `-` reads standard input. */
export async function fieldsFrom(given: string): Promise<JsonObject> {
  const written = given === '-' ? await text(process.stdin) : given;
  try {
    const fields = JSON.parse(written) as unknown;
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields as JsonObject;
  } catch (error) {
    throw usage(`the fields are no JSON: ${(error as Error).message}`);
  }
  throw usage('the fields are no JSON object', 'such as \'{"team":"research"}\'');
}
