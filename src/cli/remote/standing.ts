/**
 * The commands around approvals and change windows, against an API: delegation, absence, reviews, calendars, passive nodes.
 * Entry ring.
 */
import type { OpenReview } from '../../app/approvals/delegate';
import {
  calendarFrom,
  showCalendar,
  showPassive,
  type CalendarOptions,
  type PassiveOptions,
} from '../commands/calendars';
import {
  handedFrom,
  showAway,
  showHanded,
  showReviews,
  type AbsentOptions,
  type Away,
  type DelegateOptions,
  type Handed,
  type ReviewGiven,
  type ReviewOptions,
} from '../commands/stand-ins';
import { isoOf, timeOf } from '../times';
import type { RemoteCommand } from './api';

export const delegating: RemoteCommand<readonly [to: string], DelegateOptions> = async (
  api,
  context,
  { given: [to], options },
) => {
  const { task, until, isBack, level, onlyWhenAbsent: whenAbsent } = handedFrom(to, options);
  const ends = isBack ? null : until === undefined ? undefined : isoOf(until);
  const { reason } = options;
  const body = { until: ends, level, whenAbsent, reason };
  const handed =
    task === undefined
      ? await api.put<Handed>(`/v1/delegations/${encodeURIComponent(to)}`, body)
      : await api.post<Handed>(`/v1/tasks/${encodeURIComponent(`${task.outcome}#${task.node}`)}/delegate`, {
          ...body,
          to,
        });
  showHanded(context, options, handed);
  return 0;
};

export const beingAway: RemoteCommand<readonly [], AbsentOptions> = async (api, context, { options }) => {
  const { from, until, reason, as: person } = options;
  const body = {
    ...(from === undefined ? {} : { from: isoOf(timeOf('--from', from)) }),
    ...{ until: isoOf(timeOf('--until', until)), reason },
  };
  const away = await api.put<Away>(`/v1/absences/${encodeURIComponent(person)}`, body);
  showAway(context, options, away);
  return 0;
};

export const reviewing: RemoteCommand<ReviewGiven, ReviewOptions> = (api, context, asked) =>
  showReviews(context, asked, {
    open: async () => (await api.get<{ readonly items: readonly OpenReview[] }>('/v1/reviews')).items,
    close: (task, verdict, reason) =>
      api.post(`/v1/reviews/${encodeURIComponent(task)}`, { verdict, reason }),
  });

export const calendar: RemoteCommand<readonly [id: string, scope: string], CalendarOptions> = async (
  api,
  context,
  { given: [id, over], options },
) => {
  const act = calendarFrom(over, options);
  const windows = act.windows?.map(({ from, to }) => ({ from: isoOf(from), to: isoOf(to) })) ?? null;
  const { scope, name, kind } = act;
  const body = { scope, name, kind, windows, reason: options.reason };
  const { control } = await api.put<{ readonly control: string }>(
    `/v1/calendars/${encodeURIComponent(id)}`,
    body,
  );
  showCalendar(context, options, { id, ...act, control });
  return 0;
};

export const passive: RemoteCommand<readonly [node: string], PassiveOptions> = async (
  api,
  context,
  { given: [node], options },
) => {
  const body = { passive: options.off !== true, reason: options.reason };
  showPassive(context, options, await api.put(`/v1/passive/${encodeURIComponent(node)}`, body));
  return 0;
};
