/** `backstep keys list|rotate|revoke`: what decisions and acts of people are signed with. Entry ring. */
import { listKeys, revokeKey, rotateKey, type KeyDone, type ShownKey } from '../../app/approvals/keys';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { acceptedOf } from '../refuse';
import { withServices } from '../services';
import { table } from '../table';
import { isoOf, timeOf } from '../times';

interface ActOptions extends CommonOptions {
  readonly as: string;
  readonly reason: string;
}

export async function list(
  context: CommandContext,
  _given: readonly [],
  options: CommonOptions,
): CommandResult {
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const keys = await listKeys(services, options.tenant);
    const { terminal } = context;
    if (options.json) for (const key of keys) terminal.json(key);
    else if (keys.length === 0) terminal.line('nothing has been signed yet');
    else for (const line of table(keys.map(cellsOf))) terminal.line(line);
    return 0;
  });
}

const cellsOf = ({ kid, state, createdAt, revokedAt, sealedWith }: ShownKey): readonly string[] => [
  kid,
  revokedAt === undefined ? state : `${state} ${isoOf(revokedAt)}`,
  `made ${isoOf(createdAt)}`,
  state !== 'signs' ? '' : sealedWith === undefined ? 'not sealed' : `sealed with ${sealedWith}`,
];

export async function rotate(
  context: CommandContext,
  _given: readonly [],
  { as: by, reason, ...options }: ActOptions,
): CommandResult {
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const done = await rotateKey(services, options.tenant, { by, reason });
    return shown(context, options, done, 'signs from now on');
  });
}

export async function revoke(
  context: CommandContext,
  [kid]: readonly [kid: string],
  { as: by, reason, since, ...options }: ActOptions & { readonly since?: string },
): CommandResult {
  const from = since === undefined ? undefined : timeOf('--since', since);
  return withServices(context, options, { starts: false }, async (services): CommandResult => {
    const asked = { kid, by, reason, ...(from === undefined ? {} : { since: from }) };
    const done = acceptedOf(await revokeKey(services, options.tenant, asked));
    return shown(context, options, done, 'is revoked');
  });
}

function shown({ terminal }: CommandContext, { json }: CommonOptions, done: KeyDone, what: string): 0 {
  if (json) terminal.json(done);
  else terminal.line(`${done.kid} ${what}`);
  return 0;
}
