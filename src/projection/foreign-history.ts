/**
 * A history that anybody may have written, as whoever proves a bundle gets it: read and derived within bounds, so that none takes
 * the verifier's memory or hours, and whatever is wrong with it is said in words.
 * Adapter ring.
 */
import type { Payload, PayloadCodec } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { keptText } from '../kernel/json';
import { checkPlan } from '../plan/decode';
import { blocksIn } from '../plan/blocks';
import { PLAN_LIMITS } from '../plan/limits';
import type { Block, Plan } from '../plan/plan';
import { readHistory, type ReadHistory, type RunId } from './derive-history';

type History = temporal.api.history.v1.IHistory;

/** Events of one history: twice what Temporal itself ends a workflow at. @source Temporal's limits.historyCount: error 51,200 */
const MOST_EVENTS = 102_400;
/**
 * Bytes that its payloads come to when they are opened: a run's own stay near 16 million characters, and few bytes can be
 * inflated to any number.
 */
const MOST_BYTES = 512 * 1024 * 1024;
/** Longest account of what is wrong, in characters. */
const ACCOUNT_LENGTH = 300;

/** Reads a history. Throws where it is none that an engine of this make wrote; `whatIsWrong` says it in words. */
export async function readForeign(id: RunId, history: History, codec: PayloadCodec): Promise<ReadHistory> {
  const events = history.events?.length ?? 0;
  if (events > MOST_EVENTS) throw new Error(`it has ${events} events, and Temporal keeps no ${MOST_EVENTS}`);
  const read = await readHistory(id, history, bounded(codec));
  if (read.kind === 'outcome') mustBeWhole(read.of.start.plan);
  return read;
}

/** What an error says of a history; one that JavaScript throws says nothing to its reader without the place. */
export function whatIsWrong(error: unknown): string {
  const told = error instanceof Error ? error.message : String(error);
  const isOfLanguage = error instanceof TypeError || error instanceof RangeError;
  const what = isOfLanguage ? `something in it is not what an engine writes there: ${told}` : told;
  return keptText(what.slice(0, ACCOUNT_LENGTH));
}

/** A plan that no compiler made could keep a fold busy without end. */
function mustBeWhole(plan: Plan): void {
  const [wrong] = checkPlan(plan);
  if (wrong !== undefined) throw new Error(`its plan is not whole: ${wrong.at}: ${wrong.message}`);
  const nodes = nodesIn(plan.body);
  if (nodes > PLAN_LIMITS.nodes)
    throw new Error(`its plan has up to ${nodes} nodes: at most ${PLAN_LIMITS.nodes} may be`);
}

/** Nodes, every element of a for-each counted. */
function nodesIn({ nodes }: Block): number {
  let sum = 0;
  for (const node of nodes) {
    const inner = blocksIn(node).reduce((all, block) => all + nodesIn(block), 0);
    sum += 1 + (node.kind === 'each' ? node.max : 1) * inner;
  }
  return sum;
}

/** The codec, until it has opened so much. */
function bounded(codec: PayloadCodec): PayloadCodec {
  let left = MOST_BYTES;
  return {
    encode: (payloads, context) => codec.encode(payloads, context),
    // One by one: each may be inflated to its own bound.
    decode: async (payloads, context) => {
      const opened: Payload[] = [];
      for (const payload of payloads) {
        for (const one of await codec.decode([payload], context)) {
          left -= one.data?.length ?? 0;
          if (left < 0) throw new Error(`its payloads come to more than ${MOST_BYTES} bytes`);
          opened.push(one);
        }
      }
      return opened;
    },
  };
}
