/** Legal holds and the end of retention, over the API. Entry ring. */
import type { Expiry, HoldDone } from '../../app/keeping';
import type { KnownHold } from '../../store/legal-holds';
import {
  expiryFrom,
  heldFrom,
  showExpiry,
  showHold,
  showHolds,
  type ExpireOptions,
  type HoldOptions,
  type HoldsOptions,
  type KeepingOptions,
} from '../commands/keeping';
import { isoOf } from '../times';
import type { RemoteCommand } from './api';

const HOLDS = '/v1/policy-log/holds';
const EXPIRY = '/v1/policy-log/expiry';

/** The same, with times as an API has them. */
type ListedHold = Pick<KnownHold, 'id' | 'scope' | 'name' | 'by' | 'reason'> &
  Readonly<Record<'from' | 'until' | 'liftedAt' | 'entity', string | null>> & { readonly at: string };

const msOf = (time: string | null): number | null => (time === null ? null : Date.parse(time));

const holdOf = ({
  id,
  scope,
  name,
  from,
  until,
  by,
  reason,
  at,
  liftedAt,
  entity,
}: ListedHold): KnownHold => ({
  ...{ id, scope, name, from: msOf(from), until: msOf(until), by, reason },
  ...{ at: Date.parse(at), liftedAt: msOf(liftedAt), subject: entity },
});

export const holds: RemoteCommand<readonly [], HoldsOptions> = async (api, { terminal }, { options }) => {
  const all = options.all === true ? 'true' : undefined;
  const { items } = await api.get<{ readonly items: readonly ListedHold[] }>(HOLDS, { all });
  return showHolds(terminal, options, items.map(holdOf));
};

export const hold: RemoteCommand<readonly [], HoldOptions> = async (api, { terminal }, { options }) => {
  const held = heldFrom(options);
  const span = held.scope === 'time' ? { from: isoOf(held.from), until: isoOf(held.until) } : {};
  const done = await api.post<HoldDone>(HOLDS, { ...held, ...span, reason: options.reason });
  return showHold(terminal, options, done, 'in force');
};

export const lift: RemoteCommand<readonly [id: string], KeepingOptions> = async (
  api,
  { terminal },
  { given: [id], options },
) => {
  const path = `${HOLDS}/${encodeURIComponent(id)}/lift`;
  const done = await api.post<HoldDone>(path, { reason: options.reason });
  return showHold(terminal, options, done, 'lifted');
};

type Due = Expiry['due'][number];
type ListedExpiry = Expiry['cut'] & {
  readonly due: readonly (Pick<Due, 'workflow' | 'run'> & {
    readonly closedAt: string;
    readonly keepUntil: string;
    readonly held: boolean;
  })[];
};

export const expire: RemoteCommand<readonly [], ExpireOptions> = (api, { terminal }, { options }) =>
  showExpiry(terminal, expiryFrom(options), {
    foresee: async (at) => {
      const { due, ...cut } = await api.get<ListedExpiry>(EXPIRY, {
        at: at === undefined ? undefined : isoOf(at),
      });
      const rows = due.map(({ workflow, run, closedAt, keepUntil, held }) => ({
        ...{ workflow, run, closedAt: Date.parse(closedAt), keepUntil: Date.parse(keepUntil), isHeld: held },
      }));
      return { cut, due: rows };
    },
    letGo: (reason) => api.post(EXPIRY, { reason }),
    schedule: (on) => api.post(`${EXPIRY}/schedule`, { on }),
  });
