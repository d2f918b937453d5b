/**
 * Where workflows say that their histories have grown. Every worker and every replay names it, so that the SDK finds it.
 * Adapter ring.
 */
import type { InjectedSinks } from '@temporalio/worker';
import type { ProjectorSinks } from '../../workflows/tell-projector';

/** One run of a workflow. */
export interface GrownRun {
  readonly workflow: string;
  readonly run: string;
}

/** @param onGrown told of each step that is none of a replay; absent where nobody projects */
export const projectorSinks = (onGrown?: (grown: GrownRun) => void): InjectedSinks<ProjectorSinks> => ({
  projector: {
    grown: {
      fn: ({ workflowId, runId }) => onGrown?.({ workflow: workflowId, run: runId }),
      callDuringReplay: false,
    },
  },
});
