/**
 * Real servers, the sandbox of the vendors' systems and a crew of robot processes; onboardings of its people, forward in one
 * tenant and back in the other, so that the other must end as it began.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onboardContractor } from '../../runbooks/people/onboard-contractor';
import { compileOutcome } from '../../src/app/compile-outcome';
import { loadConfig } from '../../src/app/configuration';
import { readSettings } from '../../src/app/settings';
import type { Bundle } from '../../src/config/bundle';
import { printTrace } from '../../src/engine/trace';
import { outcomeIdOf } from '../../src/kernel/ids';
import type { Lane, Plan } from '../../src/plan/plan';
import { personIds, SandboxAdmin, startSandboxProcess, type SandboxProcess } from '../../src/sandbox';
import { connectOutcomes, type Outcomes } from '../../src/temporal/client';
import { createCodec } from '../../src/temporal/codec';
import { bundleOnce } from './bundle-once';
import { Crew } from './crew';
import { KillPoints } from './kill-points';
import { openTestStand, type TestStand } from './stand';
import type { VendorRobotSettings } from './vendor-robot-process';

/** Whose onboardings go through. */
export const FORWARD = 'acme';
/** Where Slack refuses for good, so that every onboarding is taken back. */
export const BACKWARD = 'globex';
export type Tenant = typeof FORWARD | typeof BACKWARD;
/** Slack's word when it refuses, and what the contract calls it. */
const SLACK_REFUSES = 'restricted_action';
export const REFUSAL = 'action_restricted';

/** What the onboardings are selected by. */
export const VENDOR_AUTOMATION = 'onboard-contractor';

export interface Begun {
  readonly id: string;
  readonly tenant: Tenant;
}

export interface VendorStand {
  readonly servers: TestStand;
  readonly outcomes: Outcomes;
  readonly admin: SandboxAdmin;
  readonly kills: KillPoints;
  readonly crew: Crew;
  /** Starts the onboarding of a person; the lane is that of every action. */
  begin(tenant: Tenant, person: string, lane: Lane): Promise<Begun>;
  /** The id that this onboarding has, or will have. */
  idOf(tenant: Tenant, person: string, lane: Lane): string;
  close(): Promise<void>;
}

const codec = createCodec();

/** @param options.name of the servers' stand, which is this one's alone; `people` are contractors for load in each tenant */
export async function openVendorStand(options: {
  readonly name: string;
  readonly people: number;
  readonly robots: number;
  /** Whether the authority rules stand in the way of every firing. */
  readonly isGoverned?: boolean;
}): Promise<VendorStand> {
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return { ...(await openParts(options, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param closers what has to be closed again, in the order of its opening */
async function openParts(
  options: Parameters<typeof openVendorStand>[0],
  closers: (() => unknown)[],
): Promise<Omit<VendorStand, 'close'>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'backstep-kill-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const killDir = path.join(folder, 'kills');
  mkdirSync(killDir);
  // Bundling keeps this process busy for a second or two: nothing that has a deadline may wait for it.
  const workflows = path.join(folder, 'bundle.js');
  writeFileSync(workflows, (await bundleOnce()).code);
  const bundle = await configuration();
  const servers = await openTestStand(options.name);
  closers.push(() => servers.close());
  const sandbox = await startSandboxProcess({ dataDir: path.join(folder, 'sandbox') });
  closers.push(() => sandbox.stop());
  const { address, namespace } = servers.stand.temporal;
  const outcomes = await connectOutcomes({ address, namespace, codec });
  closers.push(() => outcomes.close());
  const admin = await seeded(sandbox, options.people);
  const settings: VendorRobotSettings = {
    address,
    namespace,
    databaseUrl: servers.stand.postgres.url,
    bundle: workflows,
    sandbox: sandbox.urls,
    kills: killDir,
    ...(options.isGoverned === undefined ? {} : { isGoverned: options.isGoverned }),
  };
  const crew = new Crew('vendor-robot-process.ts', settings);
  closers.push(() => crew.stop());
  await crew.start(options.robots);
  return {
    servers,
    outcomes,
    admin,
    kills: new KillPoints(killDir),
    crew,
    begin: async (tenant, person, lane) => {
      const plan = onboarding(bundle, tenant, person, lane);
      const start = {
        ...{ plan, planId: 'test', cause: { event: person }, startedBy: `automation:${VENDOR_AUTOMATION}` },
        under: {
          ...{ runbook: plan.runbook.id, domain: plan.runbook.domain, entity: plan.entity.id },
          automation: VENDOR_AUTOMATION,
        },
      };
      return { id: (await outcomes.start(start, eventOf(person, lane))).id, tenant };
    },
    idOf: (tenant, person, lane) => outcomeIdOf(tenant, onboardContractor.outcome, eventOf(person, lane)),
  };
}

const eventOf = (person: string, lane: Lane): string => `${lane}-${person}`;

async function seeded(sandbox: SandboxProcess, people: number): Promise<SandboxAdmin> {
  const admin = new SandboxAdmin(sandbox.urls.admin);
  for (const tenant of [FORWARD, BACKWARD]) await admin.seed(tenant, people);
  await admin.addFault({
    match: { tenant: BACKWARD, op: 'slack.conversations.invite' },
    effect: { kind: 'refuse', code: SLACK_REFUSES },
  });
  return admin;
}

async function configuration(): Promise<Bundle> {
  const config = await loadConfig(readSettings({}), 'acme');
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  return config.value.bundle;
}

/**
 * EMP-R-001 as it is shipped and configured for a team, but for the lane, and for pauses after failures that are short enough
 * for a test.
 */
function onboarding(bundle: Bundle, tenant: Tenant, person: string, lane: Lane): Plan {
  const ids = personIds(tenant, person);
  const compiled = compileOutcome({
    bundle,
    runbook: onboardContractor,
    entity: {
      id: `person:${person}`,
      fields: {
        name: ids.fullName,
        email: ids.email,
        workdayId: ids.workdayReference,
        contractEnd: '2027-05-31',
        deviceGroup: ids.deviceGroupId,
        team: 'engineering',
        employment: 'contractor',
      },
    },
  });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  const { plan } = compiled.value;
  const rule = { max: 20, delaysMs: [1_000] };
  return {
    ...plan,
    tenant,
    body: {
      nodes: plan.body.nodes.map((node) => (node.kind === 'action' ? { ...node, lane } : node)),
    },
    retry: { ...plan.retry, transient: rule, unknown: rule },
  };
}

/** The trace in any order of what ran in parallel, without times and columns. */
export async function traceOf(outcomes: Outcomes, id: string): Promise<readonly string[]> {
  const { trace } = await outcomes.tell(id);
  return printTrace(trace)
    .map((line) =>
      line
        .slice('HH:MM:SS '.length)
        .replace(/ +/g, ' ')
        .replace(/duration=\S+/, 'duration=…'),
    )
    .sort();
}
