/** The workflow of `embedded-tuning.ts`: six ordinary activities, one after the other, that do nothing. */
import { proxyActivities } from '@temporalio/workflow';

const { step } = proxyActivities<{ step(n: number): Promise<number> }>({ startToCloseTimeout: '10s' });

const STEPS = 6;

export async function sixSteps(): Promise<number> {
  let sum = 0;
  for (let n = 0; n < STEPS; n++) sum += await step(n);
  return sum;
}
