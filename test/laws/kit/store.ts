/** The database of the law kit: on a stand of its own, because a run takes minutes and others open and close theirs. */
import path from 'node:path';
import { openStand } from '../../../src/embedded';
import { migrate, openDatabase, type Database } from '../../../src/store/database';

export interface LawStore {
  readonly database: Database;
  close(): Promise<void>;
}

export async function openLawStore(): Promise<LawStore> {
  const stand = await openStand({
    dir: path.join(__dirname, '../../../.backstep'),
    name: 'laws',
    env: process.env,
  });
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
}
