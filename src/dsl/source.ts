/**
 * The source of a runbook: what its function recorded, as data. Ids are those the author gave, times are as written, and
 * sequence and parallel have become `after` edges. The compiler makes plans of it.
 * Authoring ring.
 */
import type { z } from 'zod';
import type { Diagnostic } from '../kernel/diagnostic';
import type { Expression } from '../plan/expression';
import type { GateNode } from '../plan/plan';

export interface RunbookSource {
  readonly body: SourceBlock;
  /** What the runbook's function returned: its output where another runbook uses it. */
  readonly output?: Expression;
  /** Mistakes that show while recording, such as a literal that is no JSON. */
  readonly problems: readonly Diagnostic[];
}

export interface SourceBlock {
  /** In the order they were declared. */
  readonly nodes: readonly SourceNode[];
  /** The nodes that a node behind this block would wait for. */
  readonly ends: readonly string[];
}

interface SourceBase {
  readonly id: string;
  readonly after: readonly string[];
}

export interface SourceAction extends SourceBase {
  readonly kind: 'action';
  readonly awf: string;
  readonly input: Expression;
  readonly pivot?: true;
  readonly exits: readonly SourceExit[];
}

export interface SourceGate extends SourceBase {
  readonly kind: 'gate';
  readonly approval: GateNode['approval'];
  readonly by: readonly Expression[];
  /** Absent where configuration or the default decides. */
  readonly expiresAfter?: string;
  readonly ask?: Expression;
  readonly onRejected: SourceCourse;
  readonly onExpired: SourceCourse;
}

export interface SourceWait extends SourceBase {
  readonly kind: 'wait';
  readonly for:
    | { readonly time: string }
    | { readonly until: Expression }
    | {
        readonly signal: string;
        /** What the signal carries. */
        readonly data?: z.ZodType;
        readonly timeout?: string;
        readonly onTimeout: SourceCourse;
      }
    | { readonly businessHours: SourceBusinessHours };
}

export interface SourceBusinessHours {
  readonly timezone: string;
  readonly days: readonly number[];
  /** `HH:MM`, local time. */
  readonly from: string;
  readonly to: string;
}

export interface SourceChoice extends SourceBase {
  readonly kind: 'choice';
  readonly on: Expression;
  readonly cases: { readonly [value: string]: SourceBlock };
  readonly outputs?: { readonly [value: string]: Expression };
}

export interface SourceEach extends SourceBase {
  readonly kind: 'each';
  readonly over: Expression;
  readonly max: number;
  readonly parallel: boolean;
  readonly body: SourceBlock;
}

export interface SourceUse extends SourceBase {
  readonly kind: 'use';
  /** Id of the runbook, resolved in the catalog. */
  readonly runbook: string;
  readonly params: { readonly [name: string]: Expression };
}

export interface SourceCheckpoint extends SourceBase {
  readonly kind: 'checkpoint';
}

export interface SourceEnd extends SourceBase {
  readonly kind: 'end';
  readonly how: 'complete' | 'backstep';
  readonly reason?: string;
}

export type SourceNode =
  | SourceAction
  | SourceGate
  | SourceWait
  | SourceChoice
  | SourceEach
  | SourceUse
  | SourceCheckpoint
  | SourceEnd;

export interface SourceExit {
  readonly codes: readonly string[];
  readonly course: SourceCourse;
}

export type SourceCourse =
  | { readonly do: 'retry'; readonly after: string; readonly max: number; readonly then: SourceCourse }
  | { readonly do: 'skip'; readonly output?: Expression }
  | { readonly do: 'branch'; readonly body: SourceBlock; readonly output?: Expression }
  | {
      readonly do: 'escalate';
      readonly to: readonly Expression[];
      readonly ask?: Expression;
      readonly expiresAfter?: string;
    }
  | { readonly do: 'backstep'; readonly to?: string; readonly body?: SourceBlock };
