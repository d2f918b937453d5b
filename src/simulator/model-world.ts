/**
 * The model world: what the AWFs' predictions read and write. Authoring ring: no I/O; a world is a map in memory.
 */
import { canonicalJson, type Json } from '../kernel/json';
import type { World } from '../dsl/awf';

/** Objects by address. */
export type Objects = ReadonlyMap<string, Json>;

/** A business failure that a prediction ended with. */
export class PredictedFailure extends Error {
  override readonly name = 'PredictedFailure';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface Prediction {
  readonly output: Json;
  /** State before the action, where the prediction captured some. */
  readonly prior: Json | undefined;
}

export class ModelWorld {
  private objects: Map<string, Json>;

  constructor(objects: Iterable<readonly [string, Json]> = []) {
    this.objects = new Map(objects);
  }

  /** Runs one prediction; a failed one changes nothing. */
  predict(effect: (world: World) => unknown): Prediction {
    const draft = new Map(this.objects);
    let prior: Json | undefined;
    const world: World = {
      get: (address) => draft.get(address),
      set: (address, value) => void draft.set(address, value),
      delete: (address) => void draft.delete(address),
      list: (prefix) => [...draft.keys()].filter((address) => address.startsWith(prefix)).sort(),
      capture: (value) => void (prior = value),
      fail: (code, message) => {
        throw new PredictedFailure(code, message ?? code);
      },
    };
    const output = effect(world) as Json | undefined;
    this.objects = draft;
    return { output: output ?? null, prior };
  }

  /** The whole world as one text; two worlds are the same if and only if their texts are. */
  snapshot(): string {
    return canonicalJson(Object.fromEntries(this.objects));
  }

  /** Addresses at which two worlds differ. */
  differences(other: Objects): readonly string[] {
    const addresses = new Set([...this.objects.keys(), ...other.keys()]);
    const text = (objects: Objects, address: string): string => {
      const value = objects.get(address);
      return value === undefined ? '' : canonicalJson(value);
    };
    return [...addresses].filter((a) => text(this.objects, a) !== text(other, a)).sort();
  }

  get contents(): Objects {
    return new Map(this.objects);
  }
}
