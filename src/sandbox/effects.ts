/**
 * The oracle for "exactly one effect": for every action key, which state-changing requests it made on what, and how
 * often; for every object, how often it was changed. Counts only, so that it stays small over any number of requests.
 * Adapter ring, no I/O. It is fed from the log and never asked by a vendor's handler.
 */
import { COLLECTIONS } from './collections';
import type { LogRecord } from './log';

/** The header by which our clients say for which attempt of which action a request is. No vendor reads it. */
export const ACTION_HEADER = 'x-backstep-action';

/**
 * What one action did. Its header is `<idempotency key>|<execute or compensate>|<attempt>`; the key here is all of that
 * but the attempt, so that what two attempts did adds up.
 */
export interface ActionEffects {
  readonly key: string;
  /** Requests under this key, also those that changed nothing or failed. */
  readonly calls: number;
  /** Requests that changed something. */
  readonly writes: number;
  /** State-changing requests by `<operation> <target>`: one that is more than 1 was done twice. */
  readonly targets: Readonly<Record<string, number>>;
  /** The rows that were changed, as `<collection>/<id>`, each with how often. */
  readonly objects: Readonly<Record<string, number>>;
}

interface Tally {
  calls: number;
  writes: number;
  targets: Record<string, number>;
  objects: Record<string, number>;
}

export interface EffectsDump {
  readonly actions: Readonly<Record<string, Tally>>;
  readonly objects: Readonly<Record<string, number>>;
}

/** The key of an action from its header: everything but the attempt. */
export function actionKey(header: string): string {
  const parts = header.split('|');
  return parts.length < 3 ? header : parts.slice(0, -1).join('|');
}

export class Effects {
  private readonly actions = new Map<string, Tally>();
  private readonly objects = new Map<string, number>();

  count(record: Pick<LogRecord, 'action' | 'op' | 'target' | 'changes'>): void {
    // A draft binds nobody until it is submitted, so to make one twice is to do nothing twice.
    const changes = (record.changes ?? []).filter(
      ({ collection }) => COLLECTIONS[collection].isDraft !== true,
    );
    for (const { collection, id } of changes) {
      const object = `${collection}/${id}`;
      this.objects.set(object, (this.objects.get(object) ?? 0) + 1);
    }
    if (record.action === '') return;
    const tally = this.tallyOf(actionKey(record.action));
    tally.calls += 1;
    if (changes.length === 0) return;
    tally.writes += 1;
    increment(tally.targets, `${record.op} ${record.target}`);
    for (const { collection, id } of changes) increment(tally.objects, `${collection}/${id}`);
  }

  /** The effects of every key that contains `part`, in the order in which the keys first came. */
  of(part = ''): ActionEffects[] {
    return [...this.actions].filter(([key]) => key.includes(part)).map(([key, tally]) => ({ key, ...tally }));
  }

  objectsOf(part = ''): Record<string, number> {
    return Object.fromEntries([...this.objects].filter(([object]) => object.includes(part)));
  }

  /** Keys with a target that was changed more than once: what must be empty. */
  doubled(part = ''): { readonly key: string; readonly target: string; readonly count: number }[] {
    return this.of(part).flatMap(({ key, targets }) =>
      Object.entries(targets)
        .filter(([, count]) => count > 1)
        .map(([target, count]) => ({ key, target, count })),
    );
  }

  dump(): EffectsDump {
    return { actions: Object.fromEntries(this.actions), objects: Object.fromEntries(this.objects) };
  }

  static from(dump: EffectsDump): Effects {
    const effects = new Effects();
    for (const [key, tally] of Object.entries(dump.actions)) effects.actions.set(key, tally);
    for (const [object, count] of Object.entries(dump.objects)) effects.objects.set(object, count);
    return effects;
  }

  private tallyOf(key: string): Tally {
    let tally = this.actions.get(key);
    if (!tally) {
      tally = { calls: 0, writes: 0, targets: {}, objects: {} };
      this.actions.set(key, tally);
    }
    return tally;
  }
}

function increment(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
