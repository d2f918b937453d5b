/**
 * Vendors' libraries, loaded on first use: one takes seconds and 90 MB, and a worker may never need it.
 * `require` rather than `import()`, so that source and build load the very same files.
 */
/* eslint-disable @typescript-eslint/no-require-imports */

import type * as Graph from '@microsoft/microsoft-graph-client';
import type * as Ldap from 'ldapts';
import type * as Okta from '@okta/okta-sdk-nodejs';
import type * as Slack from '@slack/web-api';

export const libraries = {
  okta: () => require('@okta/okta-sdk-nodejs') as typeof Okta,
  slack: () => require('@slack/web-api') as typeof Slack,
  graph: () => require('@microsoft/microsoft-graph-client') as typeof Graph,
  ldap: () => require('ldapts') as typeof Ldap,
} as const;
