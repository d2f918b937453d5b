/**
 * `npm run laws`: every AWF before every law, printed as one table. Exit code 0 if all that could be tried hold, 1 if one is
 * broken, 2 for wrong usage. The jest suite `test/real/laws` holds the very same trials.
 */
import { parseArgs } from 'node:util';
import { openCourt, type Finding } from './kit/court';
import { reportOf, tableOf, type Judged } from './kit/table';
import { ENTRIES, trialsOf, type Trial } from './kit/trials';

/** Trials held at once: they mostly wait for servers. */
const AT_ONCE = 6;

const HELP = `npm run laws -- [options]

  --awf NAME   only AWFs whose name contains NAME, such as okta or ldap.set_attribute
  --json       the report as JSON on standard output, and nothing else there
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      awf: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const entries = ENTRIES.filter(({ contract, undoneBy }) =>
    [contract.name, undoneBy.name].some((name) => name.includes(values.awf)),
  );
  if (entries.length === 0) {
    process.stderr.write(`no AWF has \`${values.awf}\` in its name\n`);
    return 2;
  }
  const startedAt = Date.now();
  const court = await openCourt([...new Set(entries.map(({ evidence }) => evidence))]);
  const interrupted = new Promise<never>((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.once(signal, () => {
        reject(new Error('interrupted'));
      });
    }
  });
  try {
    const trials = entries.flatMap(trialsOf);
    const judged = await Promise.race([held(trials, (trial) => court.judge(trial)), interrupted]);
    const report = reportOf(judged, Date.now() - startedAt);
    process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report));
    return report.totals.broken === 0 ? 0 : 1;
  } finally {
    await court.close();
  }
}

/** Holds all trials, several at once; progress on standard error where a person watches. */
async function held(
  trials: readonly Trial[],
  judge: (trial: Trial) => Promise<Finding>,
): Promise<readonly Judged[]> {
  const judged: Judged[] = [];
  const waiting = [...trials.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [n, trial] = next;
      judged[n] = { trial, finding: await judge(trial) };
      if (process.stderr.isTTY)
        process.stderr.write(`\r${trials.length - waiting.length} of ${trials.length}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  return judged;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const usage = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    // Trials that were interrupted still wait for servers that are gone.
    process.exit(usage ? 2 : 1);
  },
);
