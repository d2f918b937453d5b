/**
 * Use cases: acts of control by a person (dial, kill, pause, limits, taking over a proposal, deciding on one held action), and
 * what stands in force.
 * Entry ring. Authorisation of the person is asked here, once there is any.
 */
import { GUARDRAIL_IDS, type GuardrailId, type Window } from '../governance/figures/guardrails';
import type { Figures } from '../governance/figures';
import type { Mode } from '../governance/mode';
import { limitOf, reserve, windowAt } from '../governance/reserve';
import { freshTrust, trustAt, type TrustView } from '../governance/trust';
import { resolveFigures } from '../config/resolve';
import { didYouMean } from '../kernel/diagnostic';
import { splitOutcomeId } from '../kernel/ids';
import type { Json } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import type { Control, WaitingAction } from '../store/authority';
import { performControl, type ControlDone } from '../temporal/controls';
import type { ControlAct, PausedScope } from '../../workflows/control-protocol';
import { findRunbook, shipped } from './catalog';
import type { TenantConfig } from './configuration';
import { refusedToTakeOver } from './approvals/taking-over';
import { refuse, refusing, type Refusal } from './refusal';
import type { Services } from './services';

/** Who does it, and why: both are kept in the history of the act. */
export interface Accountable {
  readonly by: string;
  readonly reason: string;
}

/** How long a kill waits for what executes, in milliseconds, before it answers with what still does. */
const KILL_BOUND_MS = 10_000;

/** Performs an act of control that needs no look at the configuration. */
export const control = (
  services: Pick<Services, 'outcomes'>,
  tenant: string,
  { act, by, reason }: Accountable & { readonly act: ControlAct },
): Promise<ControlDone> => performControl(services.outcomes.client, { tenant, act, by, reason });

/** Sets the dial of an automation. Errors: `CONTROL_REFUSED` where there is none of that name. */
export async function setDial(
  services: Services,
  config: TenantConfig,
  { automation, mode, ...why }: Accountable & { readonly automation: string; readonly mode: Mode },
): Promise<Result<ControlDone, Refusal>> {
  const known = automationOf(config, automation);
  if (!known.ok) return known;
  return ok(await control(services, config.bundle.tenant, { act: { do: 'dial', automation, mode }, ...why }));
}

/**
 * Throws the kill switch: when it answers, nothing of the automation is admitted any more, and nothing of it executes but what
 * the answer lists. Errors: `CONTROL_REFUSED`.
 */
export async function killAutomation(
  services: Services,
  config: TenantConfig,
  { automation, ...why }: Accountable & { readonly automation: string },
): Promise<Result<ControlDone, Refusal>> {
  const known = automationOf(config, automation);
  if (!known.ok) return known;
  const act = { do: 'kill', automation, boundMs: KILL_BOUND_MS } as const;
  return ok(await control(services, config.bundle.tenant, { act, ...why }));
}

/**
 * Reads `<scope>:<name>`, such as `automation:onboard-contractor`, or the bare name of a runbook or a domain; `undefined` where the text
 * is neither. A name that a runbook and a domain share means the runbook.
 */
export function readScope(text: string): { readonly scope: PausedScope; readonly name: string } | undefined {
  const [, scope, name] = /^(tenant|domain|runbook|automation):(.+)$/.exec(text) ?? [];
  if (scope !== undefined && name !== undefined) return { scope: scope as PausedScope, name };
  const runbook = findRunbook(text, shipped().runbooks);
  if (runbook.ok) return { scope: 'runbook', name: runbook.value.id };
  return domains().includes(text) ? { scope: 'domain', name: text } : undefined;
}

/** Of the runbooks and of the AWFs that ship. */
function domains(): readonly string[] {
  const { runbooks, contracts } = shipped();
  return [...new Set([...runbooks, ...contracts.values()].map((one) => one.domain))];
}

/** Pauses or resumes a whole scope. Errors: `CONTROL_REFUSED` for a name that nothing has. */
export async function pauseScope(
  services: Services,
  { bundle }: TenantConfig,
  {
    what,
    scope,
    name,
    ...why
  }: Accountable & {
    readonly what: 'pause' | 'resume';
    readonly scope: PausedScope;
    readonly name: string;
  },
): Promise<Result<ControlDone, Refusal>> {
  const known = knownScope(bundle, scope, name);
  if (!known.ok) return known;
  return ok(await control(services, bundle.tenant, { act: { do: what, scope, name }, ...why }));
}

/** Whether there is anything of that name. Errors: `CONTROL_REFUSED`. */
export function knownScope(
  bundle: TenantConfig['bundle'],
  scope: PausedScope,
  name: string,
): Result<string, Refusal> {
  const { runbooks } = shipped();
  const names: Readonly<Record<PausedScope, readonly string[]>> = {
    tenant: [bundle.tenant],
    domain: domains(),
    runbook: runbooks.map(({ id }) => id),
    automation: bundle.content.automations.map(({ id }) => id),
  };
  return names[scope].includes(name) ? ok(name) : unknown(scope, name, names[scope]);
}

/**
 * A person runs under their own name what an event had proposed. Errors: `OUTCOME_…` where there is none, `GATE_SELF_APPROVAL` for who has
 * approved it.
 */
export async function takeProposal(
  services: Pick<Services, 'outcomes'>,
  outcome: string,
  why: Accountable,
): Promise<Result<ControlDone, Refusal>> {
  const described = await refusing(() => services.outcomes.describe(outcome));
  if (!described.ok) return described;
  const { id } = described.value;
  const refused = await refusedToTakeOver(services, { outcome: id }, why.by);
  if (refused !== undefined) return refused;
  const tenant = splitOutcomeId(id)?.tenant ?? '';
  return ok(await control(services, tenant, { act: { do: 'take', outcome: id }, ...why }));
}

export interface GuardrailState {
  readonly guardrail: GuardrailId;
  readonly label: string;
  readonly window: Window;
  readonly used: number;
  readonly limit: number;
  readonly unit: string;
  readonly level: 'granted' | 'soft' | 'hard' | 'overage';
  /** Milliseconds since the epoch; null for what is counted at once. */
  readonly windowEndsAt: number | null;
}

export interface InForce {
  readonly guardrails: readonly GuardrailState[];
  readonly controls: readonly Omit<Control, 'tenant'>[];
  /** Those that wait, in the order of the queue. */
  readonly waiting: readonly WaitingAction[];
}

/** Most of those that wait which are shown. */
const SHOWN = 100;

/** Limits with their use, controls and the queue, as they stand now. */
export async function standInForce(
  services: Services,
  { bundle }: TenantConfig,
): Promise<Result<InForce, Refusal>> {
  const { tenant, tier } = bundle;
  const figures = figuresInForce(bundle);
  if (!figures.ok) return figures;
  const now = services.now();
  const { authority } = services;
  const [controls, counters, waiting] = await Promise.all([
    authority.controls(tenant),
    authority.counters(tenant, now),
    authority.queue(tenant, SHOWN),
  ]);
  const limits = Object.fromEntries(
    controls.flatMap(({ kind, value }) =>
      kind.startsWith('limit:') ? [[kind.slice('limit:'.length), value]] : [],
    ),
  ) as Partial<Record<GuardrailId, number>>;
  const guardrails = GUARDRAIL_IDS.map((guardrail): GuardrailState => {
    const { label, window, unit } = figures.value.tiers.guardrails[guardrail];
    const bucket = windowAt(window, now);
    const row = counters.find(({ key, bucket: from }) => key === guardrail && from === (bucket?.from ?? 0));
    const limit = limitOf(guardrail, { tier, limits }, figures.value);
    const used = row?.used ?? 0;
    const next = reserve(limit, used, used > limit ? 1 : 0, figures.value).level;
    const level = used > limit ? 'overage' : used >= limit ? 'hard' : next === 'soft' ? 'soft' : 'granted';
    return { guardrail, label, window, used, limit, unit, level, windowEndsAt: bucket?.to ?? null };
  });
  return ok({ guardrails, controls, waiting });
}

export interface TrustState extends TrustView {
  readonly successes: number;
  readonly failures: number;
  readonly since: number | null;
  readonly lastActiveAt: number | null;
  /** Who imported it, and why; null where it was earned here. */
  readonly imported: Json;
}

/** What a tenant has earned, by its figures. */
export async function trustOf(
  services: Pick<Services, 'authority' | 'now'>,
  { bundle }: Pick<TenantConfig, 'bundle'>,
): Promise<Result<TrustState, Refusal>> {
  const figures = figuresInForce(bundle);
  if (!figures.ok) return figures;
  const { trust, imported } = await services.authority.standing(bundle.tenant);
  const ledger = trust ?? freshTrust(figures.value);
  const { successes, failures, since, lastActiveAt } = ledger;
  const view = trustAt(ledger, services.now(), figures.value);
  return ok({ ...view, successes, failures, since, lastActiveAt, imported });
}

/** The figures of a tenant as a whole. Errors: `CONFIG_REFUSED`. */
function figuresInForce(bundle: TenantConfig['bundle']): Result<Figures, Refusal> {
  const { tenant, tier } = bundle;
  const figures = resolveFigures(bundle, { tenant, tier });
  if (figures.ok) return figures;
  return refuse('CONFIG_REFUSED', 'the figures do not fit', { diagnostics: figures.error });
}

/** The id of an automation of the tenant. Errors: `CONTROL_REFUSED`. */
export function automationOf({ bundle }: TenantConfig, id: string): Result<string, Refusal> {
  const names = bundle.content.automations.map((automation) => automation.id);
  return names.includes(id) ? ok(id) : unknown('automation', id, names);
}

export function unknown(kind: string, name: string, names: readonly string[]): Result<never, Refusal> {
  const help = didYouMean(name, names) ?? `there are ${names.map((one) => `\`${one}\``).join(', ')}`;
  return err({ code: 'CONTROL_REFUSED', message: `there is no ${kind} \`${name}\``, help });
}
