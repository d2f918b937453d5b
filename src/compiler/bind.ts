/**
 * Pass 1, bind: parameters, entity and event against their schemas. What is wrong with a field is kept with the field and
 * told only where the plan reads it; parameters are the author's business and are told at once.
 * Authoring ring.
 */
import type { z } from 'zod';
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import type { Json, JsonObject } from '../kernel/json';
import type { BoundValue } from '../plan/plan';
import type { CompileRequest } from './request';
import { isSensitive, shapeOf } from './schema';

/** Bound values of one source, and what is wrong with the fields that could not be bound. */
export interface Bound {
  readonly names: readonly string[];
  readonly values: JsonObject;
  readonly faults: ReadonlyMap<string, readonly Diagnostic[]>;
}

export interface Bindings {
  readonly params: Bound & { readonly bound: { readonly [name: string]: BoundValue } };
  readonly entity: Bound;
  readonly event: Bound;
  readonly diagnostics: readonly Diagnostic[];
}

export function bind(request: CompileRequest): Bindings {
  const { runbook } = request;
  const params = bindParams(request);
  const type = request.entity.id.slice(0, Math.max(0, request.entity.id.indexOf(':')));
  const wrongType: Diagnostic[] =
    type === runbook.entity.type
      ? []
      : [
          {
            code: 'ENTITY_TYPE_MISMATCH',
            at: `runbook ${runbook.id} › entity`,
            message: `\`${request.entity.id}\` is no \`${runbook.entity.type}\`: the runbook is about one`,
            help: `give an entity such as \`${runbook.entity.type}:sarah.chen\``,
          },
        ];
  return {
    params,
    entity: bindFields('entity', request, runbook.entity.fields, request.entity.fields),
    event: bindFields('event', request, runbook.event, request.event ?? {}),
    diagnostics: [...params.diagnostics, ...wrongType],
  };
}

function bindParams(
  request: CompileRequest,
): Bindings['params'] & { readonly diagnostics: readonly Diagnostic[] } {
  const shape = shapeOf(request.runbook.params);
  const names = Object.keys(shape);
  const values: Record<string, Json> = {};
  const bound: Record<string, BoundValue> = {};
  const faults = new Map<string, readonly Diagnostic[]>();
  const diagnostics: Diagnostic[] = unknownParams(request, names);
  for (const name of names) {
    const given = Object.hasOwn(request.params, name) ? request.params[name] : undefined;
    const parsed = shape[name]!.safeParse(given?.value);
    if (parsed.success) {
      const value = (parsed.data ?? null) as Json;
      values[name] = value;
      bound[name] = given === undefined ? { value, from: 'default' } : { ...given, value };
    } else {
      values[name] = null;
      const wrong = paramFaults(request, name, given, parsed.error);
      faults.set(name, wrong);
      diagnostics.push(...wrong);
    }
  }
  if (diagnostics.length === 0) diagnostics.push(...wholeFaults(request, values));
  return { names, values, bound, faults, diagnostics };
}

/** Rules over several parameters at once, such as a `.refine` of the whole object. */
function wholeFaults(request: CompileRequest, values: JsonObject): readonly Diagnostic[] {
  const given = Object.fromEntries(
    Object.entries(values).filter(([name]) => Object.hasOwn(request.params, name)),
  );
  const parsed = request.runbook.params.safeParse(given);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => ({
    code: 'PARAM_INVALID',
    at: [`runbook ${request.runbook.id}`, ['params', ...issue.path].join('.')].join(' › '),
    message: sentence(issue.message),
  }));
}

function paramFaults(
  request: CompileRequest,
  name: string,
  given: BoundValue | undefined,
  error: z.core.$ZodError,
): readonly Diagnostic[] {
  const here = `runbook ${request.runbook.id} › params.${name}`;
  const schema = shapeOf(request.runbook.params)[name]!;
  if (given === undefined) {
    return [
      {
        code: 'PARAM_MISSING',
        at: here,
        message: `\`${name}\` has no value: no layer of the configuration sets it and it has no default`,
        help: `set it in the configuration of the runbook, or give \`--param ${name}=…\``,
      },
    ];
  }
  return error.issues.map((issue) => ({
    code: 'PARAM_INVALID',
    at: given.at ?? here,
    message: `\`${[name, ...issue.path].join('.')}\` is \`${shown(schema, given.value, issue.path)}\`: ${sentence(issue.message)}`,
    help: `${given.from === 'run' ? 'it was given for this run' : `it comes from the ${given.from} layer`}; see ${here}`,
  }));
}

function unknownParams(request: CompileRequest, names: readonly string[]): Diagnostic[] {
  return Object.entries(request.params)
    .filter(([name]) => !names.includes(name))
    .map(([name, { at }]) => ({
      code: 'PARAM_UNKNOWN',
      at: at ?? `runbook ${request.runbook.id} › params.${name}`,
      message: `\`${name}\` is no parameter of \`${request.runbook.id}\``,
      help:
        didYouMean(name, names) ??
        (names.length === 0
          ? 'it takes none'
          : `it takes ${names.map((known) => `\`${known}\``).join(', ')}`),
    }));
}

function bindFields(
  what: 'entity' | 'event',
  request: CompileRequest,
  schema: z.ZodObject | undefined,
  fields: JsonObject,
): Bound {
  const shape = schema === undefined ? {} : shapeOf(schema);
  const names = Object.keys(shape);
  const values: Record<string, Json> = {};
  const faults = new Map<string, readonly Diagnostic[]>();
  for (const name of names) {
    const given = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const parsed = shape[name]!.safeParse(given);
    values[name] = parsed.success ? ((parsed.data ?? null) as Json) : null;
    if (!parsed.success)
      faults.set(name, fieldFaults(what, request, name, given, shape[name]!, parsed.error));
  }
  return { names, values, faults };
}

function fieldFaults(
  what: 'entity' | 'event',
  request: CompileRequest,
  name: string,
  given: Json | undefined,
  schema: z.ZodType,
  error: z.core.$ZodError,
): readonly Diagnostic[] {
  const at = `runbook ${request.runbook.id} › ${what}.${name}`;
  const owner = what === 'entity' ? `\`${request.entity.id}\`` : 'the event';
  if (given === undefined) {
    const noEvent = what === 'event' && request.event === undefined;
    return [
      {
        code: what === 'entity' ? 'ENTITY_FIELD_MISSING' : 'EVENT_FIELD_MISSING',
        at,
        message: noEvent
          ? `there is no event, and the plan reads \`${name}\` of it`
          : `${owner} has no \`${name}\`, and the plan reads it`,
        help:
          what === 'entity'
            ? 'add the field to the entity, or make it optional in the type of the entity'
            : 'start the outcome by an event that has it, or make it optional in the schema of the event',
      },
    ];
  }
  return error.issues.map((issue) => ({
    code: what === 'entity' ? 'ENTITY_FIELD_INVALID' : 'EVENT_FIELD_INVALID',
    at,
    message: `\`${[name, ...issue.path].join('.')}\` of ${owner} is \`${shown(schema, given, issue.path)}\`: ${sentence(issue.message)}`,
  }));
}

/** A message of zod as ours are written: lower case, no final stop. */
export function sentence(message: string): string {
  const text = message.replace(/\.$/, '').replaceAll('"', '`');
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The part of a value that is wrong, as JSON, cut so that it fits a line; personal data is not shown. */
export function shown(schema: z.ZodType, value: unknown, path: readonly PropertyKey[]): string {
  if (isSensitive(schema, path.map(String))) return '(sensitive)';
  const part = valueAt(value, path);
  const text = part === undefined ? 'nothing' : JSON.stringify(part);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** The value at a path of zod's; `undefined` where there is none. */
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[step] : undefined,
    value,
  );
}
