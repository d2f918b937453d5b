/** The bare minimum to compare with: a workflow that waits for an update, answers it, and then runs one local activity. */
import { condition, defineUpdate, proxyLocalActivities, setHandler } from '@temporalio/workflow';

const { fire } = proxyLocalActivities<{ fire(): Promise<number> }>({ startToCloseTimeout: '10s' });

export async function bare(): Promise<number> {
  let isDecided = false;
  setHandler(defineUpdate<string, [string]>('decide'), () => {
    isDecided = true;
    return 'done';
  });
  await condition(() => isDecided);
  return fire();
}
