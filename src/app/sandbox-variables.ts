/**
 * The variables that `config/<tenant>/connections.yaml` names, for a tenant whose systems are the sandbox's: so robots reach
 * stand-ins through the very same look-up as real systems.
 * Entry ring; pure. What the environment sets itself is stronger.
 */
import { credentialsFor } from '../sandbox';
import { urlsAt } from '../sandbox/urls';

/** Variables by name. @param url address of the sandbox, such as `http://127.0.0.1:4000` */
export function sandboxVariables(tenant: string, url: string): Readonly<Record<string, string>> {
  const urls = urlsAt(Number(new URL(url).port));
  const { workday, okta, graph, servicenow, slack } = credentialsFor(tenant);
  const variables: Readonly<Record<string, string>> = {
    WORKDAY_URL: urls.workday,
    WORKDAY_CLIENT_ID: workday.clientId,
    WORKDAY_CLIENT_SECRET: workday.clientSecret,
    WORKDAY_REFRESH_TOKEN: workday.refreshToken,
    OKTA_URL: urls.okta,
    OKTA_TOKEN: okta.token,
    GRAPH_URL: urls.graph,
    GRAPH_CLIENT_ID: graph.clientId,
    GRAPH_CLIENT_SECRET: graph.clientSecret,
    GRAPH_TENANT_ID: graph.tenantId,
    SERVICENOW_URL: urls.servicenow,
    SERVICENOW_USERNAME: servicenow.username,
    SERVICENOW_PASSWORD: servicenow.password,
    SERVICENOW_CLIENT_ID: servicenow.clientId,
    SERVICENOW_CLIENT_SECRET: servicenow.clientSecret,
    SLACK_URL: urls.slack,
    SLACK_TOKEN: slack.token,
  };
  const prefix = tenant.toUpperCase().replaceAll('-', '_');
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [`${prefix}_${name}`, value]));
}
