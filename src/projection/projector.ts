/**
 * The projector: told at once of histories that have grown, and sweeping through visibility for those that nobody told of, so
 * that nothing is missed whatever died. Any number of them may run: what one has written the others leave alone.
 * Adapter ring. It wants nothing of the robots and holds none of them up; what it cannot do now it does later.
 */
import { StoreError } from '../store/store-error';
import type { RunId } from './derive-history';
import { HEAD_TIMES, signWhenDue, type HeadParts } from './heads';
import { projectRun, type Projected, type ProjectParts } from './project-run';

export interface ProjectorParts extends ProjectParts {
  /** Whose key signs heads; absent: heads are signed elsewhere. */
  readonly heads?: Omit<HeadParts, 'store' | 'now'>;
  readonly tenants: () => Promise<readonly string[]>;
  readonly now: () => number;
  /** Told of what it did and of what it could not do; it must return at once. */
  readonly onEvent?: (event: ProjectorEvent) => void;
  readonly times?: Partial<typeof PROJECTOR_LIMITS>;
}

export type ProjectorEvent =
  | {
      readonly kind: 'projected';
      readonly tenant: string;
      readonly workflow: string;
      readonly records: number;
      /** From when it was told, or the sweep found it, until it was written, in milliseconds. */
      readonly lagMs: number;
    }
  /** A run that cannot be projected for a reason that does not pass by itself. */
  | { readonly kind: 'stalled'; readonly workflow: string; readonly run: string; readonly error: unknown }
  /** The head of one tenant's log could not be signed now; the others' were. */
  | { readonly kind: 'unsigned'; readonly tenant: string; readonly error: unknown }
  /** Temporal or the database is not at hand. */
  | { readonly kind: 'waiting'; readonly error: unknown };

export interface ProjectorStatus {
  /** Runs that are known to have grown and are not projected yet. */
  readonly behind: number;
  /** How long the oldest of them waits, in milliseconds. */
  readonly lagMs: number;
  /** Runs that cannot be projected. */
  readonly stalled: readonly { readonly workflow: string; readonly run: string; readonly why: string }[];
  /** Runs under a tenant that are no outcome and no act of control: of a workflow that is not known here. */
  readonly unknown: number;
  readonly records: number;
}

export interface Projector {
  /** A history has grown. Returns at once. */
  told(run: RunId): void;
  status(): ProjectorStatus;
  /** Looks at everything there is and resolves once all of it is projected, or cannot be. */
  catchUp(): Promise<void>;
  /** Finishes what it has at hand. */
  stop(): Promise<void>;
}

export const PROJECTOR_LIMITS = {
  /** Runs at once: more only wait for the one lock of their tenant. */
  atOnce: 4,
  /** After a run was told of, so that what comes together is read together, in milliseconds. */
  gatherMs: 40,
  /** A run is read again at most so much later, times the time that reading it took: a long history is read less often. */
  restFactor: 4,
  /** Between two sweeps for what has ended, in milliseconds. */
  sweepMs: 5_000,
  /** Sweeps look so far back: visibility may be late, in milliseconds. */
  overlapMs: 120_000,
  /** Between two looks at runs that go on, and at everything there is, in milliseconds. */
  runningMs: 30_000,
  allMs: 600_000,
  /** After an error that passes, and after one that may not, in milliseconds. */
  againMs: 500,
  stalledMs: 30_000,
} as const;

interface Waiting extends RunId {
  /** When it was first told of since it was read last. */
  since: number;
  due: number;
  isBusy: boolean;
  /** Told of again while it was read. */
  isAgain: boolean;
  why?: string;
}

export function startProjector(parts: ProjectorParts): Projector {
  const running = new RunningProjector(parts);
  running.begin();
  return running;
}

class RunningProjector implements Projector {
  private readonly limits;
  private readonly waiting = new Map<string, Waiting>();
  private readonly work = new Set<Promise<void>>();
  /** Runs that owe nothing, so that sweeps leave them alone. */
  private readonly others = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> = Promise.resolve();
  private isSigning = false;
  private isOver = false;
  private endedSince: number;
  private lastAll = -Infinity;
  private lastRunning = -Infinity;
  private written = 0;
  private readonly alarms: NodeJS.Timeout[] = [];

  constructor(private readonly parts: ProjectorParts) {
    this.limits = { ...PROJECTOR_LIMITS, ...parts.times };
    this.endedSince = parts.now();
  }

  begin(): void {
    this.every(this.limits.sweepMs, () => this.sweep(false));
    const { heads } = this.parts;
    if (heads !== undefined)
      this.every(Math.min(5_000, (heads.times ?? HEAD_TIMES).growing), () => this.sign(heads));
    void this.sweep(true);
  }

  told(run: RunId): void {
    this.add(run, this.limits.gatherMs);
  }

  status(): ProjectorStatus {
    const all = [...this.waiting.values()];
    const now = this.parts.now();
    return {
      behind: all.length,
      lagMs: Math.max(0, ...all.map(({ since }) => now - since)),
      stalled: all.flatMap(({ workflow, run, why }) => (why === undefined ? [] : [{ workflow, run, why }])),
      unknown: this.others.size,
      records: this.written,
    };
  }

  async catchUp(): Promise<void> {
    await this.sweep(true);
    for (;;) {
      const open = [...this.waiting.values()].filter(({ why }) => why === undefined);
      if (open.length === 0 || this.isOver) return;
      for (const one of open) if (!one.isBusy) one.due = Math.min(one.due, this.parts.now());
      this.pump();
      await Promise.race([...this.work, new Promise((resolve) => setTimeout(resolve, 20))]);
    }
  }

  async stop(): Promise<void> {
    this.isOver = true;
    clearTimeout(this.timer);
    for (const alarm of this.alarms) clearInterval(alarm);
    await Promise.allSettled([...this.work, this.sweeping]);
  }

  private every(ms: number, work: () => Promise<void>): void {
    const alarm = setInterval(() => void work(), ms);
    alarm.unref();
    this.alarms.push(alarm);
  }

  private add({ workflow, run }: RunId, afterMs: number): void {
    if (this.isOver) return;
    const known = this.waiting.get(run);
    if (known !== undefined) {
      known.isAgain = known.isBusy;
      return;
    }
    const since = this.parts.now();
    this.waiting.set(run, { workflow, run, since, due: since + afterMs, isBusy: false, isAgain: false });
    this.pump();
  }

  /** Takes up what is due, and sets the timer for what is due next. */
  private pump(): void {
    clearTimeout(this.timer);
    if (this.isOver) return;
    const now = this.parts.now();
    let next = Infinity;
    for (const one of this.waiting.values()) {
      if (one.isBusy) continue;
      if (this.work.size >= this.limits.atOnce) return;
      if (one.due <= now) this.begun(one);
      else next = Math.min(next, one.due);
    }
    if (next < Infinity) {
      this.timer = setTimeout(() => this.pump(), Math.max(1, next - now));
      this.timer.unref();
    }
  }

  private begun(one: Waiting): void {
    one.isBusy = true;
    const work = this.project(one).finally(() => {
      this.work.delete(work);
      this.pump();
    });
    this.work.add(work);
  }

  private async project(one: Waiting): Promise<void> {
    const { now, onEvent } = this.parts;
    const from = now();
    const { since } = one;
    try {
      const projected = await projectRun(this.parts, one);
      this.done(one, projected, now() - from);
      this.written += projected.records;
      if (projected.tenant !== undefined && projected.records > 0) {
        const { tenant, records } = projected;
        onEvent?.({ kind: 'projected', tenant, workflow: one.workflow, records, lagMs: now() - since });
      }
    } catch (error) {
      this.failed(one, error);
    }
  }

  private done(one: Waiting, { kind, isOver }: Projected, tookMs: number): void {
    if (kind === 'other') this.others.add(one.run);
    if (!one.isAgain || isOver) {
      this.waiting.delete(one.run);
      return;
    }
    const now = this.parts.now();
    Object.assign(one, { isBusy: false, isAgain: false, since: now });
    one.due = now + Math.max(this.limits.gatherMs, tookMs * this.limits.restFactor);
    delete one.why;
  }

  private failed(one: Waiting, error: unknown): void {
    const { onEvent, now } = this.parts;
    one.isBusy = false;
    const passes = isPassing(error);
    one.due = now() + (passes ? this.limits.againMs : this.limits.stalledMs);
    if (passes) {
      onEvent?.({ kind: 'waiting', error });
      return;
    }
    one.why = error instanceof Error ? error.message : String(error);
    onEvent?.({ kind: 'stalled', workflow: one.workflow, run: one.run, error });
  }

  /** One after the other. */
  private sweep(all: boolean): Promise<void> {
    this.sweeping = this.sweeping
      .then(() => this.sweepNow(all))
      .catch((error: unknown) => {
        this.parts.onEvent?.({ kind: 'waiting', error });
      });
    return this.sweeping;
  }

  private async sweepNow(asked: boolean): Promise<void> {
    if (this.isOver) return;
    const { now, store } = this.parts;
    const from = now();
    const all = asked || from - this.lastAll >= this.limits.allMs;
    const running = !all && from - this.lastRunning >= this.limits.runningMs;
    const look = async (): Promise<void> => {
      if (all) await this.find('all');
      else {
        await this.find({ endedSince: this.endedSince - this.limits.overlapMs });
        if (running) await this.find('running');
      }
    };
    // Whoever was asked looks itself; otherwise one process looks for all of them.
    if (asked) await look();
    else await store.alone(look);
    this.endedSince = from;
    if (all) this.lastAll = from;
    if (all || running) this.lastRunning = from;
  }

  private async find(which: Parameters<ProjectParts['histories']['list']>[0]): Promise<void> {
    const byTenant = new Map<string, RunId[]>();
    for await (const { tenant, workflow, run } of this.parts.histories.list(which)) {
      if (this.isOver) return;
      if (this.others.has(run)) continue;
      const runs = byTenant.get(tenant) ?? [];
      runs.push({ workflow, run });
      byTenant.set(tenant, runs);
    }
    for (const [tenant, runs] of byTenant) {
      for (let at = 0; at < runs.length; at += SWEPT_AT_ONCE) {
        const page = runs.slice(at, at + SWEPT_AT_ONCE);
        const known = await this.parts.store.cursors(
          tenant,
          page.map(({ run }) => run),
        );
        for (const run of page) if (known.get(run.run)?.ended == null) this.add(run, 0);
      }
    }
  }

  /** Each tenant by itself: what is wrong with the log of one leaves no other without a head. */
  private async sign(heads: NonNullable<ProjectorParts['heads']>): Promise<void> {
    // A round that takes longer than the time to the next is not joined by it.
    if (this.isSigning) return;
    this.isSigning = true;
    const { store, now, tenants, onEvent } = this.parts;
    try {
      for (const tenant of await tenants()) {
        if (this.isOver) return;
        await signWhenDue({ ...heads, store, now }, tenant).catch((error: unknown) => {
          onEvent?.({ kind: 'unsigned', tenant, error });
        });
      }
    } catch (error) {
      onEvent?.({ kind: 'waiting', error });
    } finally {
      this.isSigning = false;
    }
  }
}

/** Runs whose cursors are asked for in one statement. */
const SWEPT_AT_ONCE = 1_000;

/** gRPC codes of a server that is not at hand or has no time. @source gRPC status codes: 1, 4, 8, 10, 14 */
const PASSING = new Set([1, 4, 8, 10, 14]);

function isPassing(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof StoreError) return at.isPassing;
    const { code } = at as { readonly code?: unknown };
    if (typeof code === 'number' && PASSING.has(code)) return true;
  }
  return false;
}
