/**
 * Pass 7, lanes: local or remote for each action, and the attempt's bound that the choice rests on.
 * Authoring ring.
 */
import { durationMs, parseDuration, printDuration } from '../kernel/duration';
import type { Json } from '../kernel/json';
import type { AnyAwf } from '../dsl/catalog';
import { PLAN_LIMITS } from '../plan/limits';
import type { Lane } from '../plan/plan';
import { printOrigin, type Context } from './context';
import { type DraftAction } from './draft';

/** What has been chosen for one action. */
export interface Firing {
  readonly lane: Lane;
  /** Set where configuration bounds this very node, in milliseconds. */
  readonly timeoutMs?: number;
}

export function chooseLanes(context: Context): ReadonlyMap<string, Firing> {
  const firings = new Map<string, Firing>();
  for (const node of context.nodes.values()) {
    if (node.kind !== 'action') continue;
    const awf = context.awf(node.awf);
    if (awf !== undefined) firings.set(node.id, firingOf(context, node, awf));
  }
  return firings;
}

/** Bound of one attempt at an AWF in milliseconds: as configured, else as its contract says. */
export function timeoutOf(context: Context, awf: AnyAwf): number {
  const parsed = parseDuration(awf.timeout);
  return context.setting(`awf.${awf.name}.timeout`, isMs, 'milliseconds') ?? (parsed.ok ? parsed.value : 0);
}

/** How long after its commit an AWF can be undone, in milliseconds: as configured, else as its contract says. */
export function undoWindowOf(context: Context, awf: AnyAwf): number {
  return context.setting(`awf.${awf.name}.undoWindow`, isMs, 'milliseconds') ?? durationMs(awf.undoWindow);
}

export const isMs = (value: Json): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;

function firingOf(context: Context, node: DraftAction, awf: AnyAwf): Firing {
  const own = nodeSetting(context, node, 'timeout', isMs, 'milliseconds');
  const timeoutMs = own ?? timeoutOf(context, awf);
  const rest = own === undefined ? {} : { timeoutMs };
  const unfit = whyUnfit(awf, timeoutMs);
  const { choice, key } = laneChoice(context, node);
  if (choice === 'local' && unfit !== undefined) {
    const origin = printOrigin(context.request.settings![key]!);
    const message = `\`${key}\` from ${origin} asks for the local lane, and \`${node.awf}\` ${unfit}`;
    const help = 'set it to `auto` or `remote`';
    context.complainAt(node, 'lane', 'PLAN_LANE_NOT_LOCAL', message, help);
  }
  if (choice !== 'auto') return { lane: choice, ...rest };
  return { lane: unfit === undefined ? 'local' : 'remote', ...rest };
}

/** Why an AWF cannot fire in the worker of the outcome; `undefined` where it can. @source DESIGN 5 */
function whyUnfit(awf: AnyAwf, timeoutMs: number): string | undefined {
  if (awf.idempotency === 'ledger-only') return 'is safe by our ledger alone';
  if (timeoutMs <= PLAN_LIMITS.localTimeoutMs) return undefined;
  return `may take ${printDuration(timeoutMs)}, more than ${printDuration(PLAN_LIMITS.localTimeoutMs)}`;
}

/** The choice of the most specific key that makes one: node, then AWF, then all. */
function laneChoice(
  context: Context,
  node: DraftAction,
): { readonly choice: Lane | 'auto'; readonly key: string } {
  for (const key of [...nodeKeys(context, node, 'lane'), `awf.${node.awf}.lane`, 'lane']) {
    if (context.request.settings?.[key]?.value === 'auto') return { choice: 'auto', key };
    const choice = context.setting(key, isLane, '`auto`, `local` or `remote`');
    if (choice !== undefined) return { choice, key };
  }
  return { choice: 'auto', key: 'lane' };
}

function nodeSetting<T extends Json>(
  context: Context,
  node: DraftAction,
  name: string,
  isRight: (value: Json) => value is T,
  wanted: string,
): T | undefined {
  for (const key of nodeKeys(context, node, name)) {
    const value = context.setting(key, isRight, wanted);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** As a node of the plan, and as one of the runbook that declares it. */
function nodeKeys(context: Context, node: DraftAction, name: string): readonly string[] {
  if (!context.hasNodeSettings) return NO_KEYS;
  const whole = `node.${context.runbook}/${node.id}.${name}`;
  const own = `node.${node.origin.runbook}/${node.origin.node}.${name}`;
  return whole === own ? [whole] : [whole, own];
}

const NO_KEYS: readonly string[] = [];

const isLane = (value: Json): value is Lane => value === 'local' || value === 'remote';
