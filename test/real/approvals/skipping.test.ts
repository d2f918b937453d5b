/**
 * The clocks of approvals as timers of Temporal, on its time-skipping test server: two days pass in a moment, and each clock runs
 * out once. What it waits for is real: the workflow code, its timers, and the history that is told afterwards.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startTimeSkippingServerPath } from '../../../src/embedded';
import type { ApprovalTerms } from '../../../src/engine/effects';
import { printTrace } from '../../../src/engine/trace';
import type { GateNode, PlanNode } from '../../../src/plan/plan';
import { packPlan } from '../../../src/plan/wire';
import { readRun, tellRuns } from '../../../src/temporal/history';
import { quietRuntime, startWorker, type RunningWorker } from '../../../src/temporal/worker';
import { ATTRIBUTES, SERVICE_QUEUE, type CheckInput, type StoredStart } from '../../../workflows/protocol';
import { put, toyPlan } from '../../kit/plans';
import { codec } from '../../kit/robots';
import { STAND_TIMEOUT_MS } from '../../kit/stand';

jest.setTimeout(60_000);

const MINUTE = 60_000;
/** Temporal's number for the kind of search attribute that ours are. */
const KEYWORD = 2;
const TERMS: ApprovalTerms = {
  ...{ v: 1, depth: 3, plan: 'p', figures: {} },
  clocks: {
    review: { remindAfterMs: 30 * MINUTE, escalateAfterMs: null },
    approve: { remindAfterMs: null, escalateAfterMs: 120 * MINUTE },
    chain: { remindAfterMs: null, escalateAfterMs: 240 * MINUTE },
  },
};

let server: ChildProcess;
let client: Client;
let connection: Connection;
let worker: RunningWorker;
/** Answers to `toy.put`, in order; the last one stays. */
let answers: object[] = [];

beforeAll(async () => {
  quietRuntime();
  const dir = path.join(__dirname, '../../../.backstep');
  const program = await startTimeSkippingServerPath({ dir, env: process.env });
  const port = await freePort();
  server = spawn(program, [`${port}`, '--enable-time-skipping'], { stdio: 'ignore' });
  const address = `127.0.0.1:${port}`;
  connection = await connected(address);
  client = new Client({ connection, namespace: 'default', dataConverter: { payloadCodecs: [codec] } });
  const attributes = Object.fromEntries(Object.values(ATTRIBUTES).map((name) => [name, KEYWORD]));
  await connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: attributes,
  });
  const fire = () => Promise.resolve(answers.length > 1 ? answers.shift() : answers[0]);
  worker = await startWorker({
    ...{ address, namespace: 'default', codec, robots: ['service', 'platform:toys'] },
    activities: {
      'toy.put': fire,
      check: (input: CheckInput) =>
        Promise.resolve({
          kind: 'checked',
          check: input.check,
          result: { kind: 'counts', decision: { ...input.decision, may: [0], token: 'signed' } },
        }),
    },
  });
}, STAND_TIMEOUT_MS);
afterAll(async () => {
  await worker.stop();
  await connection.close();
  server.kill('SIGKILL');
}, 60_000);

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

async function connected(address: string): Promise<Connection> {
  for (let tries = 0; ; tries++) {
    try {
      return await Connection.connect({ address });
    } catch (error) {
      if (tries > 20) throw error;
    }
  }
}

const gate = (rest: Partial<GateNode>): PlanNode => ({
  ...{ kind: 'gate', id: 'ok', approval: 'approve', by: ['manager'], expiresAfterMs: 48 * 60 * MINUTE },
  ...{ onRejected: { do: 'backstep' }, onExpired: { do: 'skip' } },
  ...rest,
});

/** Runs a plan to its end, time skipped; minutes from the start, and what happened to approvals. */
async function told(nodes: readonly PlanNode[]): Promise<readonly string[]> {
  const start: StoredStart = {
    ...{
      plan: packPlan(toyPlan(nodes)),
      planId: 'p',
      cause: { event: 'e' },
      startedBy: 'person:x',
      terms: TERMS,
    },
  };
  const workflowId = `acme/TOY-R-001/${randomUUID()}`;
  const handle = await client.workflow.start('TOY-R-001', {
    workflowId,
    taskQueue: SERVICE_QUEUE,
    args: [start],
  });
  // The server skips time while nobody holds it, and somebody waits.
  await connection.testService?.unlockTimeSkipping({});
  await handle.result();
  await connection.testService?.lockTimeSkipping({});
  const { trace } = tellRuns([await readRun(await handle.fetchHistory(), codec)]);
  const begun = trace[0]!.at;
  return trace
    .filter(({ kind }) => /^gate|^awf\.(held|rem|esc|exp)/.test(kind))
    .map((event) => `${Math.round((event.at - begun) / MINUTE)} ${printTrace([event])[0]!.slice(9)}`);
}

test('a gate is reminded, escalated and expired by the figures of its type, once each', async () => {
  expect(await told([gate({ approval: 'review' })])).toEqual([
    '0 gate=ok open approval=review by=manager',
    '30 gate=ok reminded',
    '2880 gate=ok expired',
  ]);
  expect(await told([gate({})])).toEqual([
    '0 gate=ok open approval=approve by=manager',
    '120 gate=ok escalated to=director',
    '2880 gate=ok expired',
  ]);
  expect(await told([gate({ approval: 'confirm' })])).toEqual([
    '0 gate=ok open approval=confirm by=manager',
    '2880 gate=ok expired',
  ]);
});

test('an action that is held for people is escalated and expired, once each', async () => {
  const asks = {
    ...{ approval: 'approve', open: ['manager'] },
    ...{ remindAfterMs: null, escalateAfterMs: 120 * MINUTE, expiresAfterMs: 2880 * MINUTE },
  };
  answers = [{ kind: 'held', because: 'approve is needed', decision: {}, asks }];
  expect(await told([put('box', [], { exits: [{ codes: ['*'], course: { do: 'skip' } }] })])).toEqual([
    '0 awf=toy.put held because="approve is needed"',
    '120 awf=toy.put escalated to=director',
    '2880 awf=toy.put expired',
  ]);
});
