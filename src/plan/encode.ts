/**
 * From a plan to its bytes.
 * Pure ring.
 */
import { canonicalJson } from '../kernel/json';
import type { Plan } from './plan';

/** The plan's canonical JSON: equal plans have equal texts, on every machine. @source RFC 8785 */
export function encodePlan(plan: Plan): string {
  return canonicalJson(plan);
}
