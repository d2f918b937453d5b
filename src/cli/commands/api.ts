/** `backstep api` and `backstep token`: the REST API until Ctrl-C, and tokens of a stand's own issuer. Entry ring. */
import { trustedIssuer } from '../../api/issuers';
import { openLocalIssuer } from '../../api/local-issuer';
import { isRole, ROLES, type Role } from '../../api/roles';
import { serveApi } from '../../api/serve';
import { wiringOf } from '../../app/wiring';
import { didYouMean } from '../../kernel/diagnostic';
import { usage } from '../complaint';
import type { CommandContext, CommandResult, CommonOptions } from '../context';
import { standThatIsUp } from '../services';

interface ApiOptions extends CommonOptions {
  readonly host: string;
  readonly port: number;
}

export async function api(context: CommandContext, _given: readonly [], options: ApiOptions): CommandResult {
  const { terminal, settings } = context;
  const { host, port } = options;
  const named = wiringOf(settings);
  const identify = await trustedIssuer(settings, named === undefined);
  const wiring = named ?? (await standThatIsUp(context, options)).wiring;
  const signal = context.signal();
  const served = await terminal.during('starting the API', () =>
    serveApi({ settings, wiring, identify, host, port }),
  );
  if (options.json) terminal.json({ ready: true, pid: process.pid, url: served.url });
  else terminal.line(`the API is at ${served.url}; Ctrl-C stops it`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await terminal.during('stopping', () => served.stop());
  return 0;
}

interface TokenOptions extends CommonOptions {
  readonly as: string;
  readonly roles?: readonly string[];
  readonly minutes: number;
}

export async function token(
  context: CommandContext,
  _given: readonly [],
  options: TokenOptions,
): CommandResult {
  const { terminal, settings } = context;
  const { as: name, tenant, minutes } = options;
  const roles = (options.roles ?? ['operator']).map(roleFrom);
  const issuer = await openLocalIssuer(settings);
  const now = Date.now();
  const signed = await issuer.sign({ name, tenant, roles }, minutes * 60, now);
  const expiresAt = new Date(now + minutes * 60_000).toISOString();
  if (options.json) terminal.json({ token: signed, name, tenant, roles, expiresAt });
  else terminal.line(signed);
  return 0;
}

function roleFrom(name: string): Role {
  if (isRole(name)) return name;
  const help = didYouMean(name, ROLES) ?? `there are ${ROLES.map((role) => `\`${role}\``).join(', ')}`;
  throw usage(`\`${name}\` is no role`, help);
}
