/**
 * What replay costs: events rehearsed a second, outcomes forked a second, and histories verified a second, and how each grows with
 * the plan and with their number. No server is needed. Prints one table; `--json` for a machine.
 */
import { storyFrom } from '../src/app/replay/replay';
import { forkOutcome } from '../src/replay/fork';
import { readingWith, runHistories, shelfOf } from '../src/replay/history-source';
import { silenceReplayer, verifyReplay } from '../src/replay/verify';
import { createCodec } from '../src/temporal/codec';
import { bundleWorkflows } from '../src/temporal/worker';
import { readGoldens } from '../test/kit/golden-histories';
import { put, toyPlan } from '../test/kit/plans';
import { storyOf, todayOf } from '../test/kit/stories';
import { openRehearsal } from './rehearsing';

const figures: Record<string, number> = {};

/** Doings a second, warm, by the clock and by processor time, which a busy machine does not change. */
async function measure(name: string, work: (i: number) => Promise<unknown>, forMs = 1_500): Promise<void> {
  for (let i = 0; i < 5; i++) await work(i);
  const begun = performance.now();
  const before = process.cpuUsage();
  let n = 0;
  while (performance.now() - begun < forMs) await work(n++);
  const { user, system } = process.cpuUsage(before);
  figures[`${name}/s`] = (n * 1_000) / (performance.now() - begun);
  figures[`${name}/processor s`] = (n * 1_000_000) / (user + system);
}

const events = async (): Promise<void> => measure('rehearse.events', await openRehearsal());

/** Chains of so many actions: what a longer plan costs. */
async function growth(): Promise<void> {
  for (const nodes of [10, 100, 1_000]) {
    const plan = toyPlan(Array.from({ length: nodes }, (_, i) => put(`n${i}`, i === 0 ? [] : [`n${i - 1}`])));
    const story = await storyOf(plan);
    const fork = (): Promise<unknown> =>
      forkOutcome(story, { from: `n${nodes / 2}`, rules: 'then' }, todayOf());
    await measure(`fork.${nodes} nodes`, fork);
  }
}

async function histories(): Promise<void> {
  const goldens = readGoldens();
  const shelf = shelfOf(goldens.map(({ name, runs }) => [`acme/GOLDEN/${name}`, runs] as const));
  const source = { runs: readingWith(shelf, createCodec()) };
  await measure('read.histories', (i) => storyFrom(source, shelf.ids[i % shelf.ids.length]!));
  silenceReplayer();
  const settings = { bundle: await bundleWorkflows(), codec: createCodec() };
  const all = (await Promise.all(shelf.ids.map((id) => runHistories(shelf, id)))).flat();
  for (const times of [1, 3]) {
    const cases = Array.from({ length: times }, () => all).flat();
    const begun = performance.now();
    let count = 0;
    for await (const replayed of verifyReplay(cases, settings))
      if (replayed.divergence === undefined) count += 1;
    figures[`verify.${cases.length} histories/s`] = (count * 1_000) / (performance.now() - begun);
  }
}

events()
  .then(growth)
  .then(histories)
  .then(() => {
    if (process.argv.includes('--json')) console.log(JSON.stringify(figures));
    else for (const [name, value] of Object.entries(figures)) console.log(name.padEnd(28), value.toFixed(1));
  })
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
