/** What a test needs to lose robots of the toy AWFs: servers, a client, a shelf that outlives its robots, and their settings. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectOutcomes, type Outcomes } from '../../src/temporal/client';
import { bundleOnce } from './bundle-once';
import { DurableShelf } from './durable-shelf';
import type { RobotProcessSettings } from './robot-process-settings';
import { codec } from './robots';
import { openTestStand, type TestStand } from './stand';

export interface ShelfStand {
  readonly stand: TestStand;
  readonly outcomes: Outcomes;
  readonly shelf: DurableShelf;
  /** Gone with the stand. */
  readonly folder: string;
  /** For a crew of `robot-process.ts` or `governed-robot-process.ts`. */
  readonly settings: RobotProcessSettings;
  /** After the crew has ended. */
  close(): Promise<void>;
}

/** @param own name of a stand that nobody else uses, for who kills its servers */
export async function openShelfStand(own?: string): Promise<ShelfStand> {
  const stand = await openTestStand(own);
  const { address, namespace } = stand.stand.temporal;
  const outcomes = await connectOutcomes({ address, namespace, codec });
  const shelf = new DurableShelf(stand.owner);
  await shelf.create();
  const folder = mkdtempSync(path.join(tmpdir(), 'backstep-shelf-'));
  const bundle = path.join(folder, 'bundle.js');
  writeFileSync(bundle, (await bundleOnce()).code);
  return {
    ...{ stand, outcomes, shelf, folder },
    settings: { address, namespace, databaseUrl: stand.stand.postgres.url, bundle },
    close: async () => {
      await outcomes.close();
      rmSync(folder, { recursive: true, force: true });
      await stand.close();
    },
  };
}
