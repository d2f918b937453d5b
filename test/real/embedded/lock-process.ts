/** Enters the lock forty times and dies if anybody else is inside; started by `lock.test.ts`. */
import { mkdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from '../../../src/embedded/lock';

async function main(folder: string): Promise<void> {
  let entries = 0;
  while (entries < 40) {
    const attempt = await tryLock(folder, 'thing');
    if (!attempt.held) {
      await sleep(1);
      continue;
    }
    // Fails if the folder exists, which it does while another process is inside.
    await mkdir(path.join(folder, 'inside'));
    await rmdir(path.join(folder, 'inside'));
    await attempt.lock.release();
    entries++;
  }
  process.stdout.write(String(entries));
}

main(process.argv[2]!).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
