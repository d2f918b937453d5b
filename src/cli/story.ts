/**
 * Follows an outcome on the terminal: its trace as it grows, and what is to be done where it waits for a person.
 * Entry ring.
 */
import { temporal } from '@temporalio/proto';
import type { Outcomes } from '../temporal/client';
import type { EngineState } from '../engine/state';
import { followTrace, waitingFor, type FollowOptions } from '../projection/trace';
import { SERVICE_QUEUE } from '../../workflows/protocol';
import type { TracePrinter } from './trace-lines';
import type { Terminal } from './terminal';

/** How a story stood when it was left. */
export type Ending =
  | { readonly how: 'over'; readonly state: EngineState }
  /** Nodes that wait for a person. */
  | { readonly how: 'waiting'; readonly nodes: readonly string[]; readonly state: EngineState }
  | { readonly how: 'interrupted' };

/** An outcome that is held and has no news for so long waits for somebody, in milliseconds. */
const QUEUED_MS = 2_000;
/** Without news for so long it is asked whether any robot is there, in milliseconds. */
const LONELY_MS = 5_000;

export interface StoryOptions extends FollowOptions {
  /** Without a client nobody can be asked whether a robot is there. */
  readonly services: {
    readonly outcomes: Pick<Outcomes, 'tell' | 'describe'> & Partial<Pick<Outcomes, 'client'>>;
  };
  readonly id: string;
  readonly terminal: Terminal;
  readonly printer: TracePrinter;
  /** Leaves where the outcome waits for a person. */
  readonly leavesAtGates: boolean;
}

/** Prints the trace until it is over, waits for a person or is interrupted. */
export async function tellStory(options: StoryOptions): Promise<Ending> {
  const { services, id, printer } = options;
  let heard = Date.now();
  let warned = false;
  for await (const { news, state, isOver } of followTrace(services.outcomes, id, options)) {
    printer.printAll(news);
    if (isOver) return { how: 'over', state };
    const nodes = waitingFor(state);
    if (news.length > 0) heard = Date.now();
    // A hold by a limit mostly ends by itself: it is given a little time before people are told that it waits.
    const isQueued = nodes.length > 0 && nodes.every((node) => state.nodes[node]?.status === 'held');
    const waits = state.paused || (nodes.length > 0 && (!isQueued || Date.now() - heard > QUEUED_MS));
    if (options.leavesAtGates && waits) return { how: 'waiting', nodes, state };
    if (!warned && Date.now() - heard > LONELY_MS) {
      warned = true;
      await warnIfLonely(options);
    }
  }
  return { how: 'interrupted' };
}

/** An outcome that nobody works on looks like one that takes long. */
async function warnIfLonely({ services, terminal }: StoryOptions): Promise<void> {
  const { client } = services.outcomes;
  if (client === undefined) return;
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: SERVICE_QUEUE },
    taskQueueType: temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
  });
  if (pollers.length === 0) {
    terminal.note(
      terminal.errColours.yellow('no robot takes work from these servers: start one with `backstep worker`'),
    );
  }
}

/** What a person can do now, on standard error. */
export function hintAt(terminal: Terminal, id: string, ending: Extract<Ending, { how: 'waiting' }>): void {
  const { dim } = terminal.errColours;
  const { state, nodes } = ending;
  if (state.paused) terminal.note(dim(`it is paused: backstep resume ${id}`));
  for (const node of nodes) {
    const status = state.nodes[node]?.status;
    const address = `${id}#${node}`;
    if (status === 'asking') terminal.note(dim(`it waits at a gate: backstep approve ${address} --reason …`));
    else if (status === 'incident') {
      terminal.note(dim(`it needs a person: backstep resolve ${address} retry|supply|accept|backstep`));
    } else {
      terminal.note(dim(`it is held at ${node}: backstep explain ${address} says why`));
      // Where people are asked, approving is the way; who waits for none of them is let go under somebody's own name.
      if (state.nodes[node]?.held?.asked === null)
        terminal.note(dim(`to fire it under your own name: backstep run --proposal ${address}`));
    }
  }
}
