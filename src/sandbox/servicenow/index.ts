/**
 * The stand-in for one ServiceNow instance: Table API, Service Catalog and its OAuth endpoint.
 * Adapter ring.
 */
import type { TokenRoute, Vendor } from '../vendor';
import { answer, text } from '../wire';
import { catalogRoutes } from './catalog';
import { presented, refuse } from './errors';
import { tableRoutes } from './table';

/** The platform's default for access tokens. */
const TOKEN_TTL_SECONDS = 1_800;

/** @source https://docs.servicenow.com/bundle/washingtondc-platform-security/page/administer/security/concept/c_OAuthApplications.html */
const oauthToken: TokenRoute = {
  op: 'servicenow.token',
  path: '/oauth_token.do',
  grant({ body, now }, office) {
    const grantType = text(body, 'grant_type');
    const account = office.account(
      ({ servicenow }) =>
        servicenow.clientId === text(body, 'client_id') &&
        servicenow.clientSecret === text(body, 'client_secret') &&
        (grantType !== 'password' ||
          (servicenow.username === text(body, 'username') && servicenow.password === text(body, 'password'))),
    );
    if (!account || (grantType !== 'password' && grantType !== 'client_credentials')) {
      return { answer: answer(401, { error: 'access_denied', error_description: 'access_denied' }) };
    }
    return {
      tenant: account.tenant,
      answer: answer(200, {
        access_token: office.grant('servicenow', account, TOKEN_TTL_SECONDS, now),
        scope: 'useraccount',
        token_type: 'Bearer',
        expires_in: TOKEN_TTL_SECONDS,
      }),
    };
  },
};

export const servicenow: Vendor = {
  name: 'servicenow',
  routes: [...tableRoutes, ...catalogRoutes],
  tokens: [oauthToken],
  presented,
  refuse,
};
