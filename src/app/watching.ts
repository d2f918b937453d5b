/**
 * How a process of ours is watched: its telemetry by the settings, and the port where its metrics are read.
 * Entry ring; a composition root.
 */
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Logger } from '../telemetry/logger';
import { serveMetrics, type MetricsServer } from '../telemetry/metrics-server';
import { openTelemetry, type Telemetry } from '../telemetry/telemetry';
import type { Settings } from './settings';

/** Telemetry of one process; whoever opens it closes it. */
export const telemetryOf = (settings: Settings, role: string): Telemetry =>
  openTelemetry({
    role,
    version: versionOf(settings),
    ...(settings.telemetry.traces === undefined ? {} : { endpoint: settings.telemetry.traces }),
  });

/** The version of the package. */
export const versionOf = ({ home }: Settings): string =>
  (JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { readonly version: string }).version;

/**
 * Shows the metrics where the settings say. A port that cannot be had is logged, and nothing else: the work matters more than
 * its figures.
 * @param along address of metrics that are shown along
 */
export async function showMetrics(
  settings: Settings,
  {
    telemetry,
    logger,
    along,
  }: { readonly telemetry: Telemetry; readonly logger: Logger; readonly along?: string },
): Promise<MetricsServer | undefined> {
  const at = settings.telemetry.metrics;
  if (at === undefined) return undefined;
  try {
    const server = await serveMetrics({
      at,
      metrics: telemetry.metrics,
      ...(along === undefined ? {} : { along }),
    });
    logger.log('metrics.shown', { url: server.url });
    return server;
  } catch (error) {
    logger.log('metrics.not_shown', { at, error });
    return undefined;
  }
}

/** A port of this machine that nobody has just now, for a program that has to be told one. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
