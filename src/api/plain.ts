/** Values of the rings inside, as they go over the wire: what is read only there is plain JSON here. Entry ring; pure. */

export const plain = <T extends object>(value: T): Mutable<T> =>
  JSON.parse(JSON.stringify(value)) as Mutable<T>;

type Mutable<T> = T extends readonly (infer E)[]
  ? Mutable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;
