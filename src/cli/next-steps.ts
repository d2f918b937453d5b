/**
 * Where to go on from what was shown, on standard error: each step of an auditor's walk names the next by its command.
 * Entry ring.
 */
import type { ListedRecord } from '../app/policy-log';
import type { EngineState } from '../engine/state';
import type { TraceEvent } from '../engine/trace';
import type { Terminal } from './terminal';

export function noteAll(terminal: Terminal, lines: readonly string[]): void {
  for (const line of lines) terminal.note(terminal.errColours.dim(line));
}

/** After a list: the story of what was shown last, and its proof. */
export function afterRecords(records: readonly ListedRecord['record'][]): readonly string[] {
  const last = records.findLast(({ outcome }) => typeof outcome === 'string');
  return [
    ...(last === undefined ? [] : [`its story: backstep trace ${String(last['outcome'])}`]),
    ...(records.length === 0 ? [] : ['the proof of one, by its number: backstep log prove --record <seq>']),
  ];
}

/** After a trace: why its actions fired, and what is on record of it; where it was ended by force, the way back. */
export function afterTrace({
  id,
  isOver,
  trace,
  state: { phase },
}: {
  readonly id: string;
  /** Whether its workflow has ended. */
  readonly isOver: boolean;
  readonly trace: readonly TraceEvent[];
  readonly state: Pick<EngineState, 'phase'>;
}): readonly string[] {
  const isCut = isOver && phase !== 'completed' && phase !== 'backstepped';
  const action = trace.findLast((event) => event.kind === 'awf.failed' || event.kind === 'awf.ok');
  return [
    ...(isCut ? [`it was ended by force, and nothing was undone: backstep backstep ${id} --reason …`] : []),
    ...(action !== undefined && 'node' in action
      ? [`why an action fired or did not: backstep explain ${id}#${action.node} --level 3`]
      : []),
    `what is on record of it: backstep log list --outcome ${id}`,
  ];
}

/** After an explanation. */
export const afterExplanation = (outcome: string, action: string): readonly string[] => [
  `what is on record of it: backstep log list --outcome ${outcome}`,
  `decided again, then and today: backstep replay review ${action}`,
];

/** After a proof: what checks it, and the report that its record stands in. */
export function afterProof(record: string): readonly string[] {
  const { at } = JSON.parse(record) as { readonly at: string };
  const from = at.slice(0, 10);
  const to = new Date(Date.parse(from) + 86_400_000).toISOString().slice(0, 10);
  return [
    'kept in a file it is checked anywhere: backstep log verify <file>',
    `the report of that day: backstep report actions --from ${from} --to ${to} --format html --out report.html`,
  ];
}
