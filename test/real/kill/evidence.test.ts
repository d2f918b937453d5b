/**
 * Evidence under fire: robots with their projectors, the Temporal server and Postgres are killed at random while outcomes run, each by
 * SIGKILL, so that Postgres comes back by its write-ahead log. Afterwards every outcome is on record once and in full, a bundle proves it, and the rows told anew are the rows that stood.
 * `BACKSTEP_EVIDENCE_OUTCOMES` enlarges it: 40 fit CI, 500 are what is asked for.
 */
import { generateKeyPairSync, randomInt, randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { signerOf } from '../../../src/app/log-key';
import { primitives } from '../../../src/app/primitives';
import { assertNever } from '../../../src/kernel/invariant';
import type { PlanNode } from '../../../src/plan/plan';
import { bundleIn } from '../../../src/projection/bundle';
import { bundleSource } from '../../../src/projection/bundle-source';
import { signWhenDue } from '../../../src/projection/heads';
import { rebuild } from '../../../src/projection/rebuild';
import { verifyBundle } from '../../../src/projection/verify-bundle';
import { writeBundle } from '../../../src/projection/write-bundle';
import type { Outcomes } from '../../../src/temporal/client';
import { Crew } from '../../kit/crew';
import { openEvidence } from '../../kit/evidence';
import { put, toyPlan } from '../../kit/plans';
import { codec } from '../../kit/robots';
import { openShelfStand, type ShelfStand } from '../../kit/shelf-stand';
import { STAND_TIMEOUT_MS, type TestStand } from '../../kit/stand';

const OUTCOMES = Number(process.env['BACKSTEP_EVIDENCE_OUTCOMES'] ?? 40);
const TEST_MS = 120_000 + OUTCOMES * 2_000;
const tenant = 'acme';

let shelf: ShelfStand;
let stand: TestStand;
let outcomes: Outcomes;
let crew: Crew;
const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

beforeAll(async () => {
  shelf = await openShelfStand('evidence-kill');
  ({ stand, outcomes } = shelf);
  crew = new Crew('robot-process.ts', { ...shelf.settings, logKey: pem });
  await crew.start(2);
}, STAND_TIMEOUT_MS);

afterAll(async () => {
  await crew.stop();
  await shelf.close();
}, 60_000);

/** Whoever dies in the middle of an action leaves it unclear; here it is tried again soon, and as often as it takes. */
const again = { max: 50, delaysMs: [200] };
const SOON = { transient: again, recoverable: again, permanent: { max: 0, delaysMs: [] }, unknown: again };

/** Three boxes in both lanes; every fourth outcome goes back at the end. */
function planOf(i: number) {
  const mark = randomUUID().slice(0, 8);
  const lane = i % 2 === 0 ? 'local' : 'remote';
  const names = ['a', 'b', 'c'].map((letter) => `${letter}-${mark}`);
  const nodes: PlanNode[] = names.map((name, at) => put(name, at === 0 ? [] : [names[at - 1]!], { lane }));
  if (i % 4 === 3) nodes.push({ kind: 'end', id: 'end', after: [names[2]!], how: 'backstep' });
  return toyPlan(nodes, { tenant, retry: SOON });
}

const begin = async (i: number): Promise<string> => {
  const start = { plan: planOf(i), planId: 'x', cause: { event: `e${i}` }, startedBy: 'person:a' };
  for (;;) {
    const started = await outcomes.start(start, `fire-${i}`).catch(() => undefined);
    if (started !== undefined) return started.id;
    await sleep(200);
  }
};

const VICTIMS = ['robots', 'temporal', 'one robot', 'postgres'] as const;
const died = { robots: 0, temporal: 0, 'one robot': 0, postgres: 0 };

/** One thing dies at a moment of chance: each has its turn once, then chance says whose it is. */
async function strike(n: number): Promise<void> {
  const { temporal, postgres } = stand.stand;
  const victim = VICTIMS[n < VICTIMS.length ? n : randomInt(VICTIMS.length)]!;
  switch (victim) {
    case 'temporal':
      await temporal.kill('SIGKILL');
      await temporal.restart();
      break;
    case 'postgres':
      killFamily(postgres.pid!);
      while (postgres.pid !== undefined) await sleep(10);
      await postgres.start();
      break;
    case 'one robot':
      crew.killOne();
      break;
    case 'robots':
      crew.killAll();
      break;
    default:
      assertNever(victim);
  }
  died[victim] += 1;
}

/** The server and all that it started, at once: nobody is left to roll back or to write anything down. */
function killFamily(pid: number): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  for (const one of [pid, ...children]) process.kill(one, 'SIGKILL');
}

const ended = async (id: string): Promise<void> => {
  for (;;) {
    const result = await outcomes.result(id).catch(() => undefined);
    if (result !== undefined) return;
    await sleep(200);
  }
};

test(
  'whatever dies, every outcome is on record once and in full, and can be proven and told again',
  async () => {
    const striking = { isOver: false };
    const strikes = (async () => {
      for (let n = 0; n < 4 || !striking.isOver; n++) {
        await sleep(300 + randomInt(1_500));
        await strike(n);
        if (n >= 4 + OUTCOMES / 20) return;
      }
    })();
    const ids: string[] = [];
    for (let i = 0; i < OUTCOMES; i += 10) {
      const some = Array.from({ length: Math.min(10, OUTCOMES - i) }, (_, k) => begin(i + k));
      ids.push(...(await Promise.all(some)));
    }
    await Promise.all(ids.map(ended));
    striking.isOver = true;
    await strikes;
    await crew.stop();
    expect(Object.values(died).every((times) => times > 0)).toBe(true);
    expect(crew.died).toBeGreaterThan(0);

    const signer = signerOf(pem);
    const evidence = openEvidence(stand.database, outcomes, signer);
    try {
      await evidence.projector.catchUp();
      expect(evidence.projector.status().stalled).toEqual([]);
      await signWhenDue({ store: evidence.store, primitives, signer, now: Date.now }, tenant, true);
      const texts = (await evidence.log.list(tenant, { limit: 1_000_000 })).map(({ text }) => text);
      const records = texts.map(
        (text) => JSON.parse(text) as { kind: string; outcome: string; origin: object },
      );
      expect(new Set(records.map(({ origin }) => JSON.stringify(origin))).size).toBe(records.length);
      const told = (kind: string): readonly string[] =>
        records
          .filter((record) => record.kind === kind)
          .map(({ outcome }) => outcome)
          .sort();
      expect(told('outcome.started')).toEqual([...ids].sort());
      const isBack = (id: string): boolean => ids.indexOf(id) % 4 === 3;
      expect(told('outcome.completed')).toEqual(ids.filter((id) => !isBack(id)).sort());
      expect(told('outcome.backstepped')).toEqual(ids.filter(isBack).sort());
      expect(told('action.committed')).toHaveLength(OUTCOMES * 3);

      const out = path.join(shelf.folder, 'bundle');
      mkdirSync(path.join(out, 'histories'), { recursive: true });
      const source = await bundleSource(evidence, { tenant, at: Date.now(), by: 'person:audrey' });
      await writeBundle(
        source,
        { write: (name, bytes) => appendFileSync(path.join(out, name), bytes) },
        signer,
      );
      const verified = await verifyBundle(bundleIn(out), { primitives, codec });
      expect(verified.flaws).toEqual([]);
      expect(verified).toMatchObject({ records: records.length, notDerived: 0 });
      expect(await rebuild({ ...evidence, codec, primitives }, tenant)).toMatchObject({
        outcomes: OUTCOMES,
        changed: [],
        kept: [],
      });
    } finally {
      await evidence.projector.stop();
    }
  },
  TEST_MS,
);
