/**
 * Says after each step of a workflow that its history has grown, to whoever projects histories in the same process. It is no
 * command and leaves nothing in the history; where nobody listens, nothing happens.
 * Loaded inside the Temporal sandbox.
 */
import { proxySinks, type Sinks } from '@temporalio/workflow';

export interface ProjectorSinks extends Sinks {
  projector: { grown(): void };
}

const { projector } = proxySinks<ProjectorSinks>();

export const tellProjector = (): void => projector.grown();
