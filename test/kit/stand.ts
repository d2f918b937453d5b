/** One real Temporal server and one real Postgres for the tests of one jest worker, on data of their own. */
import { openStand, type Stand } from '../../src/embedded';
import { migrate, openDatabase, type Database } from '../../src/store/database';
import { openOwner, type Owner } from './owner';
import { nameOfStand, STANDS } from './stand-keeper';

/** A first start may have to fetch the server. */
export const STAND_TIMEOUT_MS = 300_000;

export interface TestStand {
  readonly stand: Stand;
  readonly database: Database;
  readonly owner: Owner;
  close(): Promise<void>;
}

/**
 * Opens the stand of this jest worker, whose servers it can neither stop nor kill, and migrates its database.
 * @param own name of a stand that nobody else uses, for who kills its servers; it begins with empty data
 */
export async function openTestStand(own?: string): Promise<TestStand> {
  const stand = await openStand({
    dir: STANDS,
    name: own ?? (await nameOfStand()),
    fresh: own !== undefined,
    env: process.env,
  });
  const options = { url: stand.postgres.url };
  await migrate(options);
  const database = openDatabase(options);
  const owner = openOwner(options.url);
  return {
    stand,
    database,
    owner,
    close: async () => {
      await Promise.all([database.close(), owner.close()]);
      await stand.close();
    },
  };
}
