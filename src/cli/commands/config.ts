/** `backstep config explain|check`: where a value comes from, and what is wrong. Entry ring. */
import { shipped } from '../../app/catalog';
import { factsOf } from '../../config/facts';
import { paramKey } from '../../config/key-lookup';
import { explainKey } from '../../config/resolve';
import type { AnyRunbook } from '../../dsl';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { configOf, entityFromFile, runbookOf, valueOf } from '../refuse';
import { diagnosticLines } from '../complaint';

interface ExplainOptions extends CommonOptions {
  readonly entity?: string;
  readonly outcome?: string;
}

export async function explain(
  context: CommandContext,
  [key]: readonly [key: string],
  options: ExplainOptions,
): CommandResult {
  const { terminal } = context;
  const config = await configOf(context, options.tenant);
  const refused = { message: `\`${key}\` can't be explained`, code: 'CONFIG_REFUSED' } as const;
  const entity = options.entity === undefined ? undefined : entityFromFile(context, config, options.entity);
  const runbook = options.outcome === undefined ? undefined : runbookOf(options.outcome);
  const facts = valueOf(
    factsOf(config.bundle, {
      ...(entity === undefined ? {} : { entity }),
      ...(runbook === undefined ? {} : { runbook }),
    }),
    refused,
  );
  const explained = valueOf(
    explainKey(config.bundle, fullKey(key, runbook), { facts, catalog: shipped().configurable }),
    refused,
  );
  if (options.json) {
    const { text: _text, ...rest } = explained;
    terminal.json(rest);
    return 0;
  }
  terminal.line(explained.text);
  terminal.line();
  const source = explained.source === undefined ? '' : ` (${explained.source})`;
  terminal.line(terminal.colours.dim(`${explained.meaning}${source}`));
  return 0;
}

/** With an outcome, a parameter's own name is enough. */
const fullKey = (key: string, runbook: AnyRunbook | undefined): string =>
  runbook !== undefined && Object.hasOwn(runbook.params.shape, key) ? paramKey(runbook.id, key) : key;

export async function check(
  context: CommandContext,
  _given: readonly [],
  options: CommonOptions,
): CommandResult {
  const { terminal } = context;
  const { bundle, warnings, seed } = await configOf(context, options.tenant);
  if (options.json) {
    terminal.json({ tenant: bundle.tenant, digest: bundle.digest, warnings });
    return 0;
  }
  for (const warning of warnings) {
    for (const line of diagnosticLines(warning, terminal.colours)) terminal.line(line);
  }
  const { layers, automations } = bundle.content;
  terminal.line(
    `${bundle.tenant} is valid: ${layers.length} layers, ${automations.length} automations, ${seed.length} seeded entities, ${warnings.length} warnings`,
  );
  terminal.line(terminal.colours.dim(`bundle ${bundle.digest}`));
  return 0;
}
