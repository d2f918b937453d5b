/**
 * The rules in force, as a table. Its order means nothing: a test shuffles it and the decision stays the same, byte
 * for byte. To add a rule, write it in a file of its own and name it here.
 * Pure ring.
 */
import type { Rule } from './rule';
import { APPROVAL } from './rules/approval';
import { AUTHORITY } from './rules/authority';
import { BLAST_RADIUS } from './rules/blast-radius';
import { BLAST_SHARES } from './rules/blast-shares';
import { CALENDARS } from './rules/calendars';
import { CATEGORY } from './rules/category';
import { CHAIN_DEPTH } from './rules/chain-depth';
import { CONFIDENCE } from './rules/confidence';
import { DECLARED_CEILINGS } from './rules/declared-ceilings';
import { DIAL } from './rules/dial';
import { GUARDRAILS } from './rules/guardrails';
import { HUMAN_STEP } from './rules/human-step';
import { INITIATOR } from './rules/initiator';
import { KILL_SWITCH } from './rules/kill-switch';
import { NEVER_AUTOPILOT } from './rules/never-autopilot';
import { PASSIVE_NODE } from './rules/passive-node';
import { PAUSES } from './rules/pauses';
import { POLICY_CEILINGS } from './rules/policy-ceilings';
import { POLICY_VERDICT } from './rules/policy-verdict';
import { PRIORITY_MODE } from './rules/priority-mode';
import { PROFILE } from './rules/profile';
import { RATE_LIMITS } from './rules/rate-limits';
import { REVERSIBILITY } from './rules/reversibility';
import { RISK_CLASS } from './rules/risk-class';
import { SYSTEM } from './rules/system';
import { TIER } from './rules/tier';
import { TRUST } from './rules/trust';

export const RULES: readonly Rule[] = [
  INITIATOR,
  DIAL,
  KILL_SWITCH,
  PASSIVE_NODE,
  CONFIDENCE,
  RISK_CLASS,
  REVERSIBILITY,
  CATEGORY,
  PROFILE,
  NEVER_AUTOPILOT,
  TRUST,
  TIER,
  DECLARED_CEILINGS,
  POLICY_CEILINGS,
  BLAST_RADIUS,
  AUTHORITY,
  APPROVAL,
  CHAIN_DEPTH,
  POLICY_VERDICT,
  PAUSES,
  CALENDARS,
  SYSTEM,
  GUARDRAILS,
  RATE_LIMITS,
  BLAST_SHARES,
  PRIORITY_MODE,
  HUMAN_STEP,
];
