/**
 * The saga as a good engineer writes it on bare Temporal: ordinary activities, each undo registered before its step runs, undone
 * in reverse, out of reach of a cancellation. It is what Backstep is measured against. The same saga with local activities tells
 * how far Temporal itself can go.
 * Loaded inside the Temporal sandbox.
 */
import {
  CancellationScope,
  isCancellation,
  log,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { Contractor, SagaActivities } from './protocol';

const forward = {
  // A vendor answers within 5 s or not at all.
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 4 },
} as const;

// An undo is tried until it works.
const back = {
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
} as const;

interface Lane {
  readonly act: SagaActivities;
  readonly actAtLength: SagaActivities;
  readonly undo: SagaActivities;
}

const ordinary: Lane = {
  act: proxyActivities<SagaActivities>(forward),
  // It waits for its turn and may go several rounds, so a lost worker should be noticed sooner.
  actAtLength: proxyActivities<SagaActivities>({ ...forward, heartbeatTimeout: '5s' }),
  undo: proxyActivities<SagaActivities>(back),
};

const act = proxyLocalActivities<SagaActivities>(forward);
const local: Lane = { act, actAtLength: act, undo: proxyLocalActivities<SagaActivities>(back) };

export const onboardContractor = (person: Contractor): Promise<Onboarded> => onboard(person, ordinary);

export const onboardContractorLocally = (person: Contractor): Promise<Onboarded> => onboard(person, local);

interface Onboarded {
  readonly identity: string;
}

/** What the steps answered, as far as they have: an undo also runs where an answer was lost. */
type Answers = { [Name in keyof SagaActivities]?: Awaited<ReturnType<SagaActivities[Name]>> };

async function onboard(person: Contractor, { act, actAtLength, undo }: Lane): Promise<Onboarded> {
  const { email, name, worker, endDate, profile, item } = person;
  const known: Answers = {};
  const undos: (() => Promise<void>)[] = [];
  try {
    undos.unshift(async () => {
      const { replaced = null, event = null } = known.setEndDate ?? {};
      if (replaced !== endDate) await undo.clearEndDate({ worker, endDate, restore: replaced, event });
    });
    known.setEndDate = await act.setEndDate({ worker, endDate });

    undos.unshift(async () => {
      const { id = null, created = true, revived = false } = known.createIdentity ?? {};
      if (created || revived) await undo.disableIdentity({ login: email, name, id, revived });
    });
    known.createIdentity = await act.createIdentity({ login: email, name });
    const user = known.createIdentity.id;

    undos.unshift(() => undo.removeGroups({ user, groups: known.assignGroups?.added ?? person.groups }));
    known.assignGroups = await act.assignGroups({ user, groups: person.groups });

    const assignment = { profile, group: person.deviceGroup };
    undos.unshift(async () => {
      if (known.pushProfile?.changed !== false) await undo.removeProfile(assignment);
    });
    known.pushProfile = await actAtLength.pushProfile(assignment);

    undos.unshift(() => undo.cancelOrder({ requestedFor: email, item, quantity: 1 }));
    await act.orderDev({ requestedFor: email, item });

    undos.unshift(() =>
      undo.removeChannels({ user: email, channels: known.inviteChannels?.added ?? person.channels }),
    );
    known.inviteChannels = await act.inviteChannels({ user: email, channels: person.channels });
    return { identity: user };
  } catch (error) {
    if (!isCancellation(error)) log.warn('the saga goes back', { error: String(error) });
    await CancellationScope.nonCancellable(async () => {
      for (const undoOne of undos) await undoOne();
    });
    throw error;
  }
}
