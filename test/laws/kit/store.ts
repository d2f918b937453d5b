/**
 * The database of the law kit: on a stand of its own that begins with empty data, because other tests open and close theirs
 * meanwhile.
 */
import path from 'node:path';
import { openStand } from '../../../src/embedded';
import { migrate, openDatabase, type Database } from '../../../src/store/database';

export interface LawStore {
  readonly database: Database;
  close(): Promise<void>;
}

export async function openLawStore(): Promise<LawStore> {
  const worker = process.env['JEST_WORKER_ID'];
  const stand = await openStand({
    dir: path.join(__dirname, '../../../.backstep'),
    name: worker === undefined ? 'laws' : `laws-test-${worker}`,
    fresh: true,
    env: process.env,
  });
  try {
    const options = { url: stand.postgres.url };
    await migrate(options);
    const database = openDatabase(options);
    return {
      database,
      close: async () => {
        await database.close();
        await stand.close();
      },
    };
  } catch (error) {
    await stand.close();
    throw error;
  }
}
