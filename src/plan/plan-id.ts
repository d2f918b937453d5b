/**
 * The id of a plan: what a commit names and a decision is bound to.
 * Pure ring: the digest comes in.
 */
import { asId, type PlanId } from '../kernel/ids';
import { encodePlan } from './encode';
import type { Plan } from './plan';

/** SHA-256 over the plan's canonical bytes, lower-case hex. `digest` hashes the UTF-8 bytes of a text. */
export function planIdOf(plan: Plan, digest: (text: string) => string): PlanId {
  return asId<PlanId>(digest(encodePlan(plan)));
}
