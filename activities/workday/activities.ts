/**
 * Effects of the AWFs on Workday. A change is a business process event with our mark; its undo rescinds that very event, and
 * only while the worker still says what the event wrote.
 */
import { implement, type EffectContext } from '../../src/dsl/effect';
import { diverged, refusal, SystemError } from '../kit/http';
import { erased, looking, missing, priorOf, type AnyEffect, type Look } from '../kit/steps';
import * as contracts from './contract';
import * as workday from './client';

type Forward = typeof contracts.setEndDate | typeof contracts.changeDepartment;

export const effects = (look: Look = looking): readonly AnyEffect[] =>
  erased([...endDateEffects(look), ...departmentEffects(look)]);

function endDateEffects(look: Look) {
  const set = implement(contracts.setEndDate, {
    capture: async (input, context) => {
      const worker = await workerOf(contracts.setEndDate, input.worker, context);
      return { endDate: await look(() => Promise.resolve(worker.endDate), null) };
    },
    execute: async (input, context) => {
      const replaced = priorOf<contracts.EndDatePrior>(context)!.endDate;
      if (replaced === input.endDate) return { ...input, replaced, event: null };
      const event = await changeOnce(look, contracts.setEndDate, context, input.worker, {
        endDate: input.endDate,
      });
      return { ...input, replaced, event };
    },
  });
  const clear = implement(contracts.clearEndDate, {
    execute: (input, context) =>
      takeBack(look, context, {
        ...input,
        wrote: input.endDate,
        what: 'the end date',
        now: (worker) => worker.endDate,
      }),
  });
  return [set, clear];
}

function departmentEffects(look: Look) {
  const change = implement(contracts.changeDepartment, {
    capture: async (input, context) => {
      const wanted = await workday.departmentId(context, input.department);
      if (wanted === undefined) throw refusal(contracts.changeDepartment, 'department_not_found', context);
      const worker = await workerOf(contracts.changeDepartment, input.worker, context);
      return { department: await look(() => Promise.resolve(worker.department), null), wanted };
    },
    execute: async (input, context) => {
      const before = priorOf<contracts.DepartmentPrior>(context)!;
      const replaced = before.department;
      if (replaced === before.wanted) return { ...input, replaced, event: null };
      const event = await changeOnce(look, contracts.changeDepartment, context, input.worker, {
        department: before.wanted,
      });
      return { ...input, replaced, event };
    },
  });
  const restore = implement(contracts.restoreDepartment, {
    execute: (input, context) =>
      takeBack(look, context, {
        ...input,
        wrote: input.department,
        what: 'the department',
        now: (worker) => worker.department,
      }),
  });
  return [change, restore];
}

/** Makes the change, unless an earlier attempt made it; the id of its event. */
async function changeOnce(
  look: Look,
  contract: Forward,
  context: EffectContext,
  worker: string,
  change: workday.JobChange,
): Promise<string> {
  const earlier =
    context.attempt > 1 ? await look(() => workday.ourEvent(context, worker), undefined) : undefined;
  const event = earlier ?? (await submit(contract, context, worker, change));
  switch (event.status) {
    case 'Successfully Completed':
      return event.id;
    case 'In Progress':
      // It waits for people in Workday. The next attempt finds it by its mark; until then the change is in doubt.
      throw new SystemError(
        { ...refusal(contract, 'event_in_progress', context).failure, effect: 'unknown' },
        0,
        null,
      );
    default:
      throw refusal(contract, 'change_refused', context, 'somebody in Workday stopped the change');
  }
}

async function submit(
  contract: Forward,
  context: EffectContext,
  worker: string,
  change: workday.JobChange,
): Promise<workday.ProcessEvent> {
  try {
    return await workday.changeJob(context, worker, change);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.status === 404) throw refusal(contract, 'worker_not_found', context);
    if (error.status !== 400) throw error;
    const codes = workday.codesOf(error);
    if (codes.includes(workday.WORKDAY_CODES.inProgress))
      throw refusal(contract, 'event_in_progress', context);
    if (codes.includes(workday.WORKDAY_CODES.notEligible) && 'department_not_found' in contract.errors) {
      throw refusal(contract, 'department_not_found', context);
    }
    throw refusal(contract, 'change_refused', context, workday.wordsOf(error));
  }
}

interface TakeBack {
  readonly worker: string;
  readonly event: string | null;
  readonly wrote: string;
  readonly restore: string | null;
  readonly what: string;
  readonly now: (worker: workday.Worker) => string | null;
}

async function takeBack(
  look: Look,
  context: EffectContext,
  asked: TakeBack,
): Promise<{ readonly changed: boolean }> {
  const event =
    asked.event === null
      ? await workday.ourEvent(context, asked.worker).catch(absentWorker)
      : await workday.eventById(context, asked.event);
  if (!event || event.status === 'Rescinded' || event.status === 'Canceled') return { changed: false };
  if (event.status === 'In Progress') {
    await workday.closeEvent(context, event.id, 'cancel');
    return { changed: true };
  }
  const found = await look(() => workday.findWorker(context, asked.worker), undefined);
  if (found && asked.now(found) === asked.restore) return { changed: false };
  if (found && asked.now(found) !== asked.wrote) {
    throw diverged(context, `somebody else changed ${asked.what} meanwhile`);
  }
  try {
    await workday.closeEvent(context, event.id, 'rescind');
  } catch (error) {
    const codes = workday.codesOf(error);
    if (codes.includes(workday.WORKDAY_CODES.laterEvents)) {
      throw diverged(context, `somebody else changed ${asked.what} meanwhile`);
    }
    if (!codes.includes(workday.WORKDAY_CODES.wrongStatus)) throw error;
    // Somebody, or an earlier attempt, was faster.
    if ((await workday.eventById(context, event.id))?.status !== 'Rescinded') throw error;
    return { changed: context.attempt > 1 };
  }
  return { changed: true };
}

/** A worker who is gone has no events left to take back. */
function absentWorker(error: unknown): undefined {
  if (error instanceof SystemError && error.status === 404) return undefined;
  throw error;
}

async function workerOf(
  contract: Forward,
  reference: string,
  context: EffectContext,
): Promise<workday.Worker> {
  const worker = await workday.findWorker(context, reference);
  if (!worker) throw missing(contract, 'worker_not_found', context);
  return worker;
}
