/**
 * Use case: whoever is asked at a gate, or of a held action, lets somebody of their tier decide in their place, on this task alone.
 * It is a grant like any other, signed and an act of control, that holds for the task and ends with it.
 * Entry ring.
 * @source execution model 9.4
 */
import { APPROVER } from '../../approvals/judge';
import { GRANT, saidIn } from '../../approvals/words';
import { splitOutcomeId, type NodeAddress } from '../../kernel/ids';
import type { Result } from '../../kernel/result';
import type { ControlDone } from '../../temporal/controls';
import { refuse, type Refusal } from '../refusal';
import { whoOfThemMay } from './decide';
import {
  delegate,
  grantsWithin,
  LONGEST_MS,
  no,
  withdraw,
  type Delegation,
  type PeopleServices,
  type Speaker,
} from './delegate';

/** One handing on of a task, as it stands. */
export interface TaskDelegation {
  readonly from: string;
  readonly to: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Counts only while the grantor is away. */
  readonly whenAbsent: boolean;
}

/**
 * Hands a task on. Errors: `TASK_UNKNOWN`, `DELEGATION_REFUSED` (who hands it on is not asked there, who is to have it may never
 * decide on it or is of a lower tier), `OUTCOME_…`.
 */
export async function delegateTask(
  services: PeopleServices,
  { outcome, node }: NodeAddress,
  {
    until = services.now() + LONGEST_MS,
    ...given
  }: Omit<Delegation, 'until' | 'task'> & Speaker & { readonly until?: number },
): Promise<Result<ControlDone, Refusal>> {
  const { from, to, by, roles } = given;
  const task = `${outcome}#${node}`;
  if (from !== by && !roles.includes('admin')) return no(`\`${by}\` hands on what is \`${from}\`'s`);
  const asked = await whoOfThemMay(services, { outcome, node }, [
    { by: from, roles: from === by ? roles : [APPROVER] },
    { by: to, roles: [APPROVER] },
  ]);
  if (!asked.ok) return asked;
  if (asked.value === undefined) {
    return refuse('TASK_UNKNOWN', `nothing of \`${task}\` waits for somebody to decide`, {
      help: '`backstep inbox` lists what does',
    });
  }
  const [theirs, others] = asked.value;
  if (theirs?.may !== true) return no(theirs?.because ?? '');
  // What was handed on to them is not theirs to hand on.
  if (theirs.for !== undefined) return no(`\`${from}\` stands in for \`${theirs.for}\` there`);
  if (others?.may === false && others.code === 'GATE_SELF_APPROVAL') return no(others.because);
  return delegate(services, splitOutcomeId(outcome)?.tenant ?? '', { ...given, until, task });
}

/** Takes a task back. */
export const withdrawTask = (
  services: PeopleServices,
  { outcome, node }: NodeAddress,
  given: Pick<Delegation, 'from' | 'to'> & Speaker,
): Promise<Result<ControlDone, Refusal>> =>
  withdraw(services, splitOutcomeId(outcome)?.tenant ?? '', { ...given, task: `${outcome}#${node}` });

/** To whom tasks of these outcomes are handed on now, by task; a row without a signature of the tenant's is none. */
export async function delegationsOf(
  { approvals, now }: Pick<PeopleServices, 'approvals' | 'now'>,
  tenant: string,
  outcomes: readonly string[],
): Promise<ReadonlyMap<string, readonly TaskDelegation[]>> {
  const found = new Map<string, TaskDelegation[]>();
  if (outcomes.length === 0) return found;
  for (const row of await approvals.store.people(tenant)) {
    if (!outcomes.some((outcome) => row.kind.startsWith(grantsWithin(outcome)))) continue;
    const grant = await saidIn(approvals.signatures, tenant, row, GRANT);
    if (grant?.task === undefined || grant.until <= now()) continue;
    const { task, from, to, until, when } = grant;
    found.set(task, [...(found.get(task) ?? []), { from, to, until, whenAbsent: when === 'absent' }]);
  }
  return found;
}
