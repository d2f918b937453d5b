/**
 * What it costs to survive the death of the machine and not only of every process: single-row commits on two stands that
 * differ in `durability`, in turns.
 *
 * `node -r ./bench/embedded-register.cjs bench/embedded-durability.ts [commits]`; prints a table, then JSON.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { openStand, type Durability, type Stand } from '../src/embedded';

interface Bed {
  readonly durability: Durability;
  readonly stand: Stand;
  readonly client: Client;
  readonly latenciesMs: number[];
}

async function main(): Promise<void> {
  const commits = Number(process.argv[2] ?? 300);
  // Beside the real data, because a temporary folder may be in memory.
  const dir = await mkdtemp(path.join(process.cwd(), '.backstep-durability-'));
  const beds: Bed[] = [];
  try {
    for (const durability of ['process', 'machine'] as const) {
      const stand = await openStand({ dir, name: durability, durability, env: process.env });
      const client = new Client({ connectionString: stand.postgres.url });
      await client.connect();
      await client.query('create table barrier (n bigserial primary key, note text)');
      beds.push({ durability, stand, client, latenciesMs: [] });
    }
    for (let i = 0; i < commits; i++) {
      for (const bed of beds) {
        const begun = performance.now();
        await bed.client.query(`insert into barrier (note) values ('intent')`);
        bed.latenciesMs.push(performance.now() - begun);
      }
    }
    const rows = beds.map(({ durability, latenciesMs }) => ({
      durability,
      p50Ms: quantile(latenciesMs, 0.5),
      p95Ms: quantile(latenciesMs, 0.95),
    }));
    console.table(rows);
    console.log(JSON.stringify(rows));
  } finally {
    for (const { client, stand } of beds) {
      await client.end();
      await stand.close();
    }
    await rm(dir, { recursive: true, force: true });
  }
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
