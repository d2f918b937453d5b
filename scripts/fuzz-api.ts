/**
 * `npm run fuzz:api [examples]`: fuzzes the whole API on a live stand of its own, by its own OpenAPI document. Ends with 1 where it
 * finds a 5xx or anything that the document does not say.
 */
import { findFuzzer, fuzz } from '../test/fuzz/schemathesis';
import { backstep, build, startServing, startUp } from '../test/kit/cli';

const ENV = { BACKSTEP_STAND: 'fuzz', BACKSTEP_API_PER_MINUTE: '1000000' };
const ROLES = 'author,operator,approver,auditor,admin';

async function main(): Promise<number> {
  const fuzzer = await findFuzzer();
  if (!fuzzer.isHere) {
    process.stderr.write(`not fuzzed: ${fuzzer.why}\n`);
    return 1;
  }
  build();
  const up = await startUp({ env: ENV });
  try {
    const served = await startServing(['api', '--port', '0', '--json'], { env: ENV });
    try {
      const { out } = await backstep(['token', '--roles', ROLES, '--minutes', '120'], { env: ENV });
      const { code, output } = await fuzz(fuzzer, {
        url: String(served.ready['url']),
        token: out.trim(),
        examples: Number(process.argv[2] ?? '50'),
      });
      process.stdout.write(output);
      return code ?? 1;
    } finally {
      await served.stop();
    }
  } finally {
    await up.stop();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
);
