/**
 * Those who run against each other: the saga written by hand, and Backstep with the same six steps in either lane and with
 * EMP-R-001 as it ships. What an outcome costs its caller (compiling the plan, too) is inside the time.
 */
import { Client, Connection } from '@temporalio/client';
import { awfs } from '../activities/contracts';
import { onboardContractor } from '../runbooks/people/onboard-contractor';
import { sha256 } from '../src/app/digest';
import { compileOutcome, rulesetOf } from '../src/app/compile-outcome';
import { loadConfig } from '../src/app/configuration';
import { readSettings } from '../src/app/settings';
import { compile } from '../src/compiler';
import type { Bundle } from '../src/config/bundle';
import { factsOf } from '../src/config/facts';
import { resolveParams, resolveSettings, retryRules } from '../src/config/params';
import { resolveFigures } from '../src/config/resolve';
import { catalogOf } from '../src/dsl/catalog';
import { printDiagnostic, type Diagnostic } from '../src/kernel/diagnostic';
import type { Result } from '../src/kernel/result';
import type { Compiled } from '../src/compiler';
import { connectOutcomes } from '../src/temporal/client';
import { createCodec } from '../src/temporal/codec';
import { ITEM, PROFILE, sixSteps } from './six-steps';
import { SAGA_QUEUE, type Contractor } from './saga/protocol';
import type { Candidate } from './people';
import { TENANT, type Stage } from './stage';

/** The first is what all others are measured against; the second has local activities, and is there to show Temporal's own limit. */
export const NAMES = [
  'hand-written',
  'hand-written, local',
  'remote lane',
  'local lane',
  'as shipped',
] as const;
export type Name = (typeof NAMES)[number];

/** Workflow types of the sagas written by hand. */
const SAGAS = {
  'hand-written': 'onboardContractor',
  'hand-written, local': 'onboardContractorLocally',
} as const;

export const isSaga = (name: Name): name is keyof typeof SAGAS => name in SAGAS;

export interface Contestants {
  /** Runs one outcome to its end, and answers the workflow's id; rejects where it did not complete. */
  run(name: Name, candidate: Candidate): Promise<string>;
  readonly client: Client;
  close(): Promise<void>;
}

/** @param codec as the workers have it */
export async function meetContestants(stage: Stage, codec: boolean): Promise<Contestants> {
  const { address, namespace } = stage;
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  const outcomes = await connectOutcomes({
    address,
    namespace,
    codec: codec
      ? createCodec()
      : { encode: (all) => Promise.resolve(all), decode: (all) => Promise.resolve(all) },
  });
  const plans = await planners();
  const { groups, channels } = plans.params;
  return {
    client,
    async run(name, candidate) {
      if (isSaga(name)) return runSaga(client, SAGAS[name], { ...candidate, groups, channels });
      const { plan, planId } = given(plans[name](candidate));
      const { id } = await outcomes.start(
        {
          plan,
          planId,
          cause: { event: candidate.event, type: 'com.acme.hr.contractor.hired' },
          startedBy: 'automation:onboard-contractor',
        },
        candidate.event,
      );
      const { phase } = await outcomes.result(id);
      if (phase !== 'completed') throw new Error(`\`${id}\` ended as ${phase}`);
      return id;
    },
    async close() {
      await Promise.all([connection.close(), outcomes.close()]);
    },
  };
}

async function runSaga(client: Client, type: string, candidate: SagaCandidate): Promise<string> {
  const { fields, groups, channels, event } = candidate;
  const person: Contractor = {
    name: fields.name,
    email: fields.email,
    worker: fields.workdayId,
    endDate: fields.contractEnd,
    deviceGroup: fields.deviceGroup,
    groups,
    channels,
    profile: PROFILE,
    item: ITEM,
  };
  const workflowId = `${TENANT}/saga/${event}`;
  const handle = await client.workflow.start(type, {
    workflowId,
    taskQueue: SAGA_QUEUE,
    args: [person],
  });
  await handle.result();
  return workflowId;
}

interface SagaCandidate extends Candidate {
  readonly groups: readonly string[];
  readonly channels: readonly string[];
}

type Planner = (candidate: Candidate) => Result<Compiled, readonly Diagnostic[]>;

type Planners = Readonly<Record<Exclude<Name, keyof typeof SAGAS>, Planner>> & {
  readonly params: { readonly groups: readonly string[]; readonly channels: readonly string[] };
};

/** Acme's configuration as it ships; the six steps are given what EMP-R-001 gets from it, and a lane. */
async function planners(): Promise<Planners> {
  const settings = readSettings({});
  const { bundle } = given(await loadConfig(settings, TENANT));
  const entity = { id: 'person:load.0001', fields: { team: 'engineering', employment: 'contractor' } };
  const facts = given(factsOf(bundle, { entity, runbook: onboardContractor }));
  const bound = given(resolveParams(bundle, onboardContractor, { facts }));
  const { groups, channels } = bound;
  if (groups === undefined || channels === undefined) throw new Error('the team has no groups or channels');
  const sixStepsIn = (lane: 'remote' | 'local'): Planner => {
    const prepared = {
      ...figuresOf(bundle, facts),
      runbook: sixSteps,
      tenant: TENANT,
      params: { groups, channels },
      catalog: catalogOf(awfs, [sixSteps]),
      digest: sha256,
    };
    const lanes = { lane: { value: lane, from: 'run' } };
    const merged = { ...resolveSettings(bundle, facts), ...lanes };
    return ({ entityId, fields }) =>
      compile({ ...prepared, settings: merged, entity: { id: entityId, fields: { ...fields } } });
  };
  return {
    params: { groups: groups.value as readonly string[], channels: channels.value as readonly string[] },
    'remote lane': sixStepsIn('remote'),
    'local lane': sixStepsIn('local'),
    'as shipped': ({ entityId, fields }) =>
      compileOutcome({
        bundle,
        runbook: onboardContractor,
        entity: { id: entityId, fields: { ...fields } },
      }),
  };
}

function figuresOf(bundle: Bundle, facts: Parameters<typeof resolveFigures>[1]) {
  const figures = given(resolveFigures(bundle, facts));
  return { ruleset: rulesetOf(figures), retry: retryRules(figures) };
}

function given<T>(result: Result<T, readonly Diagnostic[]>): T {
  if (result.ok) return result.value;
  throw new Error(result.error.map(printDiagnostic).join('\n'));
}
