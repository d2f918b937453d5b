/** Where each vendor is reached, as the vendor's own SDK wants to be told. Adapter ring. */

export interface SandboxUrls {
  /** Before `/ccx/…`. */
  readonly workday: string;
  /** The SDK's `orgUrl`. */
  readonly okta: string;
  /** The SDK's `baseUrl`, before `/v1.0`; tokens at `/<tenant id>/oauth2/v2.0/token` below it. */
  readonly graph: string;
  /** The instance: before `/api/now/…`. */
  readonly servicenow: string;
  /** The SDK's `slackApiUrl`, with the slash at its end. */
  readonly slack: string;
  /** The admin API, without a slash at its end. */
  readonly admin: string;
}

export function urlsAt(port: number): SandboxUrls {
  const base = `http://127.0.0.1:${port}`;
  return {
    workday: `${base}/workday`,
    okta: `${base}/okta`,
    graph: `${base}/graph`,
    servicenow: `${base}/servicenow`,
    slack: `${base}/slack/api/`,
    admin: `${base}/__admin`,
  };
}
