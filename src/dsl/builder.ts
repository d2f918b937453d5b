/**
 * The builder: everything a runbook's function can say. Types only; `recorder.ts` stands behind it.
 * Authoring ring.
 */
import type { z } from 'zod';
import type { FailureCode } from '../kernel/catalogue';
import type { DurationText } from '../kernel/duration';
import type { AwfContract } from './awf';
import type { Course } from './course';
import type { Bindable, Bound, ElementOf, Ref, RefTo } from './ref';
import type { Runbook } from './runbook';
import type { Approver, Checkpoint, Step } from './step';

export interface StepOptions {
  /**
   * Starts when these are done, instead of when everything declared before is; `[]` starts with the block. A reference in the
   * input always waits for its node, whatever stands here.
   */
  readonly after?: readonly Step[];
}

/** An exit's code: a business error of the contract, a general failure, or `*` for all that stand behind it. */
export type ExitCode<Code extends string> = Code | FailureCode | '*';

export interface CodesCourse<Code extends string, Output> {
  readonly codes: readonly ExitCode<Code>[];
  readonly course: Course<Output>;
}

export interface RunOptions<Code extends string, Output> extends StepOptions {
  /** By code, or as a list where several codes share a course. First match wins; no match backsteps. */
  readonly onError?:
    { readonly [C in ExitCode<Code>]?: Course<Output> } | readonly CodesCourse<Code, Output>[];
  /** The one action behind which there is no way back: compensable actions before it, retriable ones behind it. */
  readonly pivot?: boolean;
}

export interface GateOptions extends StepOptions {
  /** @source execution model 9.1 */
  readonly approval: 'confirm' | 'review' | 'approve' | 'chain';
  /**
   * One approver; for a chain the approvers in order. `auto`, for `confirm` and `review`: the rules approve where the risk of
   * what stands behind the gate asks nobody, and reject it otherwise.
   */
  readonly by: Approver | 'auto' | readonly Approver[];
  /** Default 48 h. At most 400 days. */
  readonly expiresAfter?: DurationText;
  /** Shown on the card; may hold references that are known at compile time. */
  readonly ask?: Bindable<string>;
  /** Default: backstep. */
  readonly onRejected?: Course;
  /** Default: backstep. */
  readonly onExpired?: Course;
}

/** What a gate that was approved gives. */
export interface GateAnswer {
  readonly by: string;
  readonly reason?: string;
}

export type WaitFor<Data> =
  | { readonly time: DurationText }
  /** An ISO 8601 instant; one that has passed does not wait. */
  | { readonly until: Bindable<string> }
  /** A signal by name; `data` declares what it carries, which is then the output. `timeout`: default 400 days. */
  | {
      readonly signal: string;
      readonly data?: z.ZodType<Data>;
      readonly timeout?: DurationText;
      /** Default: backstep. */
      readonly onTimeout?: Course<Data>;
    }
  /** Until the next business hours; during them it does not wait. */
  | { readonly businessHours: BusinessHoursText };

export interface BusinessHoursText {
  /** IANA name, such as `Europe/Berlin`. */
  readonly timezone: string;
  /** 1 is Monday, 7 is Sunday; default Monday to Friday. */
  readonly days?: readonly number[];
  /** `HH:MM`; default 09:00 to 17:00. */
  readonly from?: string;
  readonly to?: string;
}

/** One case for each member, by the text of the value. */
type Cases<Value extends string | boolean> = { readonly [V in `${Value}`]: () => unknown };

/** Refuses a case that is no member. */
type NoOther<CaseMap, Value extends string | boolean> = {
  readonly [Other in Exclude<keyof CaseMap, `${Value}`>]: never;
};

type OutputOf<CaseMap> = Bound<ReturnType<Extract<CaseMap[keyof CaseMap], () => unknown>>>;

/** Refuses an open union: there is no case for every `string`. */
type Closed<Value> = string extends Value ? never : unknown;

export interface Builder<Entity, Params, Event> {
  readonly entity: Ref<Entity>;
  readonly params: Ref<Params>;
  /** Data of the event that started the outcome. */
  readonly event: Ref<Event>;
  /** Fires an AWF. Every field of the input is a value or a reference to one; returns a reference to the output. */
  readonly run: <Input, Output, Code extends string>(
    id: string,
    awf: AwfContract<Input, Output, Code>,
    input: NoInfer<Bindable<Input>>,
    options?: RunOptions<NoInfer<Code>, NoInfer<Output>>,
  ) => Ref<Output>;
  /** Waits for people; returns who approved. */
  readonly gate: (id: string, options: GateOptions) => Ref<GateAnswer>;
  /** Waits for time, for a signal or for business hours. */
  readonly wait: <Data = void>(id: string, what: WaitFor<Data>, options?: StepOptions) => Ref<Data>;
  /** Starts all branches together; what comes next waits for all. Returns what the branches returned. */
  readonly parallel: <const Branches extends readonly (() => unknown)[]>(
    ...branches: Branches
  ) => { readonly [I in keyof Branches]: ReturnType<Branches[I]> };
  /** One case for each member of a closed union or boolean; what the cases return is the output. */
  readonly choose: <Value extends string | boolean, CaseMap extends Cases<Value>>(
    on: RefTo<Value> & Closed<Value>,
    cases: CaseMap & NoOther<CaseMap, Value>,
    options?: StepOptions & { readonly id?: string },
  ) => Ref<OutputOf<CaseMap>>;
  /** Once for each element, one after the other or all together; more than `max` (at most 1,000) elements fail. */
  readonly each: <List extends RefTo<readonly unknown[]> | readonly unknown[]>(
    over: List,
    options: StepOptions & { readonly id?: string; readonly max: number; readonly parallel?: boolean },
    body: (item: Ref<ElementOf<List>>) => unknown,
  ) => Ref<void>;
  /** Inlines another runbook for the same entity; returns a reference to what its function returned. */
  readonly use: <SubParams, Output>(
    id: string,
    runbook: Runbook<Entity, SubParams, Event, Output>,
    params: NoInfer<Bindable<SubParams>>,
    options?: StepOptions,
  ) => Ref<Output>;
  /** A place that `backstep({ to })` can return to. */
  readonly checkpoint: (id: string, options?: StepOptions) => Checkpoint;
  /** Ends the outcome here, complete. */
  readonly complete: (options?: EndOptions) => Ref<void>;
  /** Ends the outcome here by undoing all of it. */
  readonly backstepAll: (options?: EndOptions) => Ref<void>;
}

export interface EndOptions extends StepOptions {
  readonly id?: string;
  readonly reason?: string;
}
