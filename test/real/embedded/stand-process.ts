/** A process that opens a stand and tells what happens, one JSON object a line; started by `standProcess` in the fixtures. */
import { createInterface } from 'node:readline';
import { StandError, openStand } from '../../../src/embedded';

const settings = JSON.parse(process.argv[2]!) as { readonly dir: string; readonly onSigint: 'abort' | 'die' };
const tell = (event: unknown): boolean => process.stdout.write(`${JSON.stringify(event)}\n`);

async function main(): Promise<void> {
  const interrupt = new AbortController();
  if (settings.onSigint === 'abort') process.once('SIGINT', () => interrupt.abort());
  const stand = await openStand({
    dir: settings.dir,
    env: process.env,
    signal: interrupt.signal,
    onProgress: (line) => tell({ event: 'progress', line }),
  });
  tell({
    event: 'open',
    owned: stand.owned,
    address: stand.temporal.address,
    url: stand.postgres.url,
    pids: [stand.temporal.pid, stand.postgres.pid],
  });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'close') break;
  }
  await stand.close();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    tell({ event: 'failed', code: error instanceof StandError ? error.code : String(error) });
    process.exit(1);
  },
);
