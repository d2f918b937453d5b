/** `backstep emit`: takes in an event, as a connected system would send it. Entry ring. */
import { ingestEvent, type EventTaken } from '../../app/ingest-event';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { Complaint } from '../complaint';
import { textOfInput } from '../files';
import { acceptedOf, configOf } from '../refuse';
import { withServices } from '../services';
import { hintAt, tellStory } from '../story';
import type { Terminal } from '../terminal';
import { TracePrinter } from '../trace-lines';

interface EmitOptions extends CommonOptions {
  readonly follow?: true;
}

export async function emit(
  context: CommandContext,
  [file]: readonly [file: string],
  options: EmitOptions,
): CommandResult {
  const { terminal, settings } = context;
  const sent = await sentFrom(file);
  const config = await configOf(context, options.tenant);
  return withServices(context, options, { starts: true, seeds: config }, async (services) => {
    const taken = acceptedOf(await ingestEvent(services, config, { sent, by: settings.actor }));
    if (options.json) terminal.json(taken);
    else showTaken(terminal, taken);
    if (!('outcome' in taken)) {
      if (options.json) return 1;
      throw new Complaint(`the event is kept: ${taken.status}`, {
        code: 'EVENT_KEPT',
        diagnostics: taken.because,
      });
    }
    if (options.follow && taken.outcome !== null) {
      const { plan } = (await services.outcomes.runs(taken.outcome))[0]!.start;
      const { widthOfPlan } = await import('../trace-lines.js');
      const printer = new TracePrinter(terminal, { json: options.json === true, width: widthOfPlan(plan) });
      const id = taken.outcome;
      const ending = await tellStory({
        services,
        id,
        terminal,
        printer,
        leavesAtGates: true,
        signal: context.signal(),
      });
      if (ending.how === 'waiting') hintAt(terminal, id, ending);
    }
    return 0;
  });
}

export function showTaken(terminal: Terminal, taken: EventTaken): void {
  if (taken.status === 'started') {
    terminal.line(`${taken.outcome} started by ${taken.automation}`);
  } else if (taken.status === 'duplicate') {
    const content = taken.isSame ? '' : ', with another content, which is not looked at';
    terminal.line(`event ${taken.event} was here before${content}: ${taken.outcome ?? 'it started nothing'}`);
  }
}

/** What a file, or standard input, holds. */
export const sentFrom = async (file: string): Promise<unknown> => parse(await textOfInput(file), file);

function parse(content: string, file: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    const name = file === '-' ? 'standard input' : `\`${file}\``;
    throw new Complaint(`${name} is no JSON: ${(error as Error).message}`, { code: 'EVENT_REFUSED' });
  }
}
