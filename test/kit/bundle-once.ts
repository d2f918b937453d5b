/** The workflows' bundle for tests: made once for the sources as they are, and read by every suite and run after that. */
import path from 'node:path';
import { workflowBundle } from '../../src/app/workflow-bundle';
import type { WorkflowBundle } from '../../src/temporal/worker';
import { STANDS } from './stand-keeper';

export const bundleOnce = (): Promise<WorkflowBundle> =>
  workflowBundle({ home: path.join(__dirname, '../..'), standDir: STANDS });
