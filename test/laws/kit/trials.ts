/**
 * Which AWF stands before which law at which server: said before any server is up, so that a runner can declare each trial,
 * and what can't be tried is seen at once and not found out in silence.
 */
import { contracts } from '../../../activities';
import type { AwfContract } from '../../../src/dsl/awf';
import type { Law } from './case';
import { directoryFixtures } from './fixtures/directory';
import { emulatorFixtures } from './fixtures/emulator';
import { sandboxFixtures } from './fixtures/sandbox';
import { LAWS } from './laws';
import { TRAITS, type Evidence, type LawFixture } from './world';

/** An AWF, used forward, at one kind of server. */
interface Entry {
  readonly evidence: Evidence;
  readonly fixture: LawFixture<never>;
  readonly contract: AwfContract;
  readonly undoneBy: AwfContract;
}

export interface Trial extends Entry {
  /** Told apart from all others by this, as a person reads it. */
  readonly name: string;
  /** A law; or the proof that the laws can break, with the AWF whose look-up is switched off. */
  readonly law: Law | typeof BLIND;
  readonly blind?: AwfContract;
  /** Why the law has nothing to say here. */
  readonly cannot?: string;
}

/** The proof that the laws can see: without its look-up an AWF breaks one. */
export const BLIND = { id: 'm', title: 'switching off its look-up breaks a law' } as const;

const byName = new Map(contracts.map((contract) => [contract.name, contract]));

function entryOf(evidence: Evidence, fixture: LawFixture<never>): Entry {
  const contract = byName.get(fixture.awf);
  const undoneBy = byName.get(contract?.compensation?.awf ?? '');
  if (!contract || !undoneBy) throw new Error(`no AWF with a compensation is called ${fixture.awf}`);
  return { evidence, fixture, contract, undoneBy };
}

/** Every AWF with every kind of server that it is tried at. */
export const ENTRIES: readonly Entry[] = [
  ...sandboxFixtures.map((fixture) => entryOf('sandbox', fixture)),
  ...emulatorFixtures.map((fixture) => entryOf('emulator', fixture)),
  ...directoryFixtures.map((fixture) => entryOf('real', fixture)),
];

/** All trials of one entry: every law, then each look-up switched off. */
export function trialsOf(entry: Entry): readonly Trial[] {
  const { contract, undoneBy, evidence } = entry;
  const place = `${contract.name} (${evidence})`;
  const blindable = [contract, ...(undoneBy.compensation ? [] : [undoneBy])];
  return [
    ...LAWS.map((law): Trial => {
      const cannot = cannotTry(law, entry);
      const name = `${place} law ${law.id}: ${law.title}`;
      return { ...entry, name, law, ...(cannot === undefined ? {} : { cannot }) };
    }),
    ...blindable.map((blind): Trial => {
      const name = `${place} laws notice when ${blind.name} does not look`;
      return { ...entry, name, law: BLIND, blind };
    }),
  ];
}

function cannotTry({ needs }: Law, { evidence, fixture }: Entry): string | undefined {
  const { faults, accounts } = TRAITS[evidence];
  if (needs?.fault && !faults.includes(needs.fault)) return NO_FAULT[evidence];
  if (needs?.accounts && !accounts) return 'emulate takes any token, so it tells no accounts apart';
  return needs?.already ? fixture.neverAlready : undefined;
}

const NO_FAULT: Readonly<Record<Evidence, string>> = {
  sandbox: 'the sandbox has no such fault',
  emulator: 'emulate has no such fault; the sandbox does',
  real: 'slapd answers, refuses or is silent: it has no such fault',
};

/** The laws in which the compensation acts, so that they prove the AWF that undoes as well. */
const OF_BOTH = new Set(['2', '3', '4', '6', '7', '7b', '7c', '8', '9', 'a', 'b', 'e', 'p']);

/** The AWFs that a trial is about. One that only undoes is proved with the one that it undoes. */
export function subjectsOf({ contract, undoneBy, law, blind }: Trial): readonly AwfContract[] {
  if (blind) return [blind];
  return undoneBy.compensation === undefined && OF_BOTH.has(law.id) ? [contract, undoneBy] : [contract];
}
