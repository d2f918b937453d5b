/**
 * A TCP proxy before a server that has no faults of its own: it cuts the connection before or after a chosen write. What a
 * write is, the protocol tells.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface Cutter {
  readonly port: number;
  /** Cuts at the `n`th write from now on; 0 is the next. */
  cut(when: 'before' | 'after', n: number): void;
  stop(): void;
  close(): Promise<void>;
}

/** @param writesIn how many writes one chunk from the client begins */
export async function openCutter(port: number, writesIn: (chunk: Buffer) => number): Promise<Cutter> {
  let order: { readonly when: 'before' | 'after'; left: number } | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(port, '127.0.0.1');
    let doomed = false;
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
    }
    const end = (): void => {
      client.destroy();
      target.destroy();
    };
    client.on('close', end);
    target.on('close', end);
    client.on('data', (chunk) => {
      const writes = order ? writesIn(chunk) : 0;
      if (order && writes > 0) {
        if (order.left < writes) {
          const { when } = order;
          order = undefined;
          if (when === 'before') {
            end();
            return;
          }
          doomed = true;
        } else order.left -= writes;
      }
      target.write(chunk);
    });
    target.on('data', (chunk) => {
      // The answer shows that the effect has happened; the client never sees it.
      if (doomed) end();
      else client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut: (when, n) => {
      order = { when, left: n };
    },
    stop: () => {
      order = undefined;
    },
    close: () => closed(server, sockets),
  };
}

function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

/** Requests of an LDAP client that write. A client sends each in one piece. @source RFC 4511 4.2: the tag of the operation */
export function ldapWrites(chunk: Buffer): number {
  const afterLength = (at: number): number => (chunk[at]! & 0x80 ? at + 1 + (chunk[at]! & 0x7f) : at + 1);
  // SEQUENCE, its length, INTEGER, its length, the message id, then the operation.
  const id = afterLength(1);
  const operation = chunk[id + 2 + (chunk[id + 1] ?? 0)];
  return [0x66, 0x68, 0x4a, 0x6c].includes(operation ?? 0) ? 1 : 0;
}

/** Requests of an HTTP client that change something at Okta's and Slack's paths. */
export function httpWrites(chunk: Buffer): number {
  const [line = ''] = chunk.toString('latin1').split('\r\n', 1);
  if (/^(POST|PUT|PATCH|DELETE) \/api\/v1\//.test(line)) return 1;
  return /^POST \/api\/conversations\.(invite|kick)/.test(line) ? 1 : 0;
}
