/** A tenant of its own for each test, with the stores of a real Postgres. */
import { randomUUID } from 'node:crypto';
import type { Bundle } from '../../../src/config/bundle';
import { compileBundle } from '../../../src/config/compile-bundle';
import { createCortex, type Cortex } from '../../../src/cortex/cortex';
import { createIngest, type Ingest } from '../../../src/cortex/ingest';
import { createEntityStore } from '../../../src/store/entities';
import { createEventStore, type EventStore } from '../../../src/store/events';
import type { Database } from '../../../src/store/database';
import { CATALOG, digest } from '../../pure/config/fixtures';

export interface Tenancy {
  readonly tenant: string;
  readonly bundle: Bundle;
  readonly cortex: Cortex;
  readonly ingest: Ingest;
  readonly events: EventStore;
  /** The tenant with other automations: `kind` by automation id, `*` for all events. */
  readonly withAutomations: (kinds: Readonly<Record<string, string>>) => Bundle;
}

/** What the clock of the tests stands at. */
export const NOW = Date.parse('2026-11-23T12:00:00Z');

const ENTITIES = `
types:
  person:
    fields:
      name: { type: text, required: true }
      email: { type: text }
      team: { type: text }
    relations:
      manager: { to: person }
      reports: { to: person, inverse: manager }
feeds:
  - id: hired
    events: [hr.hired]
    entity: person:{data.email|localpart}
    fields: { name: { from: data.name }, email: { from: data.email }, team: { from: data.team } }
    relations: { manager: "person:{data.boss}" }
`;

export function tenancy(database: Database, tenant = `t-${randomUUID()}`): Tenancy {
  const withAutomations = (kinds: Readonly<Record<string, string>>): Bundle => {
    const automations = Object.entries(kinds).map(([id, kind]) => ({
      path: `config/${tenant}/automations/${id}.yaml`,
      text:
        `id: ${id}\nevents: [hr.hired]\noutcome: EMP-R-001\nentity: person:{data.email|localpart}\n` +
        (kind === '*' ? '' : `when: { path: data.kind, equals: ${kind} }\n`),
    }));
    const files = [
      { path: `config/${tenant}/tenant.yaml`, text: 'name: T\ntier: pro\n' },
      { path: `config/${tenant}/entities.yaml`, text: ENTITIES },
      ...automations,
    ];
    const compiled = compileBundle({ tenant, files, catalog: CATALOG, digest });
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
    return compiled.value.bundle;
  };
  const cortex = createCortex(createEntityStore(database));
  const events = createEventStore(database);
  const ingest = createIngest({ events, cortex, now: () => NOW });
  return {
    tenant,
    bundle: withAutomations({ contractors: 'contractor' }),
    cortex,
    ingest,
    events,
    withAutomations,
  };
}

/** A hire as it is sent. */
export const hired = (
  more: Readonly<Record<string, unknown>> = {},
  data: Readonly<Record<string, unknown>> = {},
) => ({
  specversion: '1.0',
  id: 'e-1',
  source: '/hr',
  type: 'hr.hired',
  data: { email: 'ada@acme.example', name: 'Ada', kind: 'contractor', ...data },
  ...more,
});
