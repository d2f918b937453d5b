/** Before the first suite against real servers: somebody who keeps stands for all of them. It starts none before it is asked. */
import { keepStands, KEEPER_VARIABLE, type StandKeeper } from './stand-keeper';

declare global {
  var standKeeper: StandKeeper | undefined;
}

export default async function setUp(): Promise<void> {
  globalThis.standKeeper = await keepStands();
  process.env[KEEPER_VARIABLE] = globalThis.standKeeper.url;
}
