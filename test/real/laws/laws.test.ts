/**
 * Every AWF through all the laws: the vendors' in the sandbox, those on Okta and Slack also in an emulator that others wrote,
 * those on the directory against a real one. An AWF without a fixture fails. `npm run laws` prints the same as a table.
 */
import { contracts } from '../../../activities';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import { openCourt, whySkipped, type Court } from '../../laws/kit/court';
import { ENTRIES, trialsOf, type Trial } from '../../laws/kit/trials';

/** One law runs its AWF in up to a dozen worlds, each with a few calls; the machine may be busy. */
const TRIAL_TIMEOUT_MS = 180_000;
/** Trials that are held while the one before them is waited for: they mostly wait for servers. */
const AHEAD = 6;

// Fetched while tests are declared, because what can't be had must be known as skipped by then.
const skipped = whySkipped();

let court: Court | undefined;

beforeAll(async () => {
  court = await openCourt();
}, STAND_TIMEOUT_MS);

afterAll(() => court?.close(), STAND_TIMEOUT_MS);

test('every AWF has a fixture, or undoes one that has', () => {
  const covered = new Set(ENTRIES.flatMap(({ contract, undoneBy }) => [contract.name, undoneBy.name]));
  expect(contracts.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
  // What has a compensation of its own can be used forward, so it stands before the laws itself.
  const forward = new Set(ENTRIES.map(({ contract }) => contract.name));
  const owing = contracts.filter(({ name, compensation }) => compensation && !forward.has(name));
  expect(owing.map(({ name }) => name)).toEqual([]);
});

test('every AWF claims the strongest evidence that it is proved by, and no stronger', () => {
  const rank: readonly string[] = ['contract', 'sandbox', 'emulator', 'real'];
  const claimed = contracts.map(({ name, evidence }) => ({ name, evidence }));
  const proved = contracts.map(({ name }) => {
    const proofs = ENTRIES.filter((entry) => entry.contract.name === name || entry.undoneBy.name === name);
    const [best] = proofs.map(({ evidence }) => evidence).sort((a, b) => rank.indexOf(b) - rank.indexOf(a));
    return { name, evidence: best };
  });
  expect(claimed).toEqual(proved);
});

const possible = ENTRIES.filter(({ evidence }) => skipped[evidence] === undefined);
const trials = possible.flatMap(trialsOf).filter(({ cannot }) => cannot === undefined);

test.each(trials.map((trial, n) => [trial.name, trial, n] as const))(
  '%s',
  async (_name, trial, n) => {
    for (const next of trials.slice(n + 1, n + AHEAD)) void court!.judge(next);
    const { result, because } = await court!.judge(trial);
    if (result !== 'holds') throw new Error(because);
  },
  TRIAL_TIMEOUT_MS,
);

const missing = ENTRIES.flatMap((entry) => {
  const why = skipped[entry.evidence];
  return why === undefined
    ? []
    : trialsOf(entry)
        .filter(({ cannot }) => cannot === undefined)
        .map((trial): [string, Trial] => [`${trial.name}: ${why}`, trial]);
});
if (missing.length > 0) test.skip.each(missing)('%s', () => undefined);
