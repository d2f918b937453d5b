/** Plans compiled by an API: with its configuration and its store. Entry ring. */
import { encodePlan, type Compiled } from '../../compiler';
import { showPlan, type CompileOptions } from '../commands/compile';
import { paramsOf, runbookOf } from '../refuse';
import type { RemoteCommand } from './api';

/** With the entity of a file the plan is compiled on this machine, to the same bytes as on any other. */
export const compile: RemoteCommand<readonly [outcome: string], CompileOptions> = async (
  api,
  context,
  { given: [outcome], options },
) => {
  if (options.entities !== 'store') return undefined;
  const runbook = runbookOf(outcome);
  const { entity } = options;
  const { plan, planId } = await api.post<Pick<Compiled, 'plan' | 'planId'>>('/v1/plans', {
    ...{ outcome: runbook.outcome, entity, params: paramsOf(runbook, options.param ?? []) },
  });
  const { terminal } = context;
  terminal.note(terminal.errColours.dim(`entity ${entity} from the store`));
  return showPlan(context, options, { plan, planId, bytes: encodePlan(plan) });
};
