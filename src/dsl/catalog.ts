/**
 * The catalog: all contracts and runbooks that a compile may name.
 * Authoring ring.
 */
import type { AwfContract, World } from './awf';
import type { Json } from '../kernel/json';
import type { AnyRunbook } from './runbook';

/** Any contract, whatever its input and output; the functions of it can be called only by who knows both. */
export interface AnyAwf extends Omit<AwfContract, 'predict' | 'compensation'> {
  readonly predict: (world: World, input: never) => unknown;
  readonly compensation?: { readonly awf: string; readonly input: (known: never) => Json };
}

export interface Catalog {
  /** By name. */
  readonly awfs: { readonly [name: string]: AnyAwf };
  /** By id. */
  readonly runbooks: { readonly [id: string]: AnyRunbook };
}

/** A catalog of what is given. Two entries of one name are our own bug and throw. */
export function catalogOf(awfs: readonly AnyAwf[], runbooks: readonly AnyRunbook[] = []): Catalog {
  return {
    awfs: indexed(awfs, (awf) => awf.name),
    runbooks: indexed(runbooks, (runbook) => runbook.id),
  };
}

function indexed<T>(entries: readonly T[], nameOf: (entry: T) => string): { readonly [name: string]: T } {
  const index: Record<string, T> = {};
  for (const entry of entries) {
    const name = nameOf(entry);
    if (Object.hasOwn(index, name)) throw new RangeError(`\`${name}\` is declared twice`);
    index[name] = entry;
  }
  return index;
}
