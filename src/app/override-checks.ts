/**
 * What the contracts of AWFs say of an override: whether an input or an output fits, which AWF may stand in for which, and with
 * what an attested action would be undone.
 * Entry ring; pure.
 */
import type { z } from 'zod';
import { freezeAwf } from '../compiler/freeze';
import { schemaAt, shapeAt } from '../compiler/schema';
import type { AwfContract } from '../dsl/awf';
import type { OverrideChange } from '../engine/effects';
import type { Layout } from '../engine/layout';
import { readersOf } from '../engine/readers';
import { didYouMean } from '../kernel/diagnostic';
import { durationMs } from '../kernel/duration';
import type { Json } from '../kernel/json';
import { ok, type Result } from '../kernel/result';
import type { ActionNode, PlannedAwf } from '../plan/plan';
import { refuse, type Refusal } from './refusal';

export type Contracts = ReadonlyMap<string, AwfContract>;

/** A change as a person says it: what the catalog adds is not theirs to say. */
export type WantedChange =
  | Exclude<OverrideChange, { readonly do: 'replace' }>
  | Omit<Extract<OverrideChange, { readonly do: 'replace' }>, 'awfs'>;

interface Asked {
  readonly contracts: Contracts;
  readonly layout: Layout;
  readonly node: ActionNode;
  /** The input as the change would leave it; absent where it is not known before the step's turn. */
  readonly input: Json | undefined;
}

/** The change with what the catalog adds to it. Errors: `OVERRIDE_INPUT_INVALID`, `OVERRIDE_AWF_UNFIT`. */
export function checkChange(asked: Asked, change: WantedChange): Result<OverrideChange, Refusal> {
  const { contracts, node } = asked;
  const contract = contracts.get(node.awf);
  switch (change.do) {
    case 'edit': {
      const wrong = contract === undefined ? [] : inputMisfits(contract, asked.input, change.input);
      return wrong.length === 0 ? ok(change) : misfit(node.awf, 'input', wrong);
    }
    case 'attest': {
      const wrong = contract === undefined ? [] : issuesOf(contract.output, change.output);
      if (wrong.length > 0) return misfit(node.awf, 'output', wrong, contract && outputHelp(contract));
      return attested(asked, contract, change);
    }
    case 'replace':
      return replaced(asked, contract, change);
    default:
      return ok(change);
  }
}

/** AWFs that could stand in for the one of a node: those of its system or its domain, with an effect of the same kind. */
export function alternativesTo(contracts: Contracts, awf: string): readonly string[] {
  const own = contracts.get(awf);
  if (own === undefined) return [];
  const undoing = new Set([...contracts.values()].map(({ compensation }) => compensation?.awf));
  return [...contracts.values()]
    .filter(({ name, system, domain }) => name !== awf && (system === own.system || domain === own.domain))
    .filter(
      ({ effect, compensation }) =>
        effect === own.effect && (effect === 'read' || compensation !== undefined),
    )
    .filter(({ name }) => !undoing.has(name))
    .map(({ name }) => name);
}

function replaced(
  { contracts, layout, node, input }: Asked,
  own: AwfContract | undefined,
  change: Extract<WantedChange, { do: 'replace' }>,
): Result<OverrideChange, Refusal> {
  const { awf } = change;
  const unfit = (because: string, help?: string): Result<never, Refusal> =>
    refuse('OVERRIDE_AWF_UNFIT', `\`${awf}\` ${because}`, help === undefined ? {} : { help });
  const contract = contracts.get(awf);
  if (contract === undefined || own === undefined) {
    const among = alternativesTo(contracts, node.awf);
    const help =
      didYouMean(awf, among) ?? (among.length === 0 ? 'there is none' : `there are ${among.join(', ')}`);
    return unfit('is not in the catalog', help);
  }
  if (contract.system !== own.system && contract.domain !== own.domain) {
    return unfit(`is of another system and another domain than \`${node.awf}\``);
  }
  const unread = readersOf(layout, node.id).filter(
    ({ path }) => schemaAt(contract.output, path) === undefined,
  );
  if (unread.length > 0) {
    const told = unread.map(({ by, path }) => `\`${by}\` reads \`${[node.id, ...path].join('.')}\``);
    return unfit(`has another output: ${[...new Set(told)].join(', ')}`);
  }
  const wrong = inputMisfits(contract, input, change.input ?? {});
  if (wrong.length > 0) return misfit(awf, 'input', wrong);
  const undo = contracts.get(contract.compensation?.awf ?? '');
  const frozen = [contract, ...(undo === undefined ? [] : [undo])].map((one): [string, PlannedAwf] => [
    one.name,
    freezeAwf(one, durationMs(one.timeout)),
  ]);
  return ok({ ...change, awfs: Object.fromEntries(frozen) });
}

/** With what its compensation would run: as the person says, or as far as it follows without what was there before. */
function attested(
  { contracts, input }: Asked,
  contract: AwfContract | undefined,
  change: Extract<WantedChange, { do: 'attest' }>,
): Result<OverrideChange, Refusal> {
  if (change.args !== undefined) {
    const undo = contracts.get(contract?.compensation?.awf ?? '');
    const wrong = undo === undefined ? ['there is none'] : issuesOf(undo.input, change.args);
    return wrong.length === 0 ? ok(change) : misfit(undo?.name ?? 'a compensation', 'input', wrong);
  }
  const args =
    contract === undefined || input === undefined ? undefined : argsOf(contract, input, change.output);
  if (args !== undefined) return ok({ ...change, args });
  if (change.undo === 'person') return ok(change);
  const why =
    input === undefined ? 'its input is not known yet' : 'its compensation needs what was there before';
  return refuse(
    'OVERRIDE_NOT_POSSIBLE',
    `the compensation of \`${contract?.name ?? ''}\` can not undo it: ${why}`,
    {
      help: 'say with what it runs, or let a person undo it',
    },
  );
}

function argsOf(contract: AwfContract, input: Json, output: Json): Json | undefined {
  const read = contract.input.safeParse(input);
  if (!read.success || contract.compensation === undefined) return undefined;
  try {
    const args = contract.compensation.input({ input: read.data, output }) as Json | undefined;
    // It says that nothing was changed, which it cannot know of what it has not done.
    return args === null || args === undefined ? undefined : (JSON.parse(JSON.stringify(args)) as Json);
  } catch {
    return undefined;
  }
}

/** Before its turn the whole input is not known: then what was given is looked at member by member. */
function inputMisfits(contract: AwfContract, input: Json | undefined, patch: Json): readonly string[] {
  if (input !== undefined) return issuesOf(contract.input, input);
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    return ['its members have to be named, because the rest of the input is not known yet'];
  }
  const shape = shapeAt(contract.input);
  return Object.entries(patch as Readonly<Record<string, Json>>).flatMap(([name, value]) => {
    const member = shape?.[name];
    if (shape !== undefined && member === undefined) {
      return [`\`${name}\` is no member of it${hint(didYouMean(name, Object.keys(shape)))}`];
    }
    // Of an object inside only a part may be given.
    const isPart = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (member === undefined || isPart) return [];
    return issuesOf(member, value === null ? undefined : value, name);
  });
}

/** Paths and rules, no values: they may be personal. */
function issuesOf(schema: z.ZodType, value: unknown, at?: string): readonly string[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.slice(0, 5).map(({ path, message }) => {
    const name = [...(at === undefined ? [] : [at]), ...path.map(String)].join('.');
    return `${name === '' ? '' : `\`${name}\`: `}${message.charAt(0).toLowerCase()}${message.slice(1)}`;
  });
}

const misfit = (
  awf: string,
  what: 'input' | 'output',
  wrong: readonly string[],
  help?: string,
): Result<never, Refusal> =>
  refuse(
    'OVERRIDE_INPUT_INVALID',
    `it is no ${what} of \`${awf}\`: ${wrong.join('; ')}`,
    help === undefined ? {} : { help },
  );

/** What an output of the contract has to have: nobody who did it by hand knows that by heart. */
function outputHelp(contract: AwfContract): string | undefined {
  const members = Object.keys(shapeAt(contract.output) ?? {});
  const listed = members.map((member) => `\`${member}\``).join(', ');
  return members.length === 0 ? undefined : `give its output (\`--output\`) as an object with ${listed}`;
}

const hint = (help: string | undefined): string => (help === undefined ? '' : `, ${help}`);
