/**
 * `compile`: one runbook, bound to one entity and one configuration, becomes one plan, or a list of all that is wrong.
 * Authoring ring: no I/O, no clock; the same request gives the same bytes.
 */
import { asId, type PlanId } from '../kernel/ids';
import type { Diagnostic } from '../kernel/diagnostic';
import { err, ok, type Result } from '../kernel/result';
import { encodePlan } from '../plan/encode';
import { bind } from './bind';
import { check } from './check';
import { compensate } from './compensate';
import { Context } from './context';
import { expand } from './expand';
import { freeze } from './freeze';
import { chooseLanes } from './lanes';
import { checkLimits } from './limits';
import { order } from './order';
import { forgetUnreadOutputs } from './outputs';
import { checkPaths } from './paths';
import type { Compiled, CompileRequest } from './request';

/** The passes, in order. A pass does what it can with what the ones before it left, so that all mistakes show at once. */
export function compile(request: CompileRequest): Result<Compiled, readonly Diagnostic[]> {
  const bindings = bind(request);
  const context = new Context(request, bindings);
  context.diagnostics.push(...bindings.diagnostics);

  const body = expand(context);
  forgetUnreadOutputs(context);
  check(context);
  const reads = order(context, body);
  checkPaths(context, reads);
  compensate(context, body);
  const firings = chooseLanes(context);
  const plan = freeze(context, body, firings);
  const bytes = encodePlan(plan);
  checkLimits(context, plan, bytes);

  if (context.diagnostics.length > 0) return err(withoutRepeats(context.diagnostics));
  return ok({ plan, planId: asId<PlanId>(request.digest(bytes)), bytes });
}

/** A mistake in a sub-runbook or an unrolled element shows once. */
function withoutRepeats(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter(({ code, at, message }) => {
    const key = `${code}\n${at}\n${message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
