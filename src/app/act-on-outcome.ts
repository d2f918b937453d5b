/**
 * Use cases: what a person does with a running or finished outcome: decide at a gate, pause, resume, take back, resolve.
 * Entry ring. Authorisation of the person is asked here, once there is any.
 */
import { APPROVER } from '../approvals/judge';
import type { Resolution } from '../engine/effects';
import type { Answer } from '../engine/people';
import { isRefusal, type Refusal as Refused } from '../engine/override-rules';
import { OVERRIDE_PROBLEMS } from '../kernel/catalogue';
import { didYouMean } from '../kernel/diagnostic';
import type { NodeAddress } from '../kernel/ids';
import { ok, type Result } from '../kernel/result';
import { decideSigned, type Deciding } from './approvals/decide';
import { refuse, refusing, type Refusal } from './refusal';
import type { Services } from './services';

/** Who does it, and why. */
export interface By {
  readonly by: string;
  readonly reason?: string;
}

export interface Acted {
  readonly outcome: string;
  readonly node?: string;
  /** `late`: there was nothing to do any more. */
  readonly answer: Exclude<Answer, 'unknown' | Refused>;
}

/** A decision at a gate, or on an action that is held for people: signed, checked, and on record whether it counts or not. */
export async function decideGate(
  services: Services,
  address: NodeAddress,
  deciding: Deciding,
): Promise<Result<Acted, Refusal>> {
  const { outcome, node } = address;
  const signed = await decideSigned(services, address, deciding);
  if (!signed.ok) return signed;
  const about = { outcome, node, kind: 'gate' } as const;
  if (signed.value !== undefined) return answered(services, about, ok(signed.value));
  // It was started where nobody signs, such as a rehearsal.
  const { by, roles, verdict, reason } = deciding;
  if (!roles.includes(APPROVER)) {
    return refuse('GATE_APPROVER_NOT_ALLOWED', `\`${by}\` has not the role \`${APPROVER}\``);
  }
  const why = reason === undefined ? {} : { reason };
  const answer = await refusing(() => services.outcomes.decide(outcome, { gate: node, verdict, by, ...why }));
  if (answer.ok && typeof answer.value === 'object') return refuse(answer.value.code, answer.value.because);
  return answered(services, about, answer as Result<Answer, Refusal>);
}

/** Acts on an outcome that runs. `cancel` undoes everything, as a backstep does, and is refused once the outcome is over. */
export async function actOnOutcome(
  services: Services,
  outcome: string,
  act: By & { readonly what: 'pause' | 'resume' | 'cancel' },
): Promise<Result<Acted, Refusal>> {
  const { what, ...by } = act;
  const answer = await refusing(() => services.outcomes[what](outcome, by));
  return answered(services, { outcome }, answer);
}

export interface TakenBack extends Acted {
  /** Whether a workflow of its own does it, because the outcome had completed. */
  readonly afterwards: boolean;
}

/** Takes an outcome back: a running one stops and goes back, a completed one inside its undo window. */
export async function backstepOutcome(
  services: Services,
  outcome: string,
  by: By,
): Promise<Result<TakenBack, Refusal>> {
  const back = await refusing(() => services.outcomes.backstep(outcome, by, services.now()));
  if (!back.ok) return back;
  if (back.value.by === 'workflow') {
    return ok({ outcome, answer: back.value.isNew ? 'done' : 'late', afterwards: true });
  }
  const acted = await answered(services, { outcome }, ok(back.value.answer));
  return acted.ok ? ok({ ...acted.value, afterwards: false }) : acted;
}

export async function resolveNode(
  services: Pick<Services, 'outcomes'>,
  { outcome, node }: NodeAddress,
  { resolution, by }: { readonly resolution: Resolution; readonly by: string },
): Promise<Result<Acted, Refusal>> {
  const answer = await refusing(() => services.outcomes.resolve(outcome, node, resolution, by));
  if (answer.ok && answer.value === 'OVERRIDE_NOT_POSSIBLE') {
    return refuse(
      answer.value,
      `\`${outcome}#${node}\` is a gate: nobody else's word lets through what it holds`,
      {
        help: '`backstep resolve <task> retry` asks its people again, and `backstep` in its place goes back',
      },
    );
  }
  return answered(services, { outcome, node, kind: 'action' }, answer);
}

/** An answer as a door shows it; a node that the outcome does not have is refused with those that it has. */
export async function answered(
  services: Pick<Services, 'outcomes'>,
  about: { readonly outcome: string; readonly node?: string; readonly kind?: 'gate' | 'action' },
  answer: Result<Answer, Refusal>,
): Promise<Result<Acted, Refusal>> {
  if (!answer.ok) return answer;
  const { outcome, node, kind } = about;
  const { value } = answer;
  if (isRefusal(value)) {
    const name = node === undefined ? outcome : `${outcome}#${node}`;
    return refuse(value, `\`${name}\`: ${OVERRIDE_PROBLEMS[value]}`);
  }
  if (value !== 'unknown') return ok({ outcome, ...(node === undefined ? {} : { node }), answer: value });
  const { state } = await services.outcomes.tell(outcome);
  const waiting = Object.entries(state.nodes)
    .filter(([, { status }]) => status === 'asking' || status === 'incident')
    .map(([id]) => id);
  return refuse('OUTCOME_REFUSED', `\`${outcome}\` has no ${kind ?? 'node'} \`${node ?? ''}\``, {
    help:
      didYouMean(node ?? '', waiting) ??
      (waiting.length === 0
        ? 'nothing of it waits for a person'
        : `waiting: ${waiting.map((id) => `\`${id}\``).join(', ')}`),
  });
}
