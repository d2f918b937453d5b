/**
 * The one function that decides who may decide: at gates and on actions that are held for people, for every door.
 * Entry ring; pure. Approval rules (chains, levels, separation of duties) will be read here, and at no door.
 */
import { ok, type Result } from '../kernel/result';
import type { NodeAddress } from '../kernel/ids';
import { refuse, type Refusal } from './refusal';

export interface Decider {
  /** Such as `person:mary.major`. */
  readonly name: string;
  readonly roles: ReadonlySet<string>;
}

/** Errors: `GATE_APPROVER_NOT_ALLOWED`. */
export function whoMayDecide(decider: Decider, { outcome, node }: NodeAddress): Result<Decider, Refusal> {
  if (decider.roles.has('approver')) return ok(decider);
  return refuse('GATE_APPROVER_NOT_ALLOWED', `\`${decider.name}\` may not decide at \`${outcome}#${node}\``, {
    help: 'it takes the role `approver`',
  });
}
