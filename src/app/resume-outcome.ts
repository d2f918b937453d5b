/**
 * Use case: an outcome that goes on from a node of another one. It is an outcome of its own, under the name of who asks for it, with
 * a plan compiled today and approvals of its own; what was done before the node is taken along and not fired again.
 * Entry ring. The one form of replay that executes.
 */
import { splitOutcomeId, type OutcomeId } from '../kernel/ids';
import type { Json } from '../kernel/json';
import { ok, type Result } from '../kernel/result';
import type { Plan } from '../plan/plan';
import { compileRequestOf } from '../replay/rehearse';
import { termsOf } from './approvals/terms';
import { findRunbook, shipped } from './catalog';
import { compileOutcome } from './compile-outcome';
import type { TenantConfig } from './configuration';
import { noSuchOutcome, refuse, type Refusal } from './refusal';
import { storyFrom } from './replay/replay';
import { liveSource } from './replay/sources';
import { underOf } from './rulebook';
import { takeAlong, type ResumeWish } from './resume-plan';
import { startOnce } from './same-start';
import type { Services } from './services';

export interface ResumeRequest extends ResumeWish {
  readonly config: TenantConfig;
  /** The outcome to go on with. */
  readonly of: string;
  /** Id of the new outcome's event. The same id is never run twice. */
  readonly eventId: string;
  /** Parameters in place of those that were given then. */
  readonly params: { readonly [name: string]: Json };
}

export interface Resumed {
  readonly id: OutcomeId;
  readonly plan: Plan;
  readonly planId: string;
  readonly isNew: boolean;
  readonly carried: readonly string[];
  readonly inherited: readonly string[];
}

/** Errors: `OUTCOME_UNKNOWN`, `COMPILE_REFUSED`, `RESUME_REFUSED` with all the reasons. */
export async function resumeOutcome(
  services: Services,
  request: ResumeRequest,
): Promise<Result<Resumed, Refusal>> {
  const { of, from, by, config, eventId } = request;
  const { bundle } = config;
  if (splitOutcomeId(of)?.tenant !== bundle.tenant) return noSuchOutcome(of);
  const story = await storyFrom(liveSource(services), of);
  if (!story.ok) return story;
  const last = story.value.runs.at(-1);
  if (last?.end === undefined) {
    return refuse('RESUME_REFUSED', `\`${of}\` still runs`, {
      help: 'it goes on by itself; `backstep override` and `backstep resolve` change its course',
    });
  }
  const { start } = story.value;
  const runbook = findRunbook(start.plan.outcome, shipped().runbooks);
  if (!runbook.ok) return refuse('COMPILE_REFUSED', 'no such outcome', { diagnostics: [runbook.error] });
  const entity = await services.cortex.need(bundle.tenant, start.plan.entity.id);
  if (!entity.ok) return refuse('COMPILE_REFUSED', 'no such entity', { diagnostics: [entity.error] });
  const { event, given } = compileRequestOf(story.value, entity.value.fields);
  const compiled = compileOutcome({
    bundle,
    runbook: runbook.value,
    entity: entity.value,
    ...(event === undefined ? {} : { event }),
    given: { ...given, run: { ...given.run, ...request.params } },
  });
  if (!compiled.ok) {
    return refuse('COMPILE_REFUSED', `${start.plan.outcome} does not compile today for ${entity.value.id}`, {
      diagnostics: compiled.error,
    });
  }
  const { plan, planId, facts } = compiled.value;
  const { contracts } = shipped();
  const taken = await takeAlong(story.value, plan, { ...request, contracts });
  if (!taken.ok) {
    return refuse('RESUME_REFUSED', `\`${of}\` can't be gone on with from \`${from}\``, {
      diagnostics: taken.error,
    });
  }
  const { overrides, carried, inherited } = taken.value;
  const started = await startOnce(
    services,
    {
      plan,
      planId,
      cause: { person: by },
      startedBy: by,
      under: underOf(plan, facts, { person: by }),
      terms: termsOf(bundle, facts, planId),
      overrides,
      resumes: { of, from, inherits: inherited },
    },
    { eventId },
  );
  return started.ok ? ok({ ...started.value, carried, inherited }) : started;
}
