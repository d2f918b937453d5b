/**
 * The stand-in for Microsoft Graph v1.0, with the token endpoint of the Microsoft identity platform beside it.
 * Adapter ring.
 * @source https://learn.microsoft.com/en-us/graph/overview
 */
import type { TokenRoute, Vendor } from '../vendor';
import { answer, text } from '../wire';
import { directoryRoutes } from './directory';
import { presented, refuse } from './errors';
import { intuneRoutes } from './intune';

/** The platform's tokens live an hour, less a second. */
const TOKEN_TTL_SECONDS = 3_599;

/** @source https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
const clientCredentials: TokenRoute = {
  op: 'graph.token',
  path: '/:tenant/oauth2/v2.0/token',
  grant({ params, body, now }, office) {
    const refused = (error: string, description: string) => ({
      answer: answer(error === 'invalid_client' ? 401 : 400, { error, error_description: description }),
    });
    if (text(body, 'grant_type') !== 'client_credentials') {
      return refused('unsupported_grant_type', 'AADSTS70003: The app requested an unsupported grant type.');
    }
    if (!text(body, 'scope')?.endsWith('/.default')) {
      return refused('invalid_scope', 'AADSTS1002012: The provided value for scope is not valid.');
    }
    const account = office.account(
      ({ graph }) =>
        graph.tenantId === params['tenant'] &&
        graph.clientId === text(body, 'client_id') &&
        graph.clientSecret === text(body, 'client_secret'),
    );
    if (!account) return refused('invalid_client', 'AADSTS7000215: Invalid client secret provided.');
    return {
      tenant: account.tenant,
      answer: answer(200, {
        token_type: 'Bearer',
        expires_in: TOKEN_TTL_SECONDS,
        ext_expires_in: TOKEN_TTL_SECONDS,
        access_token: office.grant('graph', account, TOKEN_TTL_SECONDS, now),
      }),
    };
  },
};

export const graph: Vendor = {
  name: 'graph',
  routes: [...directoryRoutes, ...intuneRoutes],
  tokens: [clientCredentials],
  presented,
  refuse,
};
