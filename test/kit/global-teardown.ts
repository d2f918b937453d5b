/** After the last suite against real servers: no stand is kept any longer. */
export default async function tearDown(): Promise<void> {
  await globalThis.standKeeper?.close();
}
