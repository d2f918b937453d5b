/** A small catalog and a tenant made of texts, for the tests of configuration. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Bundle } from '../../../src/config/bundle';
import type { ConfigCatalog } from '../../../src/config/catalog';
import type { CloudEvent } from '../../../src/config/cloud-event';
import { compileBundle, type Compiled } from '../../../src/config/compile-bundle';
import type { Facts } from '../../../src/config/layers';
import type { ConfigFile } from '../../../src/config/yaml-file';
import type { Diagnostic } from '../../../src/kernel/diagnostic';
import type { Result } from '../../../src/kernel/result';

export const CATALOG: ConfigCatalog = {
  awfs: [
    { name: 'okta.assign_groups', system: 'okta' },
    { name: 'okta.create_identity', system: 'okta' },
    { name: 'slack.invite_channels', system: 'slack' },
  ],
  runbooks: [
    {
      id: 'onboard.contractor',
      outcome: 'EMP-R-001',
      domain: 'people',
      params: z.object({
        groups: z.array(z.string()),
        device: z.enum(['mac', 'pc', 'none']),
        seats: z.number().max(9),
      }),
      nodes: ['identity', 'groups'],
    },
    { id: 'renew.licence', outcome: 'IT-R-001', domain: 'it', params: z.object({}) },
  ],
};

export const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

export const file = (path: string, text: string): ConfigFile => ({ path: `config/${path}`, text });

/** The least a tenant needs; `more` stands at the end of `tenant.yaml`. */
export const tenantFile = (more = ''): ConfigFile =>
  file(
    'acme/tenant.yaml',
    `name: Acme\ntier: pro\nteams: [design, sales]\nregions: [emea]\nclasses: [contractor]\n${more}`,
  );

export const compile = (...files: readonly ConfigFile[]): Result<Compiled, readonly Diagnostic[]> =>
  compileBundle({
    tenant: 'acme',
    files: files.some(({ path }) => path === 'config/acme/tenant.yaml') ? files : [tenantFile(), ...files],
    catalog: CATALOG,
    digest,
  });

/** The bundle of files that are expected to be good. */
export function bundleOf(...files: readonly ConfigFile[]): Bundle {
  return compiled(...files).bundle;
}

export function compiled(...files: readonly ConfigFile[]): Compiled {
  const result = compile(...files);
  if (!result.ok) throw new Error(JSON.stringify(result.error, null, 2));
  return result.value;
}

/** What is wrong with files that are expected to be bad. */
export function mistakesOf(...files: readonly ConfigFile[]): readonly Diagnostic[] {
  const result = compile(...files);
  if (result.ok) throw new Error('nothing was found wrong');
  return result.error;
}

export const FACTS: Facts = {
  tenant: 'acme',
  tier: 'pro',
  region: 'emea',
  domain: 'people',
  runbook: 'onboard.contractor',
  team: 'design',
  class: 'contractor',
};

export const event = (more: Partial<CloudEvent> = {}): CloudEvent => ({
  specversion: '1.0',
  id: 'e-1',
  source: '/hr',
  type: 'hr.hired',
  data: { email: 'Sarah.Chen@acme.example', kind: 'contractor' },
  extensions: {},
  ...more,
});
