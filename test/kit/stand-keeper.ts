/**
 * Keeps one stand for each worker of a test run, from the first suite that asks to the end of the run: starting and stopping
 * both servers costs more than most suites do. Suites join it as any second process joins a stand, so none of them can stop
 * its servers; who must, opens a stand by a name of its own.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { openStand, StandError, type Stand } from '../../src/embedded';

export const STANDS = path.join(__dirname, '../../.backstep');

/** Where the keeper of this run answers, for the workers that inherit it. */
export const KEEPER_VARIABLE = 'BACKSTEP_TEST_KEEPER';

/** Two runs of these tests at once, in one working tree, with eight workers each. */
const MOST_STANDS = 16;

export interface StandKeeper {
  /** `GET /3` answers with the name of the stand of worker 3, once it is up. */
  readonly url: string;
  /** Stops all stands that are kept. */
  close(): Promise<void>;
}

export async function keepStands(): Promise<StandKeeper> {
  const kept = new Map<string, Promise<Stand>>();
  const standOf = (worker: string): Promise<Stand> => {
    const stand = kept.get(worker) ?? openFree();
    kept.set(worker, stand);
    return stand;
  };
  const server = createServer((request, response) => {
    standOf(request.url ?? '').then(
      ({ name }) => response.end(name),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await Promise.allSettled([...kept.values()].map(async (stand) => (await stand).close()));
    },
  };
}

/** The first of the stands for tests that nobody else runs, on empty data: what an earlier run left can't be met here. */
async function openFree(): Promise<Stand> {
  for (let i = 1; i <= MOST_STANDS; i++) {
    const options = { dir: STANDS, name: `test-${i}`, fresh: true, env: process.env };
    try {
      return await openStand(options);
    } catch (error) {
      if (!(error instanceof StandError) || error.code !== 'STAND_IN_USE') throw error;
    }
  }
  throw new Error(`all ${MOST_STANDS} stands for tests are in use`);
}

/** The name of the stand of this worker; without a keeper, one that the suite opens and closes itself. */
export async function nameOfStand(): Promise<string> {
  const worker = process.env['JEST_WORKER_ID'] ?? '0';
  const keeper = process.env[KEEPER_VARIABLE];
  if (keeper === undefined) return `test-${worker}`;
  const answer = await fetch(`${keeper}/${worker}`, { headers: { connection: 'close' } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}
