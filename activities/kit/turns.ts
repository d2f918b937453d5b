/**
 * Turns: who works on the same thing inside this process goes one after the other, in the order they came. It knows
 * nothing of other processes; what must hold between them has to be read back.
 */
const last = new Map<string, Promise<void>>();

/** Runs `work` when everybody who came before for the same `key` is through; gives up its turn when the signal aborts first. */
export async function inTurn<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const before = last.get(key) ?? Promise.resolve();
  let leave = (): void => undefined;
  const through = new Promise<void>((resolve) => (leave = resolve));
  const mine = before.then(() => through);
  last.set(key, mine);
  try {
    await untilAborted(before, signal);
    return await work();
  } finally {
    leave();
    if (last.get(key) === mine) last.delete(key);
  }
}

/** Waits for `work`, but no longer than until the signal aborts. Never rejects. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done, { once: true });
    void work.then(done);
  });
}
