/** Replays over the API; of histories in files they are made on this machine. Entry ring. */
import type { Plan } from '../../plan/plan';
import type { Fork } from '../../replay/fork';
import type { Rehearsal } from '../../replay/rehearse';
import type { Review } from '../../replay/review';
import {
  addressFrom,
  eventFrom,
  forkIn,
  rehearsedOf,
  showFork,
  showRehearsal,
  showReview,
  type ForkOptions,
  type ReviewOptions,
} from '../commands/replay';
import type { SourceOptions } from '../histories';
import { outcomeIdFrom } from '../refuse';
import type { RemoteCommand } from './api';
import { pathOf } from './stories';

export const rehearse: RemoteCommand<readonly [what: string], SourceOptions> = async (
  api,
  { terminal },
  { given: [what], options },
) => {
  if (options.file !== undefined) return undefined;
  const outcome = rehearsedOf(what, options);
  const rehearsal =
    outcome === undefined
      ? await api.post<Rehearsal>('/v1/rehearsals', (await eventFrom(what)) as object)
      : await api.post<Rehearsal>(pathOf(outcome, '/rehearsal'), {});
  return showRehearsal(terminal, options, rehearsal);
};

export const review: RemoteCommand<readonly [action: string], ReviewOptions> = async (
  api,
  { terminal },
  { given: [given], options },
) => {
  if (options.file !== undefined) return undefined;
  const { outcome, node } = addressFrom(given);
  const path = `/v1/actions/${encodeURIComponent(`${outcome}#${node}`)}/review`;
  return showReview(terminal, options, await api.get<Review>(path, { nth: options.nth }));
};

export const fork: RemoteCommand<readonly [outcome: string], ForkOptions> = async (
  api,
  { terminal },
  { given: [given], options },
) => {
  if (options.file !== undefined) return undefined;
  const outcome = outcomeIdFrom(given);
  const { plan } = await api.get<{ readonly plan: Plan }>(pathOf(outcome, '/plan'));
  const forked = await api.post<Fork>(pathOf(outcome, '/fork'), forkIn(plan, options));
  return showFork(terminal, options, forked);
};
