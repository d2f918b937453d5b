/**
 * What is watched inside an attempt: how long admission takes, what holds, and each request to a connected system, which
 * carries the trace along.
 * Adapter ring; it changes nothing of what it watches, but for the header `traceparent` where spans are recorded.
 */
import type { Watch } from '../dsl/effect';
import type { Admit } from '../temporal/admission';
import type { Telemetry } from './telemetry';
import { traceparentOf } from './trace-ids';

/** The same admission, measured. */
export function measuredAdmit({ metrics }: Pick<Telemetry, 'metrics'>, admit: Admit): Admit {
  return async (request) => {
    const from = performance.now();
    let result = 'unavailable';
    try {
      const admitted = await admit(request);
      result = admitted.admission.kind;
      return admitted;
    } finally {
      metrics.observe('backstep_admission_seconds', { result }, (performance.now() - from) / 1_000);
    }
  };
}

/** Counts what holds an action by the kind of its cause: `kill:onboard` is a `kill`, whichever automation it is. */
export const countHolds =
  ({ metrics }: Pick<Telemetry, 'metrics'>) =>
  (tenant: string, causes: readonly string[]): void => {
    for (const cause of new Set(causes.map(kindOf))) metrics.count('backstep_holds_total', { tenant, cause });
  };

const kindOf = (cause: string): string => cause.split(':')[0] ?? cause;

/**
 * Watches requests to connected systems. Their paths may name people, so neither span nor figure says more of a request than
 * its method, its system and the class of the answer.
 */
export const watchRequests =
  ({ tracing, metrics }: Telemetry): ((of: { readonly tenant: string; readonly system: string }) => Watch) =>
  ({ tenant, system }) =>
  (method, send) =>
    tracing.inSpan(
      {
        name: `${method} ${system}`,
        kind: 'client',
        attributes: { 'http.request.method': method, 'backstep.system': system },
      },
      async (span) => {
        const from = performance.now();
        let status = 'none';
        try {
          const answer = await send(span.ref === undefined ? {} : { traceparent: traceparentOf(span.ref) });
          status = `${Math.floor(answer.status / 100)}xx`;
          span.set({ 'http.response.status_code': answer.status });
          if (answer.status >= 400) span.fail(String(answer.status));
          return answer;
        } finally {
          metrics.count('backstep_vendor_requests_total', { tenant, system, status });
          metrics.observe('backstep_vendor_request_seconds', { system }, (performance.now() - from) / 1_000);
        }
      },
    );
