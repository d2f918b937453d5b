/**
 * Compiling in tests: only what a test is about has to be written.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { compile } from '../../src/compiler/compile';
import type { CompileRequest, Compiled } from '../../src/compiler/request';
import { defineEntity, defineRunbook, type AnyRunbook, type Builder } from '../../src/dsl';
import { catalogOf } from '../../src/dsl/catalog';
import { printDiagnostic, type Diagnostic } from '../../src/kernel/diagnostic';
import type { Json } from '../../src/kernel/json';
import type { BoundValue, Plan } from '../../src/plan/plan';
import { create, look, remove, restore, send, set } from './toys';

export const TOYS = [create, remove, set, restore, look, send] as const;

export const Person = defineEntity(
  'person',
  z.object({
    email: z.string(),
    name: z.string().meta({ sensitive: true }),
    phone: z.string().optional(),
    contractor: z.boolean(),
  }),
);

const SARAH = {
  id: 'person:sarah.chen',
  fields: { email: 'sarah@acme.test', name: 'Sarah Chen', contractor: true },
};

/** @source execution model 8.4 */
export const RETRY: Plan['retry'] = {
  transient: { max: 3, delaysMs: [1_000, 2_000, 4_000] },
  recoverable: { max: 2, delaysMs: [60_000, 120_000] },
  permanent: { max: 0, delaysMs: [] },
  unknown: { max: 1, delaysMs: [300_000] },
};

export const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

export const given = (values: { readonly [name: string]: Json }): { readonly [name: string]: BoundValue } =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, from: 'run' }]));

/** The toy catalog with the runbook itself; `more` are runbooks it uses. */
export function request(
  runbook: AnyRunbook,
  rest: Partial<CompileRequest> & { readonly more?: readonly AnyRunbook[] } = {},
): CompileRequest {
  const { more = [], ...overrides } = rest;
  return {
    runbook,
    tenant: 'acme',
    entity: SARAH,
    params: {},
    catalog: catalogOf(TOYS, [runbook, ...more]),
    ruleset: '0'.repeat(64),
    retry: RETRY,
    digest: sha256,
    ...overrides,
  };
}

type PersonFields = z.output<typeof Person.fields>;

export type Says = (builder: Builder<PersonFields, object, object>) => unknown;

/** A runbook about a person without parameters. */
export const aRunbook = (say: Says, id = 'toy.runbook') =>
  defineRunbook({ id, outcome: 'TOY-R-001', version: '1.0', domain: 'people', entity: Person }, say);

/** The plan; throws with all diagnostics where there is none. */
export function planOf(runbook: AnyRunbook, rest: Parameters<typeof request>[1] = {}): Compiled {
  const compiled = compile(request(runbook, rest));
  if (compiled.ok) return compiled.value;
  throw new Error(compiled.error.map(printDiagnostic).join('\n'));
}

/** The diagnostics; throws where there are none. */
export function mistakesOf(
  runbook: AnyRunbook,
  rest: Parameters<typeof request>[1] = {},
): readonly Diagnostic[] {
  const compiled = compile(request(runbook, rest));
  if (!compiled.ok) return compiled.error;
  throw new Error('it compiled');
}

/** The only diagnostic, without its message: `CODE at`. */
export const mistakeOf = (runbook: AnyRunbook, rest: Parameters<typeof request>[1] = {}): string =>
  mistakesOf(runbook, rest)
    .map(({ code, at }) => `${code} ${at}`)
    .join('\n');
