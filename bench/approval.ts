/**
 * `npm run bench:approval [rounds]`: the approver's round trip. From the POST of a decision to its answer, and to the next action having
 * fired, against a bare Temporal update that answers and then runs one local activity, on the same servers, in turns.
 */
import { randomUUID } from 'node:crypto';
import { cpus, loadavg } from 'node:os';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { quietRuntime } from '../src/temporal/worker';
import { backstep, build, startServing, startUp, type Running } from '../test/kit/cli';
import { median, quantile } from './statistics';

const SIZES = { warmUp: 3, rounds: Number(process.argv[2] ?? '30') } as const;
const ENV = { BACKSTEP_STAND: 'bench-approval', BACKSTEP_API_PER_MINUTE: '1000000' };
const QUEUE = 'bench-bare';

interface Trip {
  /** Milliseconds from asking to the answer. */
  readonly answered: number;
  /** Milliseconds from asking to the next action having fired. */
  readonly fired: number;
}

type Side = () => Promise<Trip>;

async function main(): Promise<void> {
  quietRuntime();
  build();
  const up = await startUp({ env: ENV });
  try {
    const served = await startServing(['api', '--port', '0', '--json'], { env: ENV });
    try {
      const [ours, bare] = await Promise.all([approvals(served), bareUpdates(up)]);
      try {
        report(await inTurns({ ours, bare: bare.side }));
      } finally {
        await bare.close();
      }
    } finally {
      await served.stop();
    }
  } finally {
    await up.stop();
  }
}

async function inTurns(sides: Readonly<Record<'ours' | 'bare', Side>>) {
  const trips: Record<'ours' | 'bare', Trip[]> = { ours: [], bare: [] };
  for (let round = -SIZES.warmUp; round < SIZES.rounds; round++) {
    for (const name of ['ours', 'bare'] as const) {
      const trip = await sides[name]();
      if (round >= 0) trips[name].push(trip);
    }
  }
  return trips;
}

interface TraceBody {
  readonly waiting: readonly unknown[];
  readonly events: readonly { readonly kind: string; readonly at: number }[];
}

/** A gate of a real outcome, decided over the API by somebody who may. */
async function approvals(served: Running): Promise<Side> {
  const url = String(served.ready['url']);
  const tokenOf = async (name: string, roles: string): Promise<string> =>
    (await backstep(['token', '--as', name, '--roles', roles], { env: ENV })).out.trim();
  const operator = await tokenOf('person:olive.operator', 'operator,author');
  const approver = await tokenOf('person:maya.lindqvist', 'approver');
  const ask = async <Body>(token: string, path: string, body?: object): Promise<Body> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`${url}${path}`, { headers, ...sent });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as Body;
  };
  return async () => {
    const what = { outcome: 'EMP-R-001', entity: 'person:noah.kim', params: { approval: 'manager' } };
    const { id } = await ask<{ readonly id: string }>(operator, '/v1/outcomes', what);
    const path = `/v1/outcomes/${encodeURIComponent(id)}/trace`;
    while ((await ask<TraceBody>(operator, path)).waiting.length === 0) await soon();
    const task = encodeURIComponent(`${id}#manager`);
    const begun = Date.now();
    await ask(approver, `/v1/tasks/${task}/decision`, { verdict: 'approve', reason: 'bench' });
    const answered = Date.now() - begun;
    for (;;) {
      const { events } = await ask<TraceBody>(operator, path);
      const decided = events.findIndex(({ kind }) => kind === 'gate.approved');
      const next = events.slice(decided).find(({ kind }) => kind === 'awf.ok');
      if (decided >= 0 && next !== undefined) return { answered, fired: next.at - begun };
      await soon();
    }
  };
}

async function bareUpdates(up: Running): Promise<{ readonly side: Side; close(): Promise<void> }> {
  const address = String(up.ready['temporal']);
  const { namespace } = up.ready as { readonly namespace: string };
  const [native, connection, workflowBundle] = await Promise.all([
    NativeConnection.connect({ address }),
    Connection.connect({ address }),
    bundleWorkflowCode({
      workflowsPath: require.resolve('./approval-workflow'),
      logger: new DefaultLogger('ERROR'),
    }),
  ]);
  const worker = await Worker.create({
    connection: native,
    namespace,
    taskQueue: QUEUE,
    workflowBundle,
    activities: { fire: () => Promise.resolve(Date.now()) },
  });
  const running = worker.run();
  const client = new Client({ connection, namespace });
  return {
    side: async () => {
      const handle = await client.workflow.start('bare', { taskQueue: QUEUE, workflowId: randomUUID() });
      // As long as the other side's outcome stands at its gate before it is asked.
      await new Promise((done) => setTimeout(done, 200));
      const begun = Date.now();
      await handle.executeUpdate('decide', { args: ['approve'] });
      const answered = Date.now() - begun;
      const fired = (await handle.result()) as number;
      return { answered, fired: fired - begun };
    },
    close: async () => {
      worker.shutdown();
      await running;
      await Promise.all([native.close(), connection.close()]);
    },
  };
}

const soon = (): Promise<void> => new Promise((done) => setTimeout(done, 25));

function report({ ours, bare }: Readonly<Record<'ours' | 'bare', readonly Trip[]>>): void {
  const of = (trips: readonly Trip[], what: keyof Trip, q: number): number =>
    q === 0.5
      ? median(trips.map((trip) => trip[what]))
      : quantile(
          trips.map((trip) => trip[what]),
          q,
        );
  const figures = Object.fromEntries(
    (['answered', 'fired'] as const).flatMap((what) => [
      [`POST to ${what}, p50 ms`, of(ours, what, 0.5)],
      [`POST to ${what}, p95 ms`, of(ours, what, 0.95)],
      [`bare update to ${what}, p50 ms`, of(bare, what, 0.5)],
      [`ratio of ${what}, p50`, Number((of(ours, what, 0.5) / of(bare, what, 0.5)).toFixed(2))],
    ]),
  );
  const machine = { cores: cpus().length, load: loadavg()[0] };
  process.stdout.write(`${JSON.stringify({ rounds: ours.length, ...figures, machine }, null, 2)}\n`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
