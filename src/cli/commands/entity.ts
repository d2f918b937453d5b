/** `backstep entity get|upsert`: entities of a tenant in the store. Entry ring. */
import { text } from 'node:stream/consumers';
import type { Entity } from '../../cortex/cortex';
import type { JsonObject } from '../../kernel/json';
import { usage, type ExitCode } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { configOf, valueOf } from '../refuse';
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
      const all = await cortex.find({ tenant: options.tenant });
      if (options.json) terminal.json(all.map(shown));
      else
        for (const line of table(all.map((one) => [one.id, nameOf(one), `v${one.version}`])))
          terminal.line(line);
      return 0;
    }
    show(terminal, options, valueOf(await cortex.need(options.tenant, id), refused));
    return 0;
  });
}

export async function upsert(
  context: CommandContext,
  [id, written]: readonly [id: string, fields: string],
  options: CommonOptions & { readonly as: string },
): CommandResult {
  const { terminal, settings } = context;
  const fields = fieldsFrom(written === '-' ? await text(process.stdin) : written);
  const config = await configOf(context, options.tenant);
  return withServices<ExitCode>(
    context,
    options,
    { starts: false, seeds: config },
    async ({ cortex, now }) => {
      const update = { id, fields, relations: {} };
      const word = { at: now(), by: settings.actor };
      const told = valueOf(await cortex.upsert(config.bundle, update, word), refused);
      show(terminal, options, told.entity);
      if (!told.isChanged) terminal.note('nothing changed');
      return 0;
    },
  );
}

function show(terminal: Terminal, { json }: CommonOptions, entity: Entity): void {
  if (json) return terminal.json(shown(entity));
  terminal.line(`${terminal.colours.bold(entity.id)} v${entity.version}`);
  const rows = Object.entries(entity.fields).map(([name, value]) => [
    `  ${name}`,
    JSON.stringify(value),
    terminal.colours.dim(entity.sources[`fields.${name}`]?.by ?? ''),
  ]);
  const related = Object.entries(entity.relations).map(([name, ids]) => [`  ${name}`, ids.join(', '), '']);
  for (const line of table([...rows, ...related])) terminal.line(line);
}

const shown = ({ id, type, version, fields, relations }: Entity) => ({
  id,
  type,
  version,
  fields,
  relations,
});

const nameOf = ({ fields }: Entity): string => (typeof fields['name'] === 'string' ? fields['name'] : '');

function fieldsFrom(written: string): JsonObject {
  try {
    const fields = JSON.parse(written) as unknown;
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields as JsonObject;
  } catch (error) {
    throw usage(`the fields are no JSON: ${(error as Error).message}`);
  }
  throw usage('the fields are no JSON object', 'such as \'{"team":"research"}\'');
}
