/**
 * The stand-in for Workday's REST services Staffing v6 and Business Process v1, with its OAuth endpoint.
 * Adapter ring.
 */
import type { TokenRoute, Vendor, VendorRoute } from '../vendor';
import { answer, text } from '../wire';
import { presented, refuse } from './errors';
import { eventRoutes } from './events';
import { staffingRoutes } from './staffing';

/** An access token's life; the refresh token does not expire, as is usual for integration clients. */
const TOKEN_TTL_SECONDS = 3_600;

/** Client by HTTP Basic, grant `refresh_token` or `client_credentials`, in the name of the ISU. @source https://community.workday.com/sites/default/files/file-hosting/restapi/index.html */
const oauthToken: TokenRoute = {
  op: 'workday.token',
  path: '/ccx/oauth2/:tenant/token',
  grant({ params, body, basic, now }, office) {
    const grantType = text(body, 'grant_type');
    const account = office.account(
      ({ workday }) =>
        workday.tenant === params['tenant'] &&
        workday.clientId === (basic?.user ?? text(body, 'client_id')) &&
        workday.clientSecret === (basic?.password ?? text(body, 'client_secret')),
    );
    if (!account) return { answer: answer(401, { error: 'invalid_client' }) };
    const isRefresh =
      grantType === 'refresh_token' &&
      text(body, 'refresh_token') === account.credentials.workday.refreshToken;
    if (!isRefresh && grantType !== 'client_credentials')
      return { answer: answer(400, { error: 'invalid_grant' }) };
    return {
      tenant: account.tenant,
      answer: answer(200, {
        access_token: office.grant('workday', account, TOKEN_TTL_SECONDS, now),
        token_type: 'Bearer',
        expires_in: TOKEN_TTL_SECONDS,
      }),
    };
  },
};

/** The tenant in the path must be the one that the token is for. */
function inOwnTenant(route: VendorRoute): VendorRoute {
  return {
    ...route,
    handle: (call) =>
      call.params['tenant'] === call.world.tenant ? route.handle(call) : refuse({ kind: 'bad_credentials' }),
  };
}

export const workday: Vendor = {
  name: 'workday',
  routes: [...staffingRoutes, ...eventRoutes].map(inOwnTenant),
  tokens: [oauthToken],
  presented,
  refuse,
};
