/**
 * The saga as a good engineer writes it on bare Temporal: ordinary activities, each undo registered before its step runs, undone
 * in reverse, out of reach of a cancellation. It is what Backstep is measured against.
 * Loaded inside the Temporal sandbox.
 */
import { CancellationScope, isCancellation, log, proxyActivities } from '@temporalio/workflow';
import type { Contractor, SagaActivities } from './protocol';

const forward = {
  // A vendor answers within 5 s or not at all.
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 4 },
} as const;

const act = proxyActivities<SagaActivities>(forward);
// It waits for its turn and may go several rounds, so a lost worker should be noticed sooner.
const actAtLength = proxyActivities<SagaActivities>({ ...forward, heartbeatTimeout: '5s' });
// An undo is tried until it works.
const undo = proxyActivities<SagaActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** What the steps answered, as far as they have: an undo also runs where an answer was lost. */
type Answers = { [Name in keyof SagaActivities]?: Awaited<ReturnType<SagaActivities[Name]>> };

export async function onboardContractor(person: Contractor): Promise<{ readonly identity: string }> {
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
      for (const back of undos) await back();
    });
    throw error;
  }
}
