/**
 * What zod schemas tell a compiler: the schema of a member, and the finite list of values a schema allows.
 * Authoring ring.
 */
import { z } from 'zod';
import type { Json } from '../kernel/json';

type Schema = z.core.$ZodType;

/** The fields of an object, by name. */
export function shapeOf(schema: z.ZodObject): { readonly [name: string]: z.ZodType } {
  return schema.shape;
}

/** The fields of whatever is an object behind its wrappers; `undefined` where it is none. */
export function shapeAt(schema: Schema): Readonly<Record<string, z.ZodType>> | undefined {
  const def = unwrapped(schema);
  return def.type === 'object' ? (def.shape as Readonly<Record<string, z.ZodType>>) : undefined;
}

/** Whether the value at `path`, or one around it, is marked as personal data: it is shown to nobody then. */
export function isSensitive(schema: Schema, path: readonly string[]): boolean {
  return path.concat('').some((_, depth) => {
    const member = schemaAt(schema, path.slice(0, depth));
    return member !== undefined && z.globalRegistry.get(member)?.['sensitive'] === true;
  });
}

/** The schema of the value at `path`; `undefined` where the schema does not say. */
export function schemaAt(schema: Schema, path: readonly string[]): Schema | undefined {
  const [first, ...rest] = path;
  if (first === undefined) return schema;
  const member = memberSchema(schema, first);
  return member === undefined ? undefined : schemaAt(member, rest);
}

/** The schema of the elements of a list. */
export function elementSchema(schema: Schema): Schema | undefined {
  const def = unwrapped(schema);
  return def.type === 'array' ? def.element : undefined;
}

/** Every value that the schema allows, in the order declared; `undefined` where there is no end of them. */
export function valuesOf(schema: Schema): readonly Json[] | undefined {
  const def = definitionOf(schema);
  switch (def.type) {
    case 'enum':
      return [...new Set(Object.values(def.entries))];
    case 'boolean':
      return [false, true];
    case 'null':
      return [null];
    case 'literal':
      return def.values.every(isScalar) ? def.values : undefined;
    case 'union': {
      const options = def.options.map(valuesOf);
      const known = options.flatMap((values) => values ?? []);
      return options.includes(undefined) ? undefined : [...new Set(known)];
    }
    case 'nullable': {
      const inner = valuesOf(def.innerType);
      return inner && [...new Set([...inner, null])];
    }
    case 'optional':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'nonoptional':
    case 'catch':
      return valuesOf(def.innerType);
    default:
      return undefined;
  }
}

function memberSchema(schema: Schema, name: string): Schema | undefined {
  const def = unwrapped(schema);
  switch (def.type) {
    case 'object':
      return Object.hasOwn(def.shape, name) ? def.shape[name] : undefined;
    case 'record':
      return def.valueType;
    case 'array':
      return /^\d+$/.test(name) ? def.element : undefined;
    case 'tuple':
      return def.items[Number(name)];
    default:
      return undefined;
  }
}

/** The definition behind wrappers that do not change what members there are. */
function unwrapped(schema: Schema): Definition {
  const def = definitionOf(schema);
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'nonoptional':
    case 'catch':
      return unwrapped(def.innerType);
    case 'pipe':
      return unwrapped(def.out);
    case 'lazy':
      return unwrapped(def.getter());
    default:
      return def;
  }
}

type Definition = z.core.$ZodTypes['_zod']['def'];
const definitionOf = (schema: Schema): Definition => (schema as z.core.$ZodTypes)._zod.def;

const isScalar = (value: unknown): value is string | number | boolean | null =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value);
