import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { openStand, type Stand } from '../../../src/embedded';
import type * as workflows from './queue-workflows';
import { cleanUp, environment, INSTALL_TIMEOUT_MS, later, makeFolder, TIMEOUT_MS } from './fixtures';

const QUEUE = 'queue';
let stand: Stand;
let client: Client;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  stand = await openStand({ dir: await makeFolder(), env: await environment() });
  later(() => stand.close());
  const connection = await Connection.connect({ address: stand.temporal.address });
  later(() => connection.close());
  client = new Client({ connection });
}, INSTALL_TIMEOUT_MS);
afterAll(cleanUp, TIMEOUT_MS);
jest.setTimeout(TIMEOUT_MS);

interface Task {
  readonly label: string;
  readonly priorityKey?: number;
  readonly fairnessKey?: string;
}

/** Puts the activities into the queue while nobody works on it, then works on it one at a time. Returns the order. */
async function orderOf(name: string, tasks: readonly Task[]): Promise<readonly string[]> {
  const done: string[] = [];
  const connection = await NativeConnection.connect({ address: stand.temporal.address });
  const common = { connection, taskQueue: `${QUEUE}-${name}` };
  const workflowWorker = await Worker.create({
    ...common,
    workflowsPath: path.join(__dirname, 'queue-workflows.ts'),
  });
  const activityWorker = (): Promise<Worker> =>
    Worker.create({
      ...common,
      taskQueue: `${QUEUE}-${name}-activities`,
      activities: { note: (label: string) => void done.push(label) },
      maxConcurrentActivityTaskExecutions: 1,
    });
  try {
    await workflowWorker.runUntil(async () => {
      const handle = await client.workflow.start<typeof workflows.notesAll>('notesAll', {
        taskQueue: `${QUEUE}-${name}`,
        workflowId: name,
        args: [`${QUEUE}-${name}-activities`, tasks],
      });
      const scheduled = async (): Promise<number> =>
        (await handle.describe()).raw.pendingActivities?.length ?? 0;
      while ((await scheduled()) < tasks.length) await new Promise((resolve) => setTimeout(resolve, 20));
      await (await activityWorker()).runUntil(handle.result());
    });
  } finally {
    await connection.close();
  }
  return done;
}

const many = (count: number, task: Task): readonly Task[] => Array.from({ length: count }, () => task);

test('an urgent action overtakes a backlog of ordinary ones', async () => {
  const order = await orderOf('priority', [
    ...many(20, { label: 'ordinary', priorityKey: 4 }),
    { label: 'urgent', priorityKey: 1 },
  ]);
  // The first may have been handed out before the urgent one was looked at.
  expect(order.indexOf('urgent')).toBeLessThan(4);
});

test('the backlog of one tenant does not hold up another tenant', async () => {
  const order = await orderOf('fairness', [
    ...many(40, { label: 'big', fairnessKey: 'big' }),
    ...many(4, { label: 'small', fairnessKey: 'small' }),
  ]);
  expect(order.lastIndexOf('small')).toBeLessThan(20);
});
