/**
 * The commands of people at work, against an API: claims, overrides and work by hand.
 * Entry ring.
 */
import type { Acted } from '../../app/act-on-outcome';
import type { Overridden } from '../../app/override-step';
import { addressFrom, show, type ActOptions } from '../commands/act';
import {
  BY_HAND_WORDS,
  changeFrom,
  doneFrom,
  lookedFrom,
  showOverridden,
  STEP_EXAMPLE,
  untilFrom,
  type ByHandOptions,
  type How,
  type OverrideOptions,
} from '../commands/override';
import { CLAIM_WORDS } from '../commands/inbox';
import type { RemoteCommand } from './api';
import { pathOf } from './stories';

const taskPath = (id: string, rest: string): string => `/v1/tasks/${encodeURIComponent(id)}/${rest}`;

export const claiming =
  (what: 'claim' | 'unclaim'): RemoteCommand<readonly [task: string], ActOptions> =>
  async (api, context, { given: [text], options }) => {
    const { outcome, node } = addressFrom(text, 'a task', STEP_EXAMPLE);
    const { reason } = options;
    const body = reason === undefined ? {} : { reason };
    const acted = await api.post<Acted>(taskPath(`${outcome}#${node}`, what), body);
    return show(context, options, acted, CLAIM_WORDS[what]);
  };

export const override: RemoteCommand<
  readonly [step: string, how: How, value?: string],
  OverrideOptions
> = async (api, context, { given: [text, how, value], options }) => {
  const { outcome, node } = addressFrom(text, 'a step', STEP_EXAMPLE);
  const { reason, scope } = options;
  const { until } = untilFrom(options);
  const body = {
    ...{ node, change: changeFrom(how, value, options), reason, scope },
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
  };
  const done = await api.post<Overridden>(pathOf(outcome, '/override'), body);
  return showOverridden(context, options, done);
};

export const byHand =
  (what: 'complete' | 'attest'): RemoteCommand<readonly [node: string], ByHandOptions> =>
  async (api, context, { given: [text], options }) => {
    const { outcome, node } = addressFrom(text, 'a task', STEP_EXAMPLE);
    const acted =
      what === 'complete'
        ? await api.post<Acted>(
            taskPath(`${outcome}#${node}`, what),
            lookedFrom(options) ?? doneFrom(options),
          )
        : await api.post<Acted>(pathOf(outcome, '/attest'), { ...doneFrom(options), node });
    return show(context, options, acted, BY_HAND_WORDS);
  };
