/** A process that runs the saga written by hand: one worker for its workflows and activities, tuned as Backstep's are. */
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { warm } from '../activities';
import { quietRuntime, WORKER_LIMITS } from '../src/temporal/worker';
import { createSagaActivities } from './saga/activities';
import { SAGA_QUEUE } from './saga/protocol';
import { hostWorker } from './worker-host';

void hostWorker(async ({ address, namespace, tenant, connections }, onSpan) => {
  quietRuntime();
  warm();
  const connection = await NativeConnection.connect({ address });
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('./saga/workflow'),
    logger: new DefaultLogger('ERROR'),
  });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: SAGA_QUEUE,
    workflowBundle,
    activities: createSagaActivities({
      tenant,
      connections,
      ...(onSpan === undefined ? {} : { onSpan }),
    }),
    maxConcurrentWorkflowTaskExecutions: WORKER_LIMITS.slots,
    maxConcurrentActivityTaskExecutions: WORKER_LIMITS.slots,
    maxCachedWorkflows: WORKER_LIMITS.cachedWorkflows,
    workflowThreadPoolSize: WORKER_LIMITS.workflowThreads,
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: WORKER_LIMITS.workflowPolls },
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: WORKER_LIMITS.activityPolls },
    stickyQueueScheduleToStartTimeout: WORKER_LIMITS.stickyMs,
  });
  const running = worker.run();
  return {
    async stop() {
      worker.shutdown();
      await running;
      await connection.close();
    },
  };
});
