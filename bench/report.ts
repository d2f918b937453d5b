/** From what was measured to figures, and from figures to the page that is printed. No I/O. */
import type { Anatomy } from './anatomy';
import { NAMES, type Name } from './contestants';
import { MEMORY, type MemoryRun } from './memory';
import type { ProfileRow } from './profiles';
import type { Burst } from './races';
import { median, quantile, sum } from './statistics';
import { judge, type Figures } from './targets';

export interface Measured {
  readonly latencies: PerName<readonly number[]>;
  readonly bursts: PerName<readonly Burst[]>;
  readonly anatomies: PerName<readonly Anatomy[]>;
  /** Bytes of one history with the codec as it ships. */
  readonly bytesWithCodec: PerName<number>;
  /** Milliseconds of the parts of an outcome's actions, by name. */
  readonly spans: PerName<Readonly<Record<string, number>>>;
  readonly compile: Figures;
  readonly memory?: MemoryRun;
  readonly profiles?: Readonly<Record<string, readonly ProfileRow[]>>;
}

type PerName<T> = Readonly<Record<Name, T>>;

const KEYS: PerName<string> = {
  'hand-written': 'saga',
  'hand-written, local': 'sagaLocal',
  'remote lane': 'remote',
  'local lane': 'local',
  'as shipped': 'shipped',
};

export function figuresOf(measured: Measured): Figures {
  const figures: Record<string, number> = { ...measured.compile };
  const saga = summaryOf(measured, 'hand-written');
  for (const name of NAMES) {
    const key = KEYS[name];
    const own = summaryOf(measured, name);
    figures[`latency.${key}.p50.ms`] = own.p50;
    figures[`latency.${key}.p95.ms`] = own.p95;
    figures[`throughput.${key}.perSecond`] = own.perSecond;
    figures[`history.${key}.events`] = own.events;
    figures[`history.${key}.bytes`] = own.bytes;
    figures[`history.${key}.codec.bytes`] = measured.bytesWithCodec[name];
    if (name === 'hand-written') continue;
    figures[`latency.${key}.ratio`] = own.p50 / saga.p50;
    figures[`latency.${key}.p95.ratio`] = own.p95 / saga.p95;
    figures[`throughput.${key}.ratio`] = own.perSecond / saga.perSecond;
    figures[`history.${key}.events.ratio`] = own.events / saga.events;
    figures[`history.${key}.ratio`] = own.bytes / saga.bytes;
    figures[`history.${key}.codec.ratio`] =
      measured.bytesWithCodec[name] / measured.bytesWithCodec['hand-written'];
  }
  if (measured.memory !== undefined) {
    figures['memory.rss.slope'] = measured.memory.rssSlope;
    figures['memory.heap.slope'] = measured.memory.heapSlope;
  }
  return figures;
}

function summaryOf({ latencies, bursts, anatomies }: Measured, name: Name) {
  const own = bursts[name];
  return {
    p50: median(latencies[name]),
    p95: quantile(latencies[name], 0.95),
    perSecond: (sum(own.map(({ outcomes }) => outcomes)) * 1_000) / sum(own.map(({ ms }) => ms)),
    events: median(anatomies[name].map(({ events }) => events)),
    bytes: median(anatomies[name].map(({ bytes }) => bytes)),
  };
}

/** The whole page. */
export function pageOf(measured: Measured, figures: Figures): string {
  return [
    section('Side by side', sidesTable(measured, figures)),
    section('Targets', targetsTable(figures)),
    section(
      'Where one outcome’s time goes: its history, ms by median, one at a time',
      anatomyTable(measured),
    ),
    section('Inside its actions, ms', spansTable(measured)),
    section(`Processor time of one outcome in a crowd, ms`, processorTable(measured)),
    ...(measured.memory === undefined ? [] : [section('Worker memory', memoryTable(measured.memory))]),
    ...Object.entries(measured.profiles ?? {}).map(([process, rows]) =>
      section(
        `JavaScript in a crowd of all sides: ${process}, ms by library`,
        table(rows.slice(0, 14).map(({ where, ms }) => [where, ms.toFixed(0)])),
      ),
    ),
  ].join('\n');
}

function sidesTable(measured: Measured, figures: Figures): string {
  const ratio = (key: string, name: string): string => {
    const found = figures[`${name}.${key}.ratio`];
    return found === undefined ? '' : found.toFixed(2);
  };
  return table([
    [
      '',
      'p50 ms',
      'p95 ms',
      'ratio',
      'per second',
      'ratio',
      'events',
      'bytes',
      'ratio',
      'bytes, codec',
      'ratio',
    ],
    ...NAMES.map((name) => {
      const own = summaryOf(measured, name);
      const key = KEYS[name];
      return [
        name,
        own.p50.toFixed(1),
        own.p95.toFixed(1),
        ratio(key, 'latency'),
        own.perSecond.toFixed(1),
        ratio(key, 'throughput'),
        String(own.events),
        String(own.bytes),
        ratio(key, 'history'),
        String(measured.bytesWithCodec[name]),
        figures[`history.${key}.codec.ratio`]?.toFixed(2) ?? '',
      ];
    }),
  ]);
}

function targetsTable(figures: Figures): string {
  return table(
    judge(figures).map(({ what, bound, found, isMet }) => [
      what,
      'atMost' in bound ? `≤ ${bound.atMost}` : `≥ ${bound.atLeast}`,
      found === undefined ? 'not measured' : found.toFixed(2),
      isMet === undefined ? '' : isMet ? 'met' : 'MISSED',
    ]),
  );
}

function anatomyTable({ anatomies }: Measured): string {
  const row = (what: string, of: (anatomy: Anatomy) => number, digits = 1): string[] => [
    what,
    ...NAMES.map((name) => median(anatomies[name].map(of)).toFixed(digits)),
  ];
  return table([
    ['', ...NAMES],
    row('start to end', ({ total }) => total),
    row('workflow tasks', ({ workflowTasks }) => workflowTasks, 0),
    row('  waiting for a worker', ({ workflowTaskWaits }) => workflowTaskWaits),
    row('  at work (local actions inside)', ({ workflowTaskWork }) => workflowTaskWork),
    row('activities', ({ activities }) => activities, 0),
    row('  schedule → start', ({ activityWaits }) => activityWaits),
    row('  start → complete', ({ activityWork }) => activityWork),
    row('between them', (one) => one.total - timeInside(one)),
  ]);
}

const timeInside = (one: Anatomy): number =>
  one.workflowTaskWaits + one.workflowTaskWork + one.activityWaits + one.activityWork;

function spansTable({ spans }: Measured): string {
  const parts = ['admit', 'capture', 'keep prior', 'execute', 'commit'];
  return table([
    ['', ...NAMES],
    ...parts.map((part) => [part, ...NAMES.map((name) => (spans[name][part] ?? 0).toFixed(1))]),
  ]);
}

function processorTable({ bursts }: Measured): string {
  const processes = Object.keys(bursts['hand-written'][0]?.processor ?? {});
  const perOutcome = (name: Name, process: string): number =>
    sum(bursts[name].map(({ processor }) => processor?.[process] ?? 0)) /
    sum(bursts[name].map(({ outcomes }) => outcomes));
  const row = (what: string, of: (name: Name) => number): string[] => [
    what,
    ...NAMES.map((name) => of(name).toFixed(1)),
  ];
  return table([
    ['', ...NAMES],
    ...processes.map((process) => row(process, (name) => perOutcome(name, process))),
    row('all', (name) => sum(processes.map((process) => perOutcome(name, process)))),
  ]);
}

function memoryTable(memory: MemoryRun): string {
  const { samples, rssSlope, heapSlope, seconds } = memory;
  return [
    table([
      ['outcomes', ...samples.map(({ outcomes }) => String(outcomes))],
      ['resident MB', ...samples.map(({ rssMb }) => rssMb.toFixed(0))],
      ['heap MB', ...samples.map(({ heapMb }) => heapMb.toFixed(1))],
    ]),
    `slope after ${MEMORY.warmUp}: ${rssSlope.toFixed(2)} MB resident, ${heapSlope.toFixed(2)} MB heap per 1,000; ${seconds.toFixed(0)} s`,
  ].join('\n');
}

const section = (title: string, body: string): string => `${title}\n\n${body}\n`;

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join('\n');
}
