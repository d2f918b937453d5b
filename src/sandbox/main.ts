/**
 * The sandbox as a process: `node main.js --data DIR [--port N] [--seed FILE] [--durable] [--exit-with-parent]`.
 * Prints one line of JSON with its addresses when it is ready, and ends in good order on SIGTERM and SIGINT.
 * Adapter ring; a composition root of its own, which shares nothing with the worker.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { credentialsFor } from './credentials';
import { createServer } from './server';
import { DEFAULT_TENANTS, SandboxState } from './state';
import { urlsAt } from './urls';

/** A seed file names tenants, and how many contractors for load each has beside the cast. */
const seedFile = z.strictObject({
  tenants: z.record(z.string(), z.strictObject({ people: z.number().int().min(0).default(0) })),
});

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      port: { type: 'string', default: '0' },
      seed: { type: 'string' },
      durable: { type: 'boolean', default: false },
      'exit-with-parent': { type: 'boolean', default: false },
    },
  });
  if (values.data === undefined)
    throw new Error('`--data DIR` is missing: the folder in which the sandbox keeps its state');
  const seeds =
    values.seed === undefined
      ? Object.fromEntries(DEFAULT_TENANTS.map((name) => [name, { people: 0 }]))
      : seedFile.parse(JSON.parse(readFileSync(values.seed, 'utf8'))).tenants;
  const state = new SandboxState(values.data, { durable: values.durable, seeds });
  const app = createServer(state);
  await app.listen({ host: '127.0.0.1', port: Number(values.port) });

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void app.close().then(() => {
      state.close();
      process.exit(0);
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (values['exit-with-parent']) {
    process.stdin.resume();
    process.stdin.on('end', stop);
    process.stdin.on('error', stop);
  }

  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const ready = {
    urls: urlsAt(port),
    credentials: Object.fromEntries(state.tenantNames.map((name) => [name, credentialsFor(name)])),
    pid: process.pid,
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`sandbox: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
