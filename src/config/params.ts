/**
 * What a compile is given from configuration: the parameters of a runbook and every setting of the cascade, each with the
 * layer and line it came from; and the retry table.
 * Authoring ring. Whether a parameter fits its schema is the compiler's to judge; whether it may be given at all is judged here.
 */
import type { z } from 'zod';
import { retryDelay } from '../governance/retry';
import type { Figures } from '../governance/figures';
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import type { FailureClass } from '../kernel/failure';
import type { Json } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import type { BoundValue, RetryRule } from '../plan/plan';
import { layerAddress, type Bundle } from './bundle';
import type { CatalogRunbook } from './catalog';
import { paramKey } from './key-lookup';
import { scopeName, type Facts } from './layers';
import { resolve } from './resolve';

export interface GivenParams {
  /** Given by a person for this run: strongest. */
  readonly run?: { readonly [name: string]: Json };
  /** Given by the automation, out of the event: stronger than any layer. */
  readonly automation?: { readonly [name: string]: BoundValue };
}

/**
 * The parameters of a runbook: given for the run, else by the automation, else by the most specific layer. One that nothing
 * gives is left out, and the runbook's default holds.
 * Errors: `CONFIG_LOCKED` for a parameter that is given although a layer locked it.
 */
export function resolveParams(
  bundle: Bundle,
  runbook: Pick<CatalogRunbook, 'id' | 'params'>,
  { facts, given = {} }: { readonly facts: Facts; readonly given?: GivenParams },
): Result<Readonly<Record<string, BoundValue>>, readonly Diagnostic[]> {
  const bound: Record<string, BoundValue> = {};
  const found: Diagnostic[] = [];
  const names = [
    ...Object.keys(runbook.params.shape),
    ...Object.keys(given.run ?? {}),
    ...Object.keys(given.automation ?? {}),
  ];
  for (const name of [...new Set(names)].sort()) {
    const inherited = resolve(bundle, paramKey(runbook.id, name), facts);
    const own = givenValue(given, name);
    const lock = inherited.cascade.find(({ lockedAt }) => lockedAt !== undefined);
    if (own !== undefined && lock !== undefined) {
      found.push({
        code: 'CONFIG_LOCKED',
        at: own.at ?? `runbook ${runbook.id} › params.${name}`,
        message: `\`${name}\` cannot be given: it is locked by ${lock.layer} at ${lock.lockedAt!}`,
        help: 'leave it out, or unlock it there',
      });
    } else if (own !== undefined) bound[name] = own;
    else if (inherited.value !== undefined && inherited.at !== undefined) {
      bound[name] = { value: inherited.value, from: inherited.from, at: inherited.at };
    }
  }
  return found.length === 0 ? ok(bound) : err(found);
}

function givenValue({ run, automation }: GivenParams, name: string): BoundValue | undefined {
  if (run !== undefined && Object.hasOwn(run, name)) return { value: run[name]!, from: 'run' };
  return automation !== undefined && Object.hasOwn(automation, name) ? automation[name] : undefined;
}

/**
 * The value of `--param name=text`: the text itself where the parameter takes it, else what it says as JSON, else the parts
 * between commas. Errors: `PARAM_UNKNOWN`, `PARAM_INVALID`.
 */
export function readParamText(
  runbook: Pick<CatalogRunbook, 'id' | 'params'>,
  name: string,
  text: string,
): Result<Json, Diagnostic> {
  const at = `--param ${name}`;
  const { shape } = runbook.params;
  if (!Object.hasOwn(shape, name)) {
    const names = Object.keys(shape);
    const help =
      didYouMean(name, names) ?? (names.length === 0 ? 'it takes none' : `it takes ${names.join(', ')}`);
    return err({
      code: 'PARAM_UNKNOWN',
      at,
      message: `\`${name}\` is no parameter of \`${runbook.id}\``,
      help,
    });
  }
  const schema = shape[name] as z.ZodType;
  const readings: Json[] = [text];
  try {
    readings.push(JSON.parse(text) as Json);
  } catch {
    // Not JSON: one of the other readings may fit.
  }
  readings.push(text === '' ? [] : text.split(',').map((part) => part.trim()));
  const fitting = readings.find((reading) => schema.safeParse(reading).success);
  if (fitting !== undefined) return ok(fitting);
  const why = schema.safeParse(text).error?.issues[0]?.message ?? 'it does not fit';
  const message = `\`${text}\` is no value for \`${name}\` of \`${runbook.id}\`: ${lowerFirst(why)}`;
  return err({ code: 'PARAM_INVALID', at, message });
}

/** Keys that are not settings of a compile: they have ways of their own. */
const OTHER_WAYS = ['params.', 'figures.'];

/** Every setting that any layer sets for these facts, by key; durations in milliseconds. */
export function resolveSettings(bundle: Bundle, facts: Facts): Readonly<Record<string, BoundValue>> {
  const settings: Record<string, BoundValue> = {};
  // Layers stand least specific first, so a later one overwrites.
  for (const { layer, scope, values } of bundle.content.layers) {
    if (scopeName(layer, facts) !== scope) continue;
    for (const [key, value] of Object.entries(values)) {
      if (OTHER_WAYS.some((prefix) => key.startsWith(prefix))) continue;
      const at = bundle.places[layerAddress(layer, scope, 'values', key)];
      settings[key] = { value, from: layer, ...(at === undefined ? {} : { at }) };
    }
  }
  return settings;
}

const CLASSES: readonly FailureClass[] = ['transient', 'recoverable', 'permanent', 'unknown'];

/** The retry table of a plan, from the figures in force. @source execution model 8.4 */
export function retryRules(figures: Pick<Figures, 'retry'>): Readonly<Record<FailureClass, RetryRule>> {
  const ruleOf = (failureClass: FailureClass): RetryRule => {
    const delaysMs: number[] = [];
    for (let failed = 1; failed <= figures.retry[failureClass].maxRetries; failed++) {
      const verdict = retryDelay(failureClass, failed, { retry: figures.retry });
      if (!verdict.retry) break;
      delaysMs.push(verdict.afterMs);
    }
    return { max: delaysMs.length, delaysMs };
  };
  return Object.fromEntries(CLASSES.map((failureClass) => [failureClass, ruleOf(failureClass)])) as Record<
    FailureClass,
    RetryRule
  >;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
