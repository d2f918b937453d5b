/**
 * An API of which only the door is real: tokens and keys, rules, schemas and limits. What stands behind it notes for which
 * tenant somebody came through, and does nothing; what the API does is tested against a stand.
 */
import { Readable } from 'node:stream';
import type { ApiDeps } from '../../src/api/route';
import type { Services } from '../../src/app/services';
import { refuse } from '../../src/app/refusal';
import { createLogger } from '../../src/telemetry/logger';
import { noTelemetry } from '../../src/telemetry/telemetry';
import { OutcomeError } from '../../src/temporal/outcome-error';
import type { TokenIssuer } from './tokens';

/** @param passed is told of the tenant of each request that came through, and of lines of the log */
export function doorOnly({ identify }: Pick<TokenIssuer, 'identify'>, passed: string[]): ApiDeps {
  const client = {
    options: { namespace: 'default', loadedDataConverter: { payloadCodecs: [] } },
    workflow: {
      execute: (
        _type: string,
        { args: [start] }: { readonly args: readonly [{ readonly tenant: string }] },
      ) => {
        passed.push(start.tenant);
        return Promise.resolve({ cut: { before: '', histories: 0, held: 0, sha256: '' } });
      },
    },
    schedule: {
      create: ({ scheduleId }: { readonly scheduleId: string }) => {
        passed.push(scheduleId.split(':')[1] ?? 'no tenant');
        return Promise.resolve({});
      },
    },
    withDeadline: (_deadline: number, work: () => unknown) => work(),
    workflowService: {
      listWorkflowExecutions: ({ query }: { readonly query: string }) => {
        passed.push(/BackstepTenant = '(.*?)'/.exec(query)?.[1] ?? 'no tenant');
        return Promise.resolve({ executions: [], nextPageToken: new Uint8Array() });
      },
    },
  };
  const noted = (id: string): Promise<never> => {
    passed.push(id.split('/')[0] ?? '');
    return Promise.reject(new OutcomeError('OUTCOME_UNKNOWN', id));
  };
  const authority = {
    standing: (tenant: string) => {
      passed.push(tenant);
      return Promise.resolve({ trust: null, imported: null, version: 0 });
    },
  };
  const outcomes = new Proxy({}, { get: (_target, name) => (name === 'client' ? client : noted) });
  const logger = createLogger({ level: 'error', write: (line) => passed.push(line), now: Date.now });
  // A tenant is told of itself alone; whoever comes through is noted as for any other door.
  const notices = {
    backlog: (tenant: string) => {
      passed.push(tenant);
      return Promise.resolve({ waiting: 0, dead: 0 });
    },
    dead: () => Promise.resolve([]),
    revive: (tenant: string) => {
      passed.push(tenant);
      return Promise.resolve(0);
    },
  };
  const reports = {
    list: (tenant: string) => {
      passed.push(tenant);
      return Promise.resolve([]);
    },
    find: (tenant: string) => {
      passed.push(tenant);
      return Promise.resolve(undefined);
    },
  };
  const noteList = (tenant: string): Promise<never[]> => {
    passed.push(tenant);
    return Promise.resolve([]);
  };
  const evidence = {
    log: {
      list: noteList,
      checkpoints: noteList,
      tenants: () => Promise.resolve([]),
      end: () => Promise.resolve({ size: 0, head: new Uint8Array(), frontier: [] }),
    },
    store: {
      alone: () => Promise.resolve(),
      cursors: () => Promise.resolve(new Map()),
      runsOf: () => Promise.resolve([]),
    },
    histories: { list: () => Readable.from([]) },
    holds: { list: noteList },
    retention: {
      due: noteList,
      cut: () => Promise.resolve({ before: new Date(0).toISOString(), histories: 0, held: 0, sha256: '' }),
    },
  };
  const telemetry = noTelemetry();
  telemetry.metrics.text = (only) => {
    passed.push(only?.tenant ?? 'no tenant');
    return Promise.resolve('');
  };
  return {
    services: {
      outcomes,
      authority,
      logger,
      telemetry,
      notices,
      reports,
      evidence,
      // What people have granted each other, and what is to be reviewed.
      approvals: { store: { people: noteList } },
      now: Date.now,
    } as unknown as Services,
    configOf: (tenant) => {
      passed.push(tenant);
      return Promise.resolve(refuse('CONFIG_REFUSED', 'no configuration here'));
    },
    identify,
    answers: {
      claim: () => Promise.resolve({ kind: 'mine' }),
      keep: () => Promise.resolve(),
      release: () => Promise.resolve(),
      probe: () => Promise.resolve(),
    },
    probes: {},
    origins: [],
    version: '0',
  };
}
