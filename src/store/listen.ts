/**
 * Hears what transactions announce as they commit. A connection that breaks is made again, and what was said meanwhile is
 * made up for by one notice without a word: a listener must look for itself anyway.
 * Adapter ring.
 */
import { Client } from 'pg';
import { appUrlOf } from './app-role';

export interface Listening {
  close(): Promise<void>;
}

/** Before a broken connection is made again, in milliseconds. */
const AGAIN_MS = 1_000;

/** @param onNotice called for each announcement, and whenever some may have been missed; it must not throw */
export function listen(
  url: string,
  channel: string,
  onNotice: (payload: string | undefined) => void,
): Listening {
  let client: Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const connect = (): void => {
    const next = new Client({
      connectionString: appUrlOf(url),
      application_name: 'backstep-listener',
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    client = next;
    let isBroken = false;
    const again = (): void => {
      if (isBroken || isOver) return;
      isBroken = true;
      void next.end().catch(() => undefined);
      timer = setTimeout(connect, AGAIN_MS);
    };
    next.on('error', again);
    next.on('end', again);
    next.on('notification', ({ payload }) => onNotice(payload));
    next
      .connect()
      .then(() => next.query(`LISTEN ${channel}`))
      .then(() => onNotice(undefined), again);
  };
  connect();
  return {
    close: async () => {
      isOver = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
