/**
 * Trace events as they are shown: lines for people, coloured where somebody sees it, or one JSON object a line.
 * Entry ring. What the lines say is fixed by the engine.
 */
import { printTraceEvent, type TraceEvent } from '../engine/trace';
import type { Block, Plan } from '../plan/plan';
import type { Colours, Terminal } from './terminal';

export class TracePrinter {
  /** Events handed over so far. */
  seen = 0;

  constructor(
    private readonly terminal: Terminal,
    private readonly how: {
      readonly json: boolean;
      /** Characters of the longest AWF that is printed, so that results stand in one column. */
      readonly width: number;
      /** Before every line. */
      readonly indent?: string;
      /** So many events were told before, and are not told again. */
      readonly skip?: number;
      readonly silent?: boolean;
    },
  ) {}

  print(event: TraceEvent): void {
    const { terminal, how } = this;
    this.seen += 1;
    if (how.silent === true || this.seen <= (how.skip ?? 0)) return;
    if (how.json) terminal.json(event);
    else terminal.line(`${how.indent ?? ''}${paint(event, lineOf(event, how.width), terminal.colours)}`);
  }

  printAll(events: readonly TraceEvent[]): void {
    for (const event of events) this.print(event);
  }
}

/** Width of the AWF column of a whole trace. */
export const widthOf = (events: readonly TraceEvent[]): number =>
  Math.max(0, ...events.map((event) => (event.kind === 'awf.ok' ? event.awf.length : 0)));

/** Width of the AWF column before anything has happened. */
export const widthOfPlan = (plan: Plan): number =>
  Math.max(0, ...namesIn(plan.body).map((awf) => awf.length));

/** AWFs of the undisturbed way; branches of exits are rare, and may stick out. */
function namesIn(block: Block): readonly string[] {
  return block.nodes.flatMap((node) => {
    if (node.kind === 'action') return [node.awf];
    if (node.kind === 'each') return namesIn(node.body);
    if (node.kind === 'choice') return Object.values(node.cases).flatMap(namesIn);
    return [];
  });
}

const lineOf = (event: TraceEvent, width: number): string =>
  printTraceEvent(event.kind === 'awf.ok' ? { ...event, awf: event.awf.padEnd(width) } : event);

function paint(event: TraceEvent, line: string, colours: Colours): string {
  const clock = colours.dim(line.slice(0, 8));
  const rest = line.slice(8);
  switch (event.kind) {
    case 'awf.ok':
    case 'comp.ok':
      return clock + rest.replace(/ ok\b/, (ok) => colours.green(ok));
    case 'awf.failed':
    case 'comp.failed':
      return clock + rest.replace(/ failed code=\S+/, (failed) => colours.red(failed));
    case 'outcome.complete':
      return clock + colours.green(rest);
    case 'backstep':
    case 'outcome.backstepped':
      return clock + colours.yellow(rest);
    case 'gate.open':
    case 'incident.open':
    case 'escalation.open':
    case 'awf.held':
      return clock + colours.magenta(rest);
    default:
      return clock + rest;
  }
}
