/**
 * Use cases: legal holds, the end of retention, and forgetting somebody.
 * Entry ring. Who may do what is judged by the doors.
 */
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { splitOutcomeId } from '../kernel/ids';
import { err, ok, type Result } from '../kernel/result';
import type { KnownHold } from '../store/legal-holds';
import type { Cut, DueHistory } from '../store/retention';
import { performControl } from '../temporal/controls';
import { setSchedule } from '../temporal/schedules';
import type { ControlAct } from '../../workflows/control-protocol';
import { catchUp } from './policy-log';
import { noSuchOutcome, refuse, type Refusal } from './refusal';
import type { Services } from './services';

/** What acts of keeping work with. */
type Keeping = Pick<Services, 'outcomes' | 'evidence' | 'now'>;

interface Why {
  readonly by: string;
  readonly reason: string;
}

/** What a hold is to keep. */
export type Held =
  | { readonly scope: 'tenant' }
  | { readonly scope: 'outcome'; readonly outcome: string }
  /** Everything about one entity. */
  | { readonly scope: 'entity'; readonly entity: string }
  /** Every run of which something happened in `[from, until)`, in milliseconds since the epoch. */
  | { readonly scope: 'time'; readonly from: number; readonly until: number };

export interface HoldDone {
  /** Id of the hold. */
  readonly id: string;
  /** Id of the act: its history is the record. */
  readonly control: string;
}

/** Holds in force; with `all` those that were lifted, too. */
export const holdsOf = (
  { evidence }: Pick<Services, 'evidence'>,
  tenant: string,
  all: boolean,
): Promise<readonly KnownHold[]> => evidence.holds.list(tenant, all);

/** Sets a legal hold. Errors: `OUTCOME_UNKNOWN`, `ENTITY_REFUSED` where there is nothing to hold of that name. */
export async function placeHold(
  services: Pick<Keeping, 'outcomes' | 'evidence'>,
  tenant: string,
  { held, by, reason }: Why & { readonly held: Held },
): Promise<Result<HoldDone, Refusal>> {
  const named = await nameOf(services, tenant, held);
  if (!named.ok) return named;
  const id = `hold-${randomUUID().slice(0, 8)}`;
  const span = held.scope === 'time' ? { from: held.from, until: held.until } : {};
  const act = { do: 'hold', id, scope: held.scope, name: named.value, ...span, on: true } as const;
  return ok({ id, control: await perform(services, tenant, { act, by, reason }) });
}

async function nameOf(
  { evidence }: Pick<Keeping, 'evidence'>,
  tenant: string,
  held: Held,
): Promise<Result<string, Refusal>> {
  switch (held.scope) {
    case 'tenant':
      return ok(tenant);
    case 'time':
      return ok('');
    case 'outcome': {
      const isOurs = splitOutcomeId(held.outcome)?.tenant === tenant;
      const runs = isOurs ? await evidence.store.runsOf(tenant, held.outcome) : [];
      return runs.length > 0 ? ok(held.outcome) : noSuchOutcome(held.outcome);
    }
    case 'entity': {
      // By its key: the act is kept for good, and must not say whose it is once they are forgotten.
      const key = await evidence.keys.find(tenant, held.entity);
      return key === undefined ? nothingOf(held.entity) : ok(key);
    }
  }
}

const nothingOf = (subject: string): Result<never, Refusal> =>
  refuse('ENTITY_REFUSED', `nothing is on record of \`${subject}\``);

/** Lifts a hold. Errors: `LOG_HOLD_UNKNOWN`. */
export async function liftHold(
  services: Pick<Keeping, 'outcomes' | 'evidence'>,
  tenant: string,
  { id, by, reason }: Why & { readonly id: string },
): Promise<Result<HoldDone, Refusal>> {
  const found = (await services.evidence.holds.list(tenant)).find((hold) => hold.id === id);
  if (found === undefined) return refuse('LOG_HOLD_UNKNOWN', `no hold \`${id}\` is in force`);
  const { scope, name } = found;
  const act = { do: 'hold', id, scope, name, on: false } as const;
  return ok({ id, control: await perform(services, tenant, { act, by, reason }) });
}

async function perform(
  { outcomes }: Pick<Services, 'outcomes'>,
  tenant: string,
  asked: Why & { readonly act: ControlAct },
): Promise<string> {
  return (await performControl(outcomes.client, { tenant, ...asked })).id;
}

export interface Expiry {
  readonly cut: Cut;
  /** The oldest of what is past its time. */
  readonly due: readonly DueHistory[];
}

/** Most of what is past its time that is shown. */
const SHOWN = 100;

/** What would go now, and what a hold keeps; nothing goes. @param at milliseconds since the epoch: as of when */
export async function foreseeExpiry(
  { evidence: { retention }, now }: Pick<Services, 'evidence' | 'now'>,
  tenant: string,
  at: number = now(),
): Promise<Expiry> {
  const [cut, due] = await Promise.all([retention.cut(tenant, at), retention.due(tenant, at, SHOWN)]);
  return { cut, due };
}

/** Lets archived histories go that are past their time, and puts the cut on record. */
export async function expireNow(
  { outcomes }: Pick<Services, 'outcomes'>,
  tenant: string,
  { by, reason }: Why,
): Promise<{ readonly control: string; readonly cut: Cut }> {
  const { id, cut } = await performControl(outcomes.client, { tenant, act: { do: 'expire' }, by, reason });
  return { control: id, cut: cut! };
}

/** Every day, when the reports of the day before are made; in UTC. */
const EXPIRY_CRON = '45 0 * * *';

/** Has it done by itself every day, or no more. */
export async function scheduleExpiry(
  { outcomes }: Pick<Services, 'outcomes'>,
  tenant: string,
  { on, by }: { readonly on: boolean; readonly by: string },
): Promise<{ readonly cron: string | null }> {
  const cron = on ? EXPIRY_CRON : undefined;
  await setSchedule(outcomes.client, {
    ...{ tenant, family: 'retention', name: 'daily', by, act: { do: 'expire' } },
    ...(cron === undefined ? {} : { cron }),
  });
  return { cron: cron ?? null };
}

/**
 * Ends what the log, the archive and the tables beside them say of a subject, by destroying its key and blanking its rows. Errors:
 * `ENTITY_REFUSED` where nothing is on record of it, `LOG_HELD`, `LOG_SUBJECT_BUSY`.
 */
export async function eraseSubject(
  services: Keeping,
  tenant: string,
  { subject, by, reason }: Why & { readonly subject: string },
): Promise<Result<{ readonly control: string }, Refusal>> {
  const { store, keys, holds } = services.evidence;
  const key = await keys.find(tenant, subject);
  if (key === undefined) return nothingOf(subject);
  const held = err({ code: 'LOG_HELD', message: `a legal hold keeps what is on record of \`${subject}\`` });
  if (await holds.needsKey(tenant, key)) return held;
  // What has ended is archived under the key before the key goes.
  await catchUp(services);
  const busy = (await store.openRuns(tenant)).find(({ subjectKey }) => subjectKey === key);
  if (busy !== undefined)
    return refuse('LOG_SUBJECT_BUSY', `\`${busy.workflow}\` is about \`${subject}\` and still runs`);
  try {
    // The act names the key alone: its history is kept, and must not say whose it was.
    return ok({ control: await perform(services, tenant, { act: { do: 'erase', key }, by, reason }) });
  } catch (error) {
    if (error instanceof WorkflowFailedError && (await holds.needsKey(tenant, key))) return held;
    throw error;
  }
}
