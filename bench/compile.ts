/**
 * How long a compile takes: 1,000 nodes in at most 50 ms, 10,000 in at most twelve times that. Prints one table; `--json` for
 * a machine.
 */
import { compile } from '../src/compiler/compile';
import { aRunbook, request } from '../test/kit/compile';
import { create, look, set } from '../test/kit/toys';

/** Runs of four: a first node, a pair in parallel of which one reads it, and a join. */
const runbookOf = (nodes: number) =>
  aRunbook(({ run, parallel }) => {
    for (let i = 0; i < nodes / 4; i++) {
      const made = run(`a${i}`, create, { key: `k${i}` });
      parallel(
        () => run(`b${i}`, set, { key: made.id, value: i }),
        () => run(`c${i}`, look, { key: `k${i}` }),
      );
      run(`d${i}`, create, { key: `l${i}` });
    }
  });

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** Milliseconds: the first compile in this process, the median of those that follow, and the processor time of one. */
function measure(nodes: number, times: number) {
  const wanted = request(runbookOf(nodes));
  wanted.runbook.source();
  const taken: number[] = [];
  let bytes = 0;
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    const compiled = compile(wanted);
    taken.push(performance.now() - start);
    if (!compiled.ok) throw new Error(compiled.error[0]?.message ?? 'it did not compile');
    bytes = compiled.value.bytes.length;
  }
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / 1_000 / times;
  return { cpu, first: taken[0] ?? 0, median: median(taken.slice(1)), bytes };
}

const small = measure(1_000, 30);
const large = measure(10_000, 10);
const figures = {
  'compile.1000.first.ms': small.first,
  'compile.1000.median.ms': small.median,
  'compile.10000.median.ms': large.median,
  'compile.1000.cpu.ms': small.cpu,
  'compile.10000.cpu.ms': large.cpu,
  'compile.ratio': large.median / small.median,
  'compile.bytesPerNode': large.bytes / 10_000,
};
if (process.argv.includes('--json')) console.log(JSON.stringify(figures));
else for (const [name, value] of Object.entries(figures)) console.log(name.padEnd(28), value.toFixed(2));
