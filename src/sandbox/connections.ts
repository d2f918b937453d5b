/**
 * How a tenant's AWFs reach the sandbox, in the names that the systems' clients read.
 * Adapter ring, no I/O.
 */
import type { Connection } from '../dsl/effect';
import type { SandboxCredentials } from './credentials';
import type { SandboxUrls } from './urls';

/** A tenant's connections by the `system` of a contract. */
export function sandboxConnections(
  urls: SandboxUrls,
  credentials: SandboxCredentials,
): Readonly<Record<'workday' | 'okta' | 'intune' | 'servicenow' | 'slack', Connection>> {
  const { workday, okta, graph, servicenow, slack } = credentials;
  const { clientId, clientSecret, refreshToken } = workday;
  return {
    workday: {
      baseUrl: urls.workday,
      secrets: { clientId, clientSecret, refreshToken },
      settings: { tenant: workday.tenant },
    },
    okta: { baseUrl: urls.okta, secrets: { token: okta.token } },
    intune: {
      baseUrl: urls.graph,
      secrets: { clientId: graph.clientId, clientSecret: graph.clientSecret },
      settings: { tenantId: graph.tenantId },
    },
    servicenow: {
      baseUrl: urls.servicenow,
      secrets: { username: servicenow.username, password: servicenow.password },
    },
    slack: { baseUrl: urls.slack, secrets: { token: slack.token } },
  };
}
