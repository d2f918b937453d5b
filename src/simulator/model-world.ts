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
  private readonly objects: Map<string, Json>;

  constructor(objects: Iterable<readonly [string, Json]> = []) {
    this.objects = new Map(objects);
  }

  /** Runs one prediction; a failed one changes nothing. */
  predict(effect: (world: World) => unknown): Prediction {
    const { objects } = this;
    // What was there before is noted, and not the whole world copied: a long plan has as many objects as actions.
    const before: (readonly [address: string, value: Json | undefined])[] = [];
    const note = (address: string): void => void before.push([address, objects.get(address)]);
    let prior: Json | undefined;
    const world: World = {
      get: (address) => objects.get(address),
      set: (address, value) => {
        note(address);
        objects.set(address, value);
      },
      delete: (address) => {
        note(address);
        objects.delete(address);
      },
      list: (prefix) => [...objects.keys()].filter((address) => address.startsWith(prefix)).sort(),
      capture: (value) => void (prior = value),
      fail: (code, message) => {
        throw new PredictedFailure(code, message ?? code);
      },
    };
    try {
      const output = effect(world) as Json | undefined;
      return { output: output ?? null, prior };
    } catch (error) {
      for (const [address, value] of before.reverse()) {
        if (value === undefined) objects.delete(address);
        else objects.set(address, value);
      }
      throw error;
    }
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
