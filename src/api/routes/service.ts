/** What the service says of itself. Entry ring. */
import { z } from 'zod';
import { ok } from '../../kernel/result';
import { PROMETHEUS_TYPE } from '../../telemetry/registry';
import { API_LIMITS } from '../limits';
import { defineRoute, type ApiDeps, type Route } from '../route';

export const health = defineRoute({
  id: 'health',
  method: 'GET',
  path: '/healthz',
  access: 'public',
  summary: 'Whether the process answers',
  description: 'It asks nobody else: a process is not restarted because a database is down.',
  answer: z.object({ status: z.literal('alive') }),
  answers: { 200: 'it does' },
  handle: () => Promise.resolve(ok({ status: 200, body: { status: 'alive' as const } })),
});

type Found = 'up' | 'down';
type Readiness = 'ready' | 'not_ready' | 'stopping';

/**
 * Whether requests can be served. The servers are really asked, at most once a second however often this is.
 * @param isStopping whether the API has been asked to end
 */
export function readiness(isStopping: () => boolean): Route {
  let held: { readonly at: number; readonly found: Promise<Readonly<Record<string, Found>>> } | undefined;
  return defineRoute({
    id: 'ready',
    method: 'GET',
    path: '/readyz',
    access: 'public',
    summary: 'Whether requests can be served',
    description: 'Temporal and Postgres are really asked. 503 as well from when the API is asked to stop.',
    answer: z.object({
      status: z.enum(['ready', 'not_ready', 'stopping']),
      dependencies: z.record(z.string(), z.enum(['up', 'down'])),
    }),
    answers: { 200: 'they can', 503: 'they can not; `dependencies` says why' },
    async handle(_call, { probes, services }) {
      const now = services.now();
      if (held === undefined || now - held.at >= API_LIMITS.probeHoldsMs)
        held = { at: now, found: ask(probes) };
      const dependencies = { ...(await held.found) };
      const isUp = Object.values(dependencies).every((one) => one === 'up');
      const status: Readiness = isStopping() ? 'stopping' : isUp ? 'ready' : 'not_ready';
      return ok({ status: status === 'ready' ? 200 : 503, body: { status, dependencies } });
    },
  });
}

async function ask(probes: ApiDeps['probes']): Promise<Readonly<Record<string, Found>>> {
  const asked = Object.entries(probes).map(async ([name, probe]) => [name, await look(probe)] as const);
  return Object.fromEntries(await Promise.all(asked));
}

/** A server that takes too long to answer is down, for whoever waits for it. */
async function look(probe: () => Promise<void>): Promise<Found> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Found>((resolve) => {
    timer = setTimeout(() => resolve('down'), API_LIMITS.probeMs);
  });
  const looked = Promise.resolve()
    .then(probe)
    .then((): Found => 'up')
    .catch((): Found => 'down');
  return Promise.race([looked, late]).finally(() => clearTimeout(timer));
}

/** What this process has counted of the caller's own tenant. All tenants are shown at the port that `BACKSTEP_METRICS` names. */
export const metricsRoute = defineRoute({
  id: 'metrics',
  method: 'GET',
  path: '/metrics',
  access: { roles: ['operator', 'auditor', 'admin'] },
  summary: 'What this process has counted of the tenant, for Prometheus',
  answer: z.never(),
  answers: { 200: 'the text format of Prometheus' },
  texts: ['text/plain'],
  handle: async ({ caller }, { services }) =>
    ok({
      status: 200,
      text: await services.telemetry.metrics.text({ tenant: caller.tenant }),
      type: PROMETHEUS_TYPE,
    }),
});

/** @param document made of the table that this route stands in */
export const openApiRoute = (document: () => Readonly<Record<string, unknown>>): Route =>
  defineRoute({
    id: 'openapi',
    method: 'GET',
    path: '/openapi.json',
    access: 'public',
    summary: 'This document',
    answer: z.looseObject({ openapi: z.string() }),
    answers: { 200: 'OpenAPI 3.1' },
    handle: () => Promise.resolve(ok({ status: 200, body: { openapi: '3.1.0', ...document() } })),
  });
