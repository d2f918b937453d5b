/**
 * Replay over every golden history: verified with today's code, and forked and rehearsed without touching any system. The sandbox of
 * the vendors' systems counts what it is asked, and no connection is opened at all.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { loadConfig } from '../../../src/app/configuration';
import { rehearseOutcome, storyFrom } from '../../../src/app/replay/replay';
import { todayFor } from '../../../src/app/replay/today';
import { readSettings } from '../../../src/app/settings';
import { printTrace } from '../../../src/engine/trace';
import { forkOutcome } from '../../../src/replay/fork';
import {
  readHistoryFile,
  readingWith,
  runHistories,
  type HistoryShelf,
} from '../../../src/replay/history-source';
import { rehearse } from '../../../src/replay/rehearse';
import type { Today } from '../../../src/replay/today';
import { silenceReplayer, verifyReplay, type Replayed } from '../../../src/replay/verify';
import { createCodec } from '../../../src/temporal/codec';
import { bundleOnce } from '../../kit/bundle-once';
import { SandboxAdmin, startSandboxProcess, type SandboxProcess } from '../../../src/sandbox';
import {
  historyOf,
  plainEventsOf,
  readGoldens,
  type GoldenHistory,
  type History,
} from '../../kit/golden-histories';
import { toyContracts } from '../../kit/plans';
import { todayOf } from '../../kit/stories';

const goldens = readGoldens();
const idOf = ({ name }: GoldenHistory): string => `acme/GOLDEN/${name}`;
const shelf = exported(goldens);
const source = { runs: readingWith(shelf, createCodec()) };

/** As `GET /v1/outcomes/{id}/history` gives them, one a line. */
function exported(all: readonly GoldenHistory[]): HistoryShelf {
  const lines = all.map((golden) =>
    JSON.stringify({
      id: idOf(golden),
      runs: golden.runs.map((run) => JSON.parse(historyToJSON(run)) as unknown),
    }),
  );
  const shelf = readHistoryFile(lines.join('\n'), 'goldens');
  if (!shelf.ok) throw new Error(shelf.error);
  return shelf.value;
}

const isToy = ({ name }: GoldenHistory): boolean => !name.startsWith('onboarding');

/** The toys are in no catalog: today they compile to the plan that they had. */
const toyToday = (): Today => todayOf({ contracts: toyContracts, compile: () => ({ ok: false, error: [] }) });

let folder: string;
let sandbox: SandboxProcess;
let admin: SandboxAdmin;
let acme: Today;

beforeAll(async () => {
  silenceReplayer();
  folder = mkdtempSync(path.join(tmpdir(), 'backstep-replay-'));
  sandbox = await startSandboxProcess({ dataDir: folder });
  admin = new SandboxAdmin(sandbox.urls.admin);
  await admin.seed('acme', 0);
  const config = await loadConfig(readSettings({}), 'acme');
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  acme = todayFor(config.value);
}, 60_000);
afterAll(async () => {
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

const asked = async (): Promise<number> => {
  let count = 0;
  for (let after: number | null = 0; after !== null;) {
    const page: Awaited<ReturnType<SandboxAdmin['requests']>> = await admin.requests({ after });
    count += page.requests.length;
    after = page.next;
  }
  return count;
};

/** Connections that are opened while the work is done. */
async function connectionsDuring(work: () => Promise<void>): Promise<number> {
  const connect = jest.spyOn(Socket.prototype, 'connect');
  try {
    await work();
    return connect.mock.calls.length;
  } finally {
    connect.mockRestore();
  }
}

test('forks from every node and rehearsals of every golden history touch no system', async () => {
  const before = await asked();
  let forks = 0;
  let rehearsals = 0;
  const connections = await connectionsDuring(async () => {
    for (const golden of goldens) {
      const story = await storyFrom(source, idOf(golden));
      if (!story.ok) throw new Error(story.error.message);
      const today = isToy(golden) ? toyToday() : acme;
      const nodes = Object.keys(story.value.told.state.nodes);
      for (const from of nodes) {
        const fork = await forkOutcome(story.value, { from, rules: 'then' }, today);
        // The way back of an outcome that had completed is none of its own: there is nothing to fork from.
        if (!fork.ok && golden.name.startsWith('backstep-after-end')) continue;
        if (!fork.ok) throw new Error(`${golden.name} ${from}: ${JSON.stringify(fork.error)}`);
        forks += 1;
        expect([fork.value.phase.fork, golden.name]).not.toEqual(['running', golden.name]);
      }
      const { plan, planId } = story.value.start;
      const under = story.value.start.under ?? { runbook: '', domain: '', entity: '' };
      const again = isToy(golden)
        ? {
            ...today,
            compile: () => ({ ok: true as const, value: { plan, planId, under } }),
            facts: (...of: Parameters<Today['facts']>) => acme.facts(...of),
            rules: (...of: Parameters<Today['rules']>) => acme.rules(...of),
          }
        : today;
      const rehearsal = await rehearse({ story: story.value }, again);
      if (!rehearsal.ok) throw new Error(`${golden.name}: ${JSON.stringify(rehearsal.error)}`);
      rehearsals += 1;
    }
  });
  expect(connections).toBe(0);
  expect(rehearsals).toBe(goldens.length);
  expect(forks).toBeGreaterThan(goldens.length);
  expect(await asked()).toBe(before);
}, 60_000);

test('the count is one that would see a request', async () => {
  const before = await asked();
  await fetch(`${sandbox.urls.okta}/api/v1/users`).catch(() => undefined);
  expect(await asked()).toBe(before + 1);
});

test('what was refused then goes through in a fork from where it failed', async () => {
  const story = await storyFrom(source, 'acme/GOLDEN/onboarding-refused-remote');
  if (!story.ok) throw new Error(story.error.message);
  const fork = await forkOutcome(story.value, { from: 'channels', rules: 'then' }, acme);
  if (!fork.ok) throw new Error(JSON.stringify(fork.error));
  expect(fork.value.phase).toEqual({ then: 'backstepped', fork: 'completed' });
  const told = printTrace([...fork.value.common, ...fork.value.then]).map((line) =>
    line.slice(9).replace(/ +/g, ' '),
  );
  const golden = goldens.find(({ name }) => name === 'onboarding-refused-remote')!;
  expect(told).toEqual(
    golden.trace
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(9).replace(/ +/g, ' ')),
  );
});

test('an onboarding of then, rehearsed today, says what of its plan is other', async () => {
  const rehearsal = await rehearseOutcome(source, 'acme/GOLDEN/onboarding-local', acme);
  if (!rehearsal.ok) throw new Error(JSON.stringify(rehearsal.error));
  expect(rehearsal.value).toMatchObject({
    phase: 'completed',
    selected: { outcome: 'EMP-R-001', isRehearsed: false },
  });
  // Retries were shortened for the recording, and every action put into one lane.
  const paths = rehearsal.value.was!.changes.map(({ path }) => path);
  expect(paths).toContain('retry.transient.max');
});

async function verified(
  ...cases: readonly (readonly [id: string, history: History])[]
): Promise<readonly Replayed[]> {
  const settings = { bundle: await bundle, codec: createCodec() };
  const all: Replayed[] = [];
  const histories = cases.map(([id, history]) => ({ id, run: 1, history }));
  for await (const replayed of verifyReplay(histories, settings)) all.push(replayed);
  return all;
}
const bundle = bundleOnce();

test('verify answers for many at once, from an export as from Temporal', async () => {
  const cases = (await Promise.all(goldens.map((golden) => runHistories(shelf, idOf(golden))))).flat();
  const all: Replayed[] = [];
  for await (const replayed of verifyReplay(cases, { bundle: await bundle, codec: createCodec() }))
    all.push(replayed);
  expect(all.filter(({ divergence }) => divergence !== undefined)).toEqual([]);
  expect(all.map(({ id, run }) => `${id} ${run}`)).toEqual(cases.map(({ id, run }) => `${id} ${run}`));
}, 60_000);

test('verify says in which task, and at which event, a history goes another way', async () => {
  const golden = goldens.find(({ name }) => name === 'onboarding-remote')!;
  const events = structuredClone(plainEventsOf(golden.runs[0]!)) as Record<string, Record<string, unknown>>[];
  const scheduled = events.filter((event) => 'activityTaskScheduledEventAttributes' in event);
  const third = scheduled[2]!;
  third['activityTaskScheduledEventAttributes']!['activityType'] = { name: 'okta.delete_everything' };
  const [replayed] = await verified(['forged', historyOf(events)]);
  expect(replayed?.divergence).toEqual({
    message: expect.stringContaining("'okta.delete_everything' does not match") as unknown,
    task: 1,
    from: Number(third['eventId']),
    to: Number(third['eventId']),
    recorded: ['ACTIVITY_TASK_SCHEDULED okta.delete_everything'],
  });
}, 60_000);
