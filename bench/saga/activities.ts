/**
 * Activities of the saga written by hand. They send the same requests as Backstep's robots do, through the very same effects and
 * HTTP clients; there is no barrier, no dispatcher and no admission around them.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { effectOf } from '../../activities';
import type { IdentityPrior } from '../../activities/okta/contract';
import { EffectError, type Connection, type EffectContext } from '../../src/dsl/effect';
import type { Json } from '../../src/kernel/json';
import type { SagaActivities } from './protocol';

export interface SagaParts {
  readonly tenant: string;
  readonly connections: Readonly<Record<string, Connection>>;
  /** Told how long each part of an activity took, in milliseconds; absent: nobody measures. */
  readonly onSpan?: (name: string, ms: number) => void;
}

type Acted<Output> = { readonly output: Output; readonly prior: Json | undefined };

export function createSagaActivities(parts: SagaParts): SagaActivities {
  const act = async <Output>(awf: string, step: string, input: object): Promise<Acted<Output>> =>
    perform<Output>(parts, { awf, step, input, operation: 'execute' });
  const undo = async (awf: string, step: string, input: object): Promise<void> => {
    await perform(parts, { awf, step, input, operation: 'compensate' });
  };
  return {
    async setEndDate(input) {
      type Output = { readonly event: string | null; readonly replaced: string | null };
      const { output } = await act<Output>('workday.set_end_date', 'end-date', input);
      return { event: output.event, replaced: output.replaced };
    },
    clearEndDate: (input) => undo('workday.clear_end_date', 'end-date', input),
    async createIdentity(input) {
      type Output = { readonly id: string; readonly created: boolean };
      const { output, prior } = await act<Output>('okta.create_identity', 'identity', input);
      const before = prior as unknown as IdentityPrior;
      return { id: output.id, created: output.created, revived: before.status === 'DEPROVISIONED' };
    },
    disableIdentity: (input) => undo('okta.disable_identity', 'identity', input),
    async assignGroups(input) {
      type Output = { readonly added: readonly string[] };
      const { output } = await act<Output>('okta.assign_groups', 'groups', input);
      return { added: output.added };
    },
    removeGroups: (input) => undo('okta.remove_groups', 'groups', input),
    async pushProfile(input) {
      type Output = { readonly changed: boolean };
      const { output } = await act<Output>('intune.push_profile', 'profile', input);
      return { changed: output.changed };
    },
    removeProfile: (input) => undo('intune.remove_profile', 'profile', input),
    async orderDev(input) {
      type Output = { readonly request: string };
      const { output } = await act<Output>('servicenow.order_dev', 'order', input);
      return { request: output.request };
    },
    cancelOrder: (input) => undo('servicenow.cancel_order', 'order', input),
    async inviteChannels(input) {
      type Output = { readonly added: readonly string[] };
      const { output } = await act<Output>('slack.invite_channels', 'channels', input);
      return { added: output.added };
    },
    removeChannels: (input) => undo('slack.remove_channels', 'channels', input),
  };
}

interface Asked {
  readonly awf: string;
  readonly step: string;
  readonly input: object;
  readonly operation: EffectContext['operation'];
}

async function perform<Output>(parts: SagaParts, asked: Asked): Promise<Acted<Output>> {
  const { awf, step, input, operation } = asked;
  const activity = Context.current();
  const effect = await effectOf(awf);
  const connection = parts.connections[awf.slice(0, awf.indexOf('.'))];
  if (effect === undefined || connection === undefined) throw new TypeError(`there is no \`${awf}\``);
  const context: EffectContext = {
    tenant: parts.tenant,
    key: `${activity.info.workflowExecution?.workflowId ?? ''}/${step}`,
    operation,
    attempt: activity.info.attempt,
    connection,
    signal: activity.cancellationSignal,
    heartbeat: () => {
      if (!activity.info.isLocal) activity.heartbeat();
    },
    spend: () => undefined,
    log: activity.log,
    now: Date.now,
  };
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    if (parts.onSpan === undefined) return work();
    const begun = performance.now();
    try {
      return await work();
    } finally {
      parts.onSpan(name, performance.now() - begun);
    }
  };
  try {
    const { capture } = effect;
    const prior =
      capture === undefined || operation === 'compensate'
        ? undefined
        : await timed('capture', () => capture(input, context));
    const output = await timed('execute', () => effect.execute(input, { ...context, prior }));
    return { output: output as Output, prior };
  } catch (error) {
    throw error instanceof EffectError ? failureOf(error) : error;
  }
}

function failureOf({ failure }: EffectError): ApplicationFailure {
  const { code, message, retryAfterMs } = failure;
  return ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: failure.class === 'permanent',
    ...(retryAfterMs === undefined ? {} : { nextRetryDelay: retryAfterMs }),
  });
}
