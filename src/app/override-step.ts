/**
 * Use case: a person changes a step of an outcome before it commits, or attests that it was done elsewhere. What the engine
 * cannot know is checked here, by the catalog; then the outcome itself has the last word.
 * Entry ring. Who may do it is asked by the doors.
 */
import type { Override } from '../engine/effects';
import { layoutOf, planNodeOf, type Layout } from '../engine/layout';
import { Machine } from '../engine/machine';
import { didYouMean } from '../kernel/diagnostic';
import { splitOutcomeId, type NodeAddress } from '../kernel/ids';
import { jsonCopy } from '../kernel/json';
import { differences, type Difference } from '../kernel/merge-patch';
import { ok, type Result } from '../kernel/result';
import type { PlanNode } from '../plan/plan';
import { tellRuns, type ReadRun } from '../temporal/history';
import { answered, type Acted } from './act-on-outcome';
import { shipped } from './catalog';
import { control, type Accountable } from './control';
import { alternativesTo, checkChange, type Contracts, type WantedChange } from './override-checks';
import { refuse, refusing, type Refusal } from './refusal';
import type { Services } from './services';

export interface WantedOverride extends Accountable {
  readonly change: WantedChange;
  /** `automation`: of every outcome that the automation starts from now on, until `until`; this one stays as it is. */
  readonly scope: Override['scope'];
  /** Milliseconds since the epoch; of the scope `automation` alone. */
  readonly until?: number;
}

export interface Overridden extends Acted {
  readonly change: WantedChange['do'];
  readonly scope: Override['scope'];
  /** What of the input differs; empty where nothing does, or it is not known before the step's turn. */
  readonly diff: readonly Difference[];
  /** Of the scope `automation`: the workflow of the act of control. */
  readonly control?: string;
}

/** What it works with. */
export type OverrideServices = Pick<Services, 'outcomes' | 'authority' | 'now'>;

/** Longest time for which an automation can be overridden, in milliseconds: after a year somebody looks at it again. */
const OVERRIDE_LONGEST_MS = 366 * 86_400_000;

/** Errors: `OVERRIDE_…`, `OUTCOME_…`, `CONTROL_REFUSED`. */
export async function overrideStep(
  services: OverrideServices,
  { outcome, node: id }: NodeAddress,
  wanted: WantedOverride,
  contracts: Contracts = shipped().contracts,
): Promise<Result<Overridden, Refusal>> {
  const read = await refusing(() => services.outcomes.runs(outcome));
  if (!read.ok) return read;
  const runs = read.value;
  const { start } = runs[runs.length - 1]!;
  const layout = layoutOf(start.plan);
  const node = planNodeOf(layout, id);
  if (node === undefined) return noSuchStep(layout, outcome, id);
  const machine = Machine.resume(start.plan, jsonCopy(tellRuns(runs).state));
  const given = asOverride(id, wanted);
  const input = machine.preview(given).input;
  const change = completeChange(wanted.change, { contracts, layout, node, input: input?.is });
  if (!change.ok) return change;
  const override: Override = { ...given, change: change.value };
  const what = { change: wanted.change.do, scope: wanted.scope } as const;
  const diff = input === undefined ? [] : differences(input.was, input.is);
  if (wanted.scope === 'automation') {
    const stands = await forAutomation(services, { outcome, override, start }, wanted);
    return stands.ok ? ok({ outcome, node: id, ...what, diff, ...stands.value }) : stands;
  }
  const { refused } = machine.preview(override);
  const answer = await refusing(() => services.outcomes.override(outcome, override));
  if (answer.ok && answer.value === refused?.code) {
    return refuse(
      refused.code,
      `\`${outcome}#${id}\`: ${refused.because}`,
      helpFor(contracts, node, override),
    );
  }
  const acted = await answered(services, { outcome, node: id, kind: 'action' }, answer);
  if (!acted.ok) return acted;
  if (acted.value.answer === 'done') await leaveQueue(services, { outcome, node: id }, override);
  return ok({ ...acted.value, ...what, diff });
}

/** A change as the engine takes it, before the catalog has added what belongs to it. */
function asOverride(node: string, { change, by, reason, scope, until }: WantedOverride): Override {
  const whole = change.do === 'replace' ? { ...change, awfs: {} } : change;
  return { node, change: whole, by, reason, scope, ...(until === undefined ? {} : { until }) };
}

function completeChange(
  change: WantedChange,
  { node, ...rest }: Omit<Parameters<typeof checkChange>[0], 'node'> & { readonly node: PlanNode },
): Result<Override['change'], Refusal> {
  if (node.kind === 'action') return checkChange({ ...rest, node }, change);
  // The engine refuses what is no action's, in words of its own.
  return ok(change.do === 'replace' ? { ...change, awfs: {} } : change);
}

/** Stands in a row until its time is over, and in the start of every outcome that begins under the automation meanwhile. */
async function forAutomation(
  services: OverrideServices,
  { outcome, override, start }: { outcome: string; override: Override; start: ReadRun['start'] },
  { by, reason }: Accountable,
): Promise<Result<Pick<Overridden, 'answer' | 'control'>, Refusal>> {
  const automation = start.under?.automation;
  const tenant = splitOutcomeId(outcome)?.tenant ?? '';
  if (automation === undefined) {
    return refuse('OVERRIDE_NOT_POSSIBLE', `no automation has started \`${outcome}\``, {
      help: 'override the step, or the outcome',
    });
  }
  const { change } = override;
  if (change.do === 'withdraw') {
    const of = { tenant, automation, node: override.node, ...change };
    return withdrawFor(services, of, { by, reason });
  }
  const now = services.now();
  const { until } = override;
  if (until === undefined || until <= now || until > now + OVERRIDE_LONGEST_MS) {
    return refuse('OVERRIDE_NOT_POSSIBLE', 'an automation is overridden until a date within a year');
  }
  const fresh = Machine.begin(start.plan, now).machine.preview({ ...override, scope: 'outcome' });
  // In the outcomes to come nothing of it has fired, whatever this one has done.
  if (fresh.refused !== undefined && fresh.refused.code !== 'OVERRIDE_TOO_LATE') {
    return refuse(fresh.refused.code, `\`${override.node}\`: ${fresh.refused.because}`);
  }
  const act = { do: 'override', automation, name: nameOf(override), override } as const;
  const done = await control(services, tenant, { act, by, reason });
  return ok({ answer: 'kept', control: done.id });
}

/** Outcomes to come begin without it; those that have begun keep it until it is withdrawn from them. */
async function withdrawFor(
  services: OverrideServices,
  of: {
    readonly tenant: string;
    readonly automation: string;
    readonly node: string;
    readonly what?: Override['change']['do'];
  },
  why: Accountable,
): Promise<Result<Pick<Overridden, 'answer' | 'control'>, Refusal>> {
  const { tenant, automation, node, what } = of;
  const { overrides = [] } = await standingOverrides(services, tenant, automation);
  const meant = overrides.filter(
    (one) => one.node === node && (what === undefined || one.change.do === what),
  );
  let last: string | undefined;
  for (const one of meant) {
    const act = { do: 'override', automation, name: nameOf(one), override: null } as const;
    last = (await control(services, tenant, { act, ...why })).id;
  }
  if (last === undefined) {
    return refuse('OVERRIDE_NOT_POSSIBLE', `nothing stands of \`${node}\` for \`${automation}\``, {
      help: '`backstep guardrails` shows what stands',
    });
  }
  return ok({ answer: 'done', control: last });
}

/** One of a kind for each node: a later one takes the place of it. */
const nameOf = ({ node, change }: Override): string => `${node} ${change.do}`;

/** Overrides of an automation that hold now, for an outcome that is about to start. */
export async function standingOverrides(
  { authority, now }: Pick<Services, 'authority' | 'now'>,
  tenant: string,
  automation: string,
): Promise<{ readonly overrides?: readonly Override[] }> {
  const at = now();
  const overrides = (await authority.controls(tenant)).flatMap(({ scope, name, kind, value }) => {
    if (scope !== 'automation' || name !== automation || !kind.startsWith(OVERRIDE_KIND)) return [];
    // Written by an act of control, from an override.
    const override = value as unknown as Override;
    return (override.until ?? 0) > at ? [override] : [];
  });
  return overrides.length === 0 ? {} : { overrides };
}

const OVERRIDE_KIND = 'override:';

/** What is not going to fire waits for nothing any more. */
async function leaveQueue(
  services: OverrideServices,
  { outcome, node }: NodeAddress,
  { change }: Override,
): Promise<void> {
  if (change.do !== 'skip' && change.do !== 'attest' && change.do !== 'decline') return;
  const tenant = splitOutcomeId(outcome)?.tenant ?? '';
  await services.authority.giveBack({ tenant, outcome, node }, '', services.now());
}

function helpFor(contracts: Contracts, node: PlanNode, { change }: Override): { readonly help?: string } {
  switch (change.do) {
    case 'skip':
      return { help: 'give an output that stands in for its own' };
    case 'replace': {
      const among = node.kind === 'action' ? alternativesTo(contracts, node.awf) : [];
      return among.length === 0 ? {} : { help: `there are ${among.join(', ')}` };
    }
    default:
      return {};
  }
}

function noSuchStep(layout: Layout, outcome: string, id: string): Result<never, Refusal> {
  const nodes = [...layout.home.keys()];
  const help = didYouMean(id, nodes) ?? `there are ${nodes.slice(0, 20).join(', ')}`;
  return refuse('OUTCOME_REFUSED', `\`${outcome}\` has no step \`${id}\``, { help });
}
