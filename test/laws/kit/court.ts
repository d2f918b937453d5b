/**
 * Holds trials: opens every server that the laws need, runs one trial after another or several at once, and says what was
 * found. A broken law is a finding and no exception, so that a table can show all of them.
 */
import { warm } from '../../../activities';
import type { AwfContract } from '../../../src/dsl/awf';
import { createBarrier, type Barrier } from '../../../src/store/barrier';
import { findSlapd } from '../../real/ldap/slapd-program';
import { baselineOf, type Subject } from './case';
import { openDirectoryStand } from './directory-stand';
import { eyes } from './driver';
import { openEmulatorStand } from './emulator-stand';
import { tellingOf } from './laws';
import { openSandboxStand } from './sandbox-stand';
import { openLawStore } from './store';
import { ENTRIES, type Trial } from './trials';
import type { Evidence, LawStand } from './world';

export type Result = 'holds' | 'broken' | 'n/a' | 'skipped';

export interface Finding {
  readonly result: Result;
  /** What was broken, what the law needs that is not there, or which law noticed a blind AWF. */
  readonly because?: string;
  /** Program and version; empty where none was asked. */
  readonly server: string;
  readonly ms: number;
}

export interface Court {
  /** The finding of one trial; asked twice it is held once. */
  judge(trial: Trial): Promise<Finding>;
  close(): Promise<void>;
}

/** Why trials at a server of this kind can't be held on this machine. Fetches what can be fetched. */
export function whySkipped(): { readonly [Kind in Evidence]?: string } {
  slapd ??= findSlapd();
  return 'unavailable' in slapd ? { real: slapd.unavailable } : {};
}

let slapd: ReturnType<typeof findSlapd> | undefined;

/** Opens a court for the entries of one kind of server, or of all. */
export async function openCourt(
  kinds: readonly Evidence[] = ['sandbox', 'emulator', 'real'],
): Promise<Court> {
  // A vendor's SDK takes longer to load than an attempt may last.
  warm([...new Set(ENTRIES.map(({ contract }) => contract.system))]);
  const opened: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.splice(0).map((one) => one()));
  };
  const stands: { [Kind in Evidence]?: (system: string) => LawStand } = {};
  const skipped = whySkipped();
  const opening = async (kind: Evidence): Promise<void> => {
    if (!kinds.includes(kind) || skipped[kind] !== undefined) return;
    const stand = await OPEN[kind]();
    stands[kind] = stand;
    opened.push(() => stand('').close());
  };
  const store = await openLawStore();
  opened.push(() => store.close());
  try {
    await Promise.all([opening('sandbox'), opening('emulator'), opening('real')]);
  } catch (error) {
    await close();
    throw error;
  }
  const barrier = createBarrier(store.database);
  const findings = new Map<string, Promise<Finding>>();
  return {
    judge: (trial) => {
      let finding = findings.get(trial.name);
      if (!finding) {
        finding = tried(trial, stands[trial.evidence]?.(trial.contract.system), barrier, skipped);
        findings.set(trial.name, finding);
      }
      return finding;
    },
    close,
  };
}

const OPEN: Readonly<Record<Evidence, () => Promise<(system: string) => LawStand>>> = {
  sandbox: async () => (await openSandboxStand()) as (system: string) => LawStand,
  emulator: async () => (await openEmulatorStand()) as (system: string) => LawStand,
  real: async () => {
    if (slapd === undefined || 'unavailable' in slapd) throw new Error('there is no slapd to start');
    const stand = await openDirectoryStand(slapd);
    return () => stand;
  },
};

async function tried(
  trial: Trial,
  stand: LawStand | undefined,
  barrier: Barrier,
  skipped: { readonly [Kind in Evidence]?: string },
): Promise<Finding> {
  const startedAt = Date.now();
  const found = (result: Result, because?: string): Finding => ({
    result,
    ...(because === undefined ? {} : { because }),
    server: stand?.server ?? '',
    ms: Date.now() - startedAt,
  });
  if (trial.cannot !== undefined) return found('n/a', trial.cannot);
  if (!stand) return found('skipped', skipped[trial.evidence] ?? 'its server was not asked for');
  const { contract, undoneBy, fixture, law, blind } = trial;
  const subject: Subject = { contract, undoneBy, fixture, stand, barrier };
  try {
    if (blind) return found('holds', await noticed(subject, blind));
    if ('run' in law) await law.run(subject);
    return found('holds');
  } catch (error) {
    return found('broken', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

/** The first telling law that breaks when an AWF does not look. Throws where none does. */
async function noticed(subject: Subject, blind: AwfContract): Promise<string> {
  // Measured with open eyes: a fixture that is wrong must not pass for a law that sees.
  await baselineOf(subject);
  const { name } = blind;
  const sight = eyes(name);
  for (const law of tellingOf(blind)) {
    if (law.needs?.already && subject.fixture.neverAlready !== undefined) continue;
    try {
      await law.run({ ...subject, eyes: sight });
    } catch (error) {
      if (sight.looked.has(name)) return `law ${law.id} breaks: ${firstLineOf(error)}`;
    }
  }
  throw new Error(
    sight.looked.has(name) ? `no law notices that ${name} does not look` : `${name} never looks`,
  );
}

const firstLineOf = (error: unknown): string => String(error).split('\n', 1)[0]!;
