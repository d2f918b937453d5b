/**
 * The configuration space of a runbook: every point that its finite parameters, and the finite fields that steer a choice,
 * can take. Parameters without end, such as texts and lists, keep the values they are bound to.
 * Authoring ring.
 */
import type { z } from 'zod';
import type { Catalog } from '../dsl/catalog';
import type { AnyRunbook } from '../dsl/runbook';
import type { SourceChoice } from '../dsl/source';
import type { Diagnostic } from '../kernel/diagnostic';
import type { Json, JsonObject } from '../kernel/json';
import { err, ok, type Result } from '../kernel/result';
import { PLAN_LIMITS } from '../plan/limits';
import type { BoundValue } from '../plan/plan';
import { nodesOfSource } from './check-source';
import { shapeOf, valuesOf } from './schema';

/** What a compile is to be asked with at one point. */
export interface Configuration {
  readonly params: { readonly [name: string]: BoundValue };
  /** Fields of the entity, those that were given with those that vary in their place. */
  readonly entity: JsonObject;
  readonly event: JsonObject;
}

/** What is bound outside the finite dimensions. */
export interface Bound {
  readonly params: { readonly [name: string]: BoundValue };
  readonly entity: JsonObject;
  readonly event?: JsonObject;
  /** Runbooks that this one may use, by id: their choices count too. */
  readonly runbooks?: Catalog['runbooks'];
}

interface Dimension {
  readonly of: 'params' | 'entity' | 'event';
  readonly name: string;
  /** `undefined` leaves it out, where it may be. */
  readonly values: readonly (Json | undefined)[];
}

/**
 * Every point, the last dimension turning fastest; dimensions in the order params, entity, event and as declared. Errors:
 * `CONFIGURATIONS_TOO_MANY`.
 */
export function configurationsOf(
  runbook: AnyRunbook,
  bound: Bound,
): Result<readonly Configuration[], readonly Diagnostic[]> {
  const dimensions = dimensionsOf(runbook, bound.runbooks ?? {});
  const size = dimensions.reduce((product, { values }) => product * values.length, 1);
  if (size > PLAN_LIMITS.configurations) {
    return err([tooMany(runbook, dimensions, size)]);
  }
  const start: Configuration = { params: bound.params, entity: bound.entity, event: bound.event ?? {} };
  return ok(
    dimensions.reduce<readonly Configuration[]>(
      (points, dimension) =>
        points.flatMap((point) => dimension.values.map((value) => moved(point, dimension, value))),
      [start],
    ),
  );
}

function dimensionsOf(runbook: AnyRunbook, runbooks: Catalog['runbooks']): readonly Dimension[] {
  const steering = steeringFields(runbook, runbooks, new Set());
  const params = Object.entries(shapeOf(runbook.params));
  const ofFields = (of: 'entity' | 'event', schema: z.ZodObject | undefined): readonly Dimension[] =>
    schema === undefined
      ? []
      : Object.entries(shapeOf(schema))
          .filter(([name]) => steering[of].has(name))
          .flatMap(([name, field]) => dimension(of, name, field));
  return [
    ...params.flatMap(([name, field]) => dimension('params', name, field)),
    ...ofFields('entity', runbook.entity.fields),
    ...ofFields('event', runbook.event),
  ];
}

function dimension(of: Dimension['of'], name: string, schema: z.ZodType): readonly Dimension[] {
  const values = valuesOf(schema);
  if (values === undefined || values.length === 0) return [];
  // A default is one of the values; what has none may be left out.
  const mayBeAbsent = schema.safeParse(undefined);
  const isOptional = mayBeAbsent.success && mayBeAbsent.data === undefined;
  return [{ of, name, values: isOptional ? [...values, undefined] : values }];
}

function moved(point: Configuration, { of, name }: Dimension, value: Json | undefined): Configuration {
  const fields: Record<string, unknown> = { ...point[of] };
  if (value === undefined) Reflect.deleteProperty(fields, name);
  else fields[name] = of === 'params' ? { value, from: 'run' } : value;
  return { ...point, [of]: fields };
}

/** Fields of entity and event that a choice of the runbook, or of one it uses, turns on. */
function steeringFields(
  runbook: AnyRunbook,
  runbooks: Catalog['runbooks'],
  seen: Set<string>,
): { readonly entity: ReadonlySet<string>; readonly event: ReadonlySet<string> } {
  const found = { entity: new Set<string>(), event: new Set<string>() };
  if (seen.has(runbook.id)) return found;
  seen.add(runbook.id);
  for (const node of nodesOfSource(runbook.source().body)) {
    if (node.kind === 'choice') addField(node, found);
    if (node.kind === 'use' && Object.hasOwn(runbooks, node.runbook)) {
      const inner = steeringFields(runbooks[node.runbook]!, runbooks, seen);
      inner.entity.forEach((name) => found.entity.add(name));
      inner.event.forEach((name) => found.event.add(name));
    }
    if (node.kind === 'use') {
      // What is passed on may steer a choice inside.
      for (const value of Object.values(node.params)) {
        if ('ref' in value && (value.ref.from === 'entity' || value.ref.from === 'event')) {
          const name = value.ref.path[0];
          if (name !== undefined) found[value.ref.from].add(name);
        }
      }
    }
  }
  return found;
}

function addField(
  { on }: SourceChoice,
  found: { readonly entity: Set<string>; readonly event: Set<string> },
): void {
  if (!('ref' in on)) return;
  const { ref } = on;
  const name = ref.from === 'entity' || ref.from === 'event' ? ref.path[0] : undefined;
  if (name !== undefined && (ref.from === 'entity' || ref.from === 'event')) found[ref.from].add(name);
}

function tooMany(runbook: AnyRunbook, dimensions: readonly Dimension[], size: number): Diagnostic {
  const largest = [...dimensions].sort((a, b) => b.values.length - a.values.length).slice(0, 3);
  const shown = largest.map(({ of, name, values }) => `\`${of}.${name}\` (${values.length})`).join(', ');
  return {
    code: 'CONFIGURATIONS_TOO_MANY',
    at: `runbook ${runbook.id}`,
    message: `its configuration space has ${size} points: at most ${PLAN_LIMITS.configurations} are walked`,
    help: `the largest dimensions are ${shown}: split the runbook, or make one a text`,
  };
}
