/** Free loopback ports. A port that is free now may be taken a moment later, so starts are tried again with others. Adapter ring. */
import { createServer } from 'node:net';

export const LOOPBACK = '127.0.0.1';

/** The first of `preferred` that is free and not in `avoid`, or any free port. */
export async function freePort(
  preferred: readonly (number | undefined)[],
  avoid: readonly number[],
): Promise<number> {
  for (const port of preferred) {
    if (port !== undefined && !avoid.includes(port) && (await isFree(port))) return port;
  }
  for (;;) {
    const port = await bind(0);
    if (!avoid.includes(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  return bind(port).then(
    () => true,
    () => false,
  );
}

/** Binds and lets go again; resolves to the port. Port 0 is any. */
function bind(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}
