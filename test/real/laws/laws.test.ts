/**
 * Every AWF through all the laws: the vendors' in the sandbox, those on Okta and Slack also in an emulator that others wrote,
 * those on the directory against a real one. An AWF without a fixture fails. `npm run laws` prints the table.
 */
import { contracts } from '../../../activities';
import type { AwfContract } from '../../../src/dsl/awf';
import { createBarrier, type Barrier } from '../../../src/store/barrier';
import { STAND_TIMEOUT_MS } from '../../kit/stand';
import { openDirectoryStand } from '../../laws/kit/directory-stand';
import { eyes } from '../../laws/kit/driver';
import { openEmulatorStand } from '../../laws/kit/emulator-stand';
import { directoryFixtures } from '../../laws/kit/fixtures/directory';
import { emulatorFixtures } from '../../laws/kit/fixtures/emulator';
import { sandboxFixtures } from '../../laws/kit/fixtures/sandbox';
import { LAWS, NotApplicable, TELLING, type Law, type Subject } from '../../laws/kit/laws';
import { openSandboxStand } from '../../laws/kit/sandbox-stand';
import { openLawStore, type LawStore } from '../../laws/kit/store';
import { addFinding, beginFindings, type Finding } from '../../laws/kit/table';
import type { LawFixture, LawStand } from '../../laws/kit/world';

/** One law runs its AWF in up to a dozen worlds, each with a few calls; the machine may be busy. */
const LAW_TIMEOUT_MS = 120_000;
const BLIND_TIMEOUT_MS = 240_000;

type Evidence = LawStand['evidence'];

const byName = new Map(contracts.map((contract) => [contract.name, contract]));
const contractOf = (name: string): AwfContract => byName.get(name)!;

const FIXTURES: readonly { readonly evidence: Evidence; readonly fixture: LawFixture<never> }[] = [
  ...sandboxFixtures.map((fixture) => ({ evidence: 'sandbox' as const, fixture })),
  ...emulatorFixtures.map((fixture) => ({ evidence: 'emulator' as const, fixture })),
  ...directoryFixtures.map((fixture) => ({ evidence: 'real' as const, fixture })),
];

let postgres: LawStore;
let barrier: Barrier;
const stands: { [Kind in Evidence]?: (system: string) => LawStand } = {};
let noDirectory: string | undefined;

beforeAll(async () => {
  beginFindings();
  const [base, sandbox, emulator, directory] = await Promise.all([
    openLawStore(),
    openSandboxStand(),
    openEmulatorStand(),
    openDirectoryStand(),
  ]);
  postgres = base;
  barrier = createBarrier(base.database);
  stands.sandbox = sandbox as (system: string) => LawStand;
  stands.emulator = emulator as (system: string) => LawStand;
  if ('unavailable' in directory) noDirectory = directory.unavailable;
  else stands.real = () => directory;
}, STAND_TIMEOUT_MS);

afterAll(async () => {
  await Promise.all([
    stands.sandbox?.('okta').close(),
    stands.emulator?.('okta').close(),
    stands.real?.('ldap').close(),
    postgres.close(),
  ]);
}, STAND_TIMEOUT_MS);

function subjectOf(evidence: Evidence, fixture: LawFixture<never>): Subject | undefined {
  const contract = contractOf(fixture.awf);
  const stand = stands[evidence]?.(contract.system);
  return stand && { contract, undoneBy: contractOf(contract.compensation!.awf), fixture, stand, barrier };
}

function note(
  subject: Subject,
  law: Pick<Law, 'id' | 'title'>,
  result: Finding['result'],
  because?: string,
): void {
  const { contract, undoneBy, stand } = subject;
  const { id, title } = law;
  const common = { law: id, title, result, evidence: stand.evidence, server: stand.server };
  const why = because === undefined ? {} : { because };
  addFinding({ ...common, ...why, awf: contract.name, idempotency: contract.idempotency });
  // An AWF that only undoes is proved with the one that it undoes.
  if (undoneBy.compensation === undefined && UNDO_LAWS.includes(id)) {
    addFinding({ ...common, ...why, awf: undoneBy.name, idempotency: undoneBy.idempotency });
  }
}

/** The laws in which the compensation acts. */
const UNDO_LAWS = ['2', '3', '4', '6', '7', '7b', '7c', '8', '9', 'a', 'b', 'e', 'p'];

test('every AWF has a fixture, or undoes one that has', () => {
  const covered = new Set(
    FIXTURES.flatMap(({ fixture }) => [fixture.awf, contractOf(fixture.awf).compensation!.awf]),
  );
  const forward = new Set(FIXTURES.map(({ fixture }) => fixture.awf));
  expect(contracts.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
  // What has a compensation of its own can be used forward, so it stands before the laws itself.
  const owing = contracts.filter(({ name, compensation }) => compensation && !forward.has(name));
  expect(owing.map(({ name }) => name)).toEqual([]);
});

test('every AWF claims the strongest evidence that it is proved by, and no stronger', () => {
  const rank: readonly string[] = ['contract', 'sandbox', 'emulator', 'real'];
  for (const contract of contracts) {
    const proofs = FIXTURES.filter(
      ({ fixture }) =>
        fixture.awf === contract.name || contractOf(fixture.awf).compensation!.awf === contract.name,
    );
    const best = proofs.map(({ evidence }) => evidence).sort((a, b) => rank.indexOf(b) - rank.indexOf(a))[0];
    expect({ awf: contract.name, evidence: contract.evidence }).toEqual({
      awf: contract.name,
      evidence: best,
    });
  }
});

describe.each(FIXTURES.map(({ evidence, fixture }) => [fixture.awf, evidence, fixture] as const))(
  '%s (%s)',
  (_awf, evidence, fixture) => {
    test.each(LAWS.map((law) => [law.id, law.title, law] as const))(
      'law %s: %s',
      async (_id, _title, law) => {
        const subject = subjectOf(evidence, fixture);
        if (!subject) {
          skipped(law, fixture, evidence);
          return;
        }
        try {
          await law.run(subject);
          note(subject, law, 'holds');
        } catch (error) {
          if (error instanceof NotApplicable) {
            note(subject, law, 'n/a', error.message);
            return;
          }
          note(subject, law, 'broken', String(error).slice(0, 300));
          throw error;
        }
      },
      LAW_TIMEOUT_MS,
    );

    const contract = contractOf(fixture.awf);
    const undoneBy = contractOf(contract.compensation!.awf);
    const blindable = [contract, ...(undoneBy.compensation ? [] : [undoneBy])];
    test.each(blindable.map(({ name }) => [name] as const))(
      'laws notice when %s does not look',
      async (blind) => {
        const subject = subjectOf(evidence, fixture);
        if (!subject) {
          skipped(BLIND, fixture, evidence);
          return;
        }
        const sight = eyes(blind);
        const broken = await firstBroken({ ...subject, eyes: sight });
        const noted = { ...subject, contract: contractOf(blind) };
        if (!sight.looked.has(blind)) {
          note({ ...noted, undoneBy: contract }, BLIND, 'n/a', 'it writes without looking: the vendor tells');
          return;
        }
        note(
          { ...noted, undoneBy: contract },
          BLIND,
          broken ? 'holds' : 'broken',
          broken ?? 'no law noticed',
        );
        expect(broken).toBeDefined();
      },
      BLIND_TIMEOUT_MS,
    );
  },
);

const BLIND = { id: 'm', title: 'switching off its look-up breaks a law' } as const;

/** The first telling law that a blind AWF breaks, with what it says. */
async function firstBroken(subject: Subject): Promise<string | undefined> {
  for (const law of TELLING) {
    try {
      await law.run(subject);
    } catch (error) {
      if (!(error instanceof NotApplicable)) return `law ${law.id}`;
    }
  }
  return undefined;
}

/** A server that this machine can't have: said in the table and in the output, never a silent pass. */
function skipped(law: Pick<Law, 'id' | 'title'>, fixture: LawFixture<never>, evidence: Evidence): void {
  const because = noDirectory ?? 'no server';
  const { idempotency } = contractOf(fixture.awf);
  addFinding({
    ...{ awf: fixture.awf, law: law.id, title: law.title, result: 'n/a', evidence, server: 'none' },
    idempotency,
    because: `skipped: ${because}`,
  });
}
