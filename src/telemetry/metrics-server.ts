/**
 * The port where Prometheus reads the metrics of a process, for a network of one's own: it asks for no token and shows all
 * tenants. What a tenant may see is the API's `/metrics`.
 * Adapter ring.
 */
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics';
import { PROMETHEUS_TYPE } from './registry';

export interface MetricsServer {
  /** `http://host:port/metrics`. */
  readonly url: string;
  close(): Promise<void>;
}

export interface MetricsServing {
  /** `host:port`, or a port of this machine alone; port 0 takes a free one. */
  readonly at: string;
  readonly metrics: Metrics;
  /** Address of further metrics of this process that are shown along, such as those of Temporal's SDK. */
  readonly along?: string;
}

/** What the SDK's own port is waited for, in milliseconds. */
const ALONG_MS = 2_000;

/** Reads `host:port` or `port`; `undefined` where it is neither. */
export function readAddress(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]+)\]:|([^:]*):)?(\d{1,5})$/.exec(text.trim()) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535) return undefined;
  return { host: bracketed ?? (plain === undefined || plain === '' ? '127.0.0.1' : plain), port };
}

/** Listens. Rejects where the address cannot be had. */
export async function serveMetrics({ at, metrics, along }: MetricsServing): Promise<MetricsServer> {
  const address = readAddress(at);
  if (address === undefined)
    throw new RangeError(`\`${at}\` is no address: it takes \`host:port\` or \`port\``);
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    const more = along === undefined ? Promise.resolve('') : fetched(along);
    void Promise.all([metrics.text(), more]).then(([own, theirs]) => {
      response.writeHead(200, { 'content-type': PROMETHEUS_TYPE, 'cache-control': 'no-store' });
      response.end(own + theirs);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => resolve());
  });
  // A process that has nothing else to do ends.
  server.unref();
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    url: `http://${host}:${port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The text at an address of this process; nothing where it does not answer. */
function fetched(url: string): Promise<string> {
  return new Promise((resolve) => {
    const asked = get(url, { timeout: ALONG_MS }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', () => resolve(''));
      answer.on('end', () =>
        resolve(answer.statusCode === 200 ? Buffer.concat(chunks).toString('utf8') : ''),
      );
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(''));
  });
}
