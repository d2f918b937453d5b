/** `backstep compile`: the one plan of an outcome, for people, for programs, or to be reviewed and run; also shown for the API. Entry ring. */
import { compileOutcome, type CompiledOutcome } from '../../app/compile-outcome';
import { planMermaid, printPlan, type Compiled } from '../../compiler';
import type { AnyRunbook } from '../../dsl';
import type { JsonObject } from '../../kernel/json';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import type { Pairs } from '../context';
import { writeOut } from '../files';
import { configOf, entityFromFile, paramsOf, runbookOf, valueOf } from '../refuse';
import type { Terminal } from '../terminal';

export interface CompileOptions extends CommonOptions {
  readonly entity: string;
  readonly param?: Pairs;
  readonly mermaid?: true;
  readonly out?: string;
  readonly entities: 'file' | 'store';
}

export async function compile(
  context: CommandContext,
  [outcome]: readonly [outcome: string],
  options: CompileOptions,
): CommandResult {
  return showPlan(context, options, await compileFor(context, runbookOf(outcome), options));
}

/** Prints the plan, or writes it. */
export async function showPlan(
  { terminal }: CommandContext,
  options: CompileOptions,
  compiled: Compiled,
): CommandResult {
  const { plan, planId, bytes } = compiled;
  if (options.out !== undefined) {
    await writeOut(options.out, `${bytes}\n`);
    terminal.note(`wrote ${options.out}: run it with \`backstep run --plan ${options.out}\``);
    if (options.json) terminal.json({ planId, file: options.out });
    else terminal.line(planId);
    return 0;
  }
  if (options.json) {
    // A person sees the prompt on a line of its own; a program gets the bytes that the id is the digest of.
    terminal.raw(terminal.isInteractive ? `${bytes}\n` : bytes);
  } else if (options.mermaid) terminal.raw(planMermaid(plan));
  else show(terminal, compiled);
  return 0;
}

/** Compiles with the entity from where the options say. */
export async function compileFor(
  context: CommandContext,
  runbook: AnyRunbook,
  options: Pick<CompileOptions, 'entity' | 'param' | 'tenant'> & { readonly entities?: 'file' | 'store' },
): Promise<CompiledOutcome> {
  const config = await configOf(context, options.tenant);
  const entity =
    options.entities === 'store'
      ? await entityFromStore(context, options)
      : entityFromFile(context, config, options.entity);
  const run = paramsOf(runbook, options.param ?? []);
  return valueOf(compileOutcome({ bundle: config.bundle, runbook, entity, given: { run } }), {
    message: `${runbook.outcome} does not compile for ${options.entity}`,
    code: 'COMPILE_REFUSED',
  });
}

async function entityFromStore(
  context: CommandContext,
  options: Pick<CompileOptions, 'entity' | 'tenant'>,
): Promise<{ readonly id: string; readonly fields: JsonObject }> {
  const { withServices, storedEntity } = await import('../services.js');
  return withServices(context, options, { starts: false }, (services) =>
    storedEntity(context, services, { tenant: options.tenant, id: options.entity }),
  );
}

function show(terminal: Terminal, { plan, planId }: Compiled): void {
  for (const line of printPlan(plan).split('\n')) terminal.line(line);
  terminal.line();
  terminal.line(`${terminal.colours.dim('planId')} ${planId}`);
}
