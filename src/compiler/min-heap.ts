/**
 * Numbers, smallest first.
 * Authoring ring.
 */
export class MinHeap {
  private readonly items: number[] = [];

  push(value: number): void {
    const { items } = this;
    let at = items.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (items[parent]! <= value) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = value;
  }

  /** Takes the smallest; `undefined` where there is none. */
  pop(): number | undefined {
    const { items } = this;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= items.length) break;
      const smaller = left + 1 < items.length && items[left + 1]! < items[left]! ? left + 1 : left;
      if (items[smaller]! >= last) break;
      items[at] = items[smaller]!;
      at = smaller;
    }
    items[at] = last;
    return top;
  }
}
