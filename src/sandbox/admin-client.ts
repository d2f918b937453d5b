/**
 * A typed client for the admin API: what tests, the law kit and the demonstration use to look at the world through a
 * second path, beside the client under test.
 * Adapter ring.
 */
import type { JsonObject } from '../kernel/json';
import type { SandboxCredentials } from './credentials';
import type { ActionEffects } from './effects';
import type { Fault, FaultInput } from './faults';
import type { LogRecord } from './log';
import type { WorldsDump } from './state';
import type { Change, View } from './world';

export interface Snapshot {
  /** Equal for two snapshots if and only if the worlds are equal. */
  readonly digest: string;
  readonly world: JsonObject;
}

export interface EffectsReport {
  readonly calls: number;
  readonly writes: number;
  /** Must be empty: what was changed more than once under one key. */
  readonly doubled: readonly { readonly key: string; readonly target: string; readonly count: number }[];
  readonly actions: readonly ActionEffects[];
  /** How often each row was changed by anybody; only when asked for with `object`. */
  readonly objects?: Readonly<Record<string, number>>;
}

export interface RequestsQuery {
  readonly tenant?: string;
  readonly vendor?: string;
  readonly key?: string;
  readonly op?: string;
  readonly changed?: boolean;
  readonly faulted?: boolean;
  readonly after?: number;
  readonly limit?: number;
}

export class SandboxAdmin {
  /** @param url `urls.admin` of the sandbox. */
  constructor(private readonly url: string) {}

  /** `standing` leaves out what is closed for good: the residue that a vendor keeps after an undo. */
  snapshot(options: { readonly tenant?: string; readonly view?: View } = {}): Promise<Snapshot> {
    return this.get('snapshot', options);
  }

  dump(): Promise<WorldsDump> {
    return this.get('snapshot', { view: 'dump' });
  }

  async restore(worlds: WorldsDump): Promise<void> {
    await this.call('POST', 'restore', worlds);
  }

  /** Back to the seed; without a tenant also no faults, no clock offset, no audit log. */
  async reset(tenant?: string): Promise<void> {
    await this.call('POST', 'reset', tenant === undefined ? {} : { tenant });
  }

  async seed(tenant: string, people = 0): Promise<SandboxCredentials> {
    const { credentials } = await this.call<{ credentials: SandboxCredentials }>('POST', 'seed', {
      tenant,
      people,
    });
    return credentials;
  }

  /** @param options.key any part of `<idempotency key>|<operation>`; `object` any part of `<collection>/<id>`. */
  effects(
    options: { readonly tenant?: string; readonly key?: string; readonly object?: string } = {},
  ): Promise<EffectsReport> {
    return this.get('effects', options);
  }

  /** One page of the audit log; `next` is the `after` of the following one, null at the end. */
  requests(
    query: RequestsQuery = {},
  ): Promise<{ readonly requests: readonly LogRecord[]; readonly next: number | null }> {
    return this.get('requests', { ...query });
  }

  addFault(fault: FaultInput): Promise<Fault> {
    return this.call('POST', 'faults', fault);
  }

  async faults(): Promise<readonly Fault[]> {
    return (await this.get<{ faults: readonly Fault[] }>('faults', {})).faults;
  }

  async clearFaults(id?: string): Promise<void> {
    await this.call('DELETE', id === undefined ? 'faults' : `faults/${id}`);
  }

  /** Another actor changes a row: `set` is merged into it (null in it stays null), null removes the row. */
  async change(
    tenant: string,
    collection: string,
    id: string,
    set: JsonObject | null,
  ): Promise<readonly Change[]> {
    return (
      await this.call<{ changes: readonly Change[] }>('POST', 'change', { tenant, collection, id, set })
    ).changes;
  }

  async advanceClock(ms: number): Promise<void> {
    await this.call('POST', 'clock', { advanceMs: ms });
  }

  private get<T>(
    path: string,
    query: Readonly<Record<string, string | number | boolean | undefined>>,
  ): Promise<T> {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
    return this.call<T>('GET', `${path}?${search.toString()}`);
  }

  private async call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`the sandbox answered ${response.status} to ${method} ${path}: ${text}`);
    return JSON.parse(text) as T;
  }
}
