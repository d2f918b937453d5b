/**
 * The recorder behind the builder: turns the calls of a runbook's function into its source.
 * It judges nothing that the compiler can judge, and never throws.
 * Authoring ring.
 */
import type { DiagnosticCode } from '../kernel/catalogue';
import type { Diagnostic } from '../kernel/diagnostic';
import type { Expression } from '../plan/expression';
import type { Builder, GateOptions, RunOptions, StepOptions, WaitFor } from './builder';
import { backstep, type Course } from './course';
import { DEFAULTS } from './defaults';
import { toExpression } from './literal';
import { printExpression } from '../plan/print';
import { expressionOf, listeningForMisuse, refOf, type Ref } from './ref';
import type {
  RunbookSource,
  SourceBlock,
  SourceCourse,
  SourceExit,
  SourceNode,
  SourceUse,
  SourceWait,
} from './source';
import type { Checkpoint, Step } from './step';

/** Records what `build` says. What goes wrong, also an error it throws, stands in the source's problems. */
export function record(
  runbook: string,
  build: (builder: Builder<unknown, unknown, unknown>) => unknown,
): RunbookSource {
  const recorder = new Recorder(runbook);
  try {
    const { block, result } = listeningForMisuse(
      (written) => recorder.misused(written),
      () => recorder.block(() => build(recorder.builder())),
    );
    const output = recorder.outputOf(result);
    return { body: block, problems: recorder.problems, ...(output && { output }) };
  } catch (error) {
    recorder.threw(error);
    return { body: { nodes: [], ends: [] }, problems: recorder.problems };
  }
}

interface OpenBlock {
  readonly nodes: SourceNode[];
  /** What the next node waits for. */
  frontier: string[];
}

type Draft<Node> = Node extends SourceNode ? Omit<Node, 'after'> : never;

class Recorder {
  readonly problems: Diagnostic[] = [];
  private open: OpenBlock = { nodes: [], frontier: [] };
  private readonly ids = new Set<string>();

  constructor(private readonly runbook: string) {}

  builder(): Builder<unknown, unknown, unknown> {
    return {
      entity: refOf({ ref: { from: 'entity', path: [] } }),
      params: refOf({ ref: { from: 'param', path: [] } }),
      event: refOf({ ref: { from: 'event', path: [] } }),
      run: (id, awf, input, options) => this.run(id, awf.name, input, options) as never,
      gate: (id, options) => this.gate(id, options) as never,
      wait: (id, what, options) => this.wait(id, what, options) as never,
      parallel: (...branches) => this.parallel(branches) as never,
      choose: (on, cases, options) => this.choose(on, cases, options) as never,
      each: (over, options, body) => this.each(over, options, body as EachBody),
      use: (id, runbook, params, options) =>
        this.use(id, runbook.id, params as Readonly<Record<string, unknown>>, options) as never,
      checkpoint: (id, options) => this.add({ kind: 'checkpoint', id }, options) as unknown as Checkpoint,
      complete: (options) => this.end('complete', options),
      backstepAll: (options) => this.end('backstep', options),
    };
  }

  /** Runs `body` inside a block of its own. */
  block<T>(body: () => T): { readonly block: SourceBlock; readonly result: T } {
    const outer = this.open;
    const inner: OpenBlock = { nodes: [], frontier: [] };
    this.open = inner;
    try {
      const result = body();
      return { block: { nodes: inner.nodes, ends: inner.frontier }, result };
    } finally {
      this.open = outer;
    }
  }

  /** Expression of what a function returned; `undefined` where it returned nothing that a plan can hold. */
  outputOf(result: unknown): Expression | undefined {
    if (result === undefined) return undefined;
    const wrong: string[] = [];
    const expression = toExpression(result, (_path, what) => wrong.push(what));
    return wrong.length === 0 ? expression : undefined;
  }

  threw(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.complain('RUNBOOK_THREW', [], `its function threw \`${message}\``, 'record only: compute nothing');
  }

  misused(written: string): void {
    this.complain(
      'RUNBOOK_REFERENCE_AS_TEXT',
      [],
      `\`${written}\` has no text yet: its value exists only when the plan runs`,
      'write text`…${reference}…` to join texts',
    );
  }

  private run(
    id: string,
    awf: string,
    input: unknown,
    options: RunOptions<string, unknown> = {},
  ): Ref<never> {
    const exits = this.exits(id, options.onError);
    const expression = this.expression(input, `node ${id}`, 'input');
    const pivot = options.pivot === true ? { pivot: true as const } : {};
    return this.add({ kind: 'action', id, awf, input: expression, exits, ...pivot }, options);
  }

  private exits(id: string, onError: RunOptions<string, unknown>['onError']): readonly SourceExit[] {
    if (onError === undefined) return [];
    const list = Array.isArray(onError)
      ? (onError as readonly { readonly codes: readonly string[]; readonly course: Course }[])
      : Object.entries(onError as Readonly<Record<string, Course | undefined>>).flatMap(([code, course]) =>
          course === undefined ? [] : [{ codes: [code], course }],
        );
    return list.map(({ codes, course }) => ({
      codes: [...codes],
      course: this.course(course, id, `onError.${codes.join(',')}`),
    }));
  }

  private gate(id: string, options: GateOptions): Ref<never> {
    const at = `node ${id}`;
    const by = Array.isArray(options.by) ? (options.by as readonly unknown[]) : [options.by];
    return this.add(
      {
        kind: 'gate',
        id,
        approval: options.approval,
        by: by.map((approver) => this.expression(approver, at, 'by')),
        ...(options.expiresAfter !== undefined && { expiresAfter: options.expiresAfter }),
        ...(options.ask !== undefined && { ask: this.expression(options.ask, at, 'ask') }),
        onRejected: this.course(options.onRejected ?? backstep(), id, 'onRejected'),
        onExpired: this.course(options.onExpired ?? backstep(), id, 'onExpired'),
      },
      options,
    );
  }

  private wait(id: string, what: WaitFor<unknown>, options?: StepOptions): Ref<never> {
    return this.add({ kind: 'wait', id, for: this.waitFor(id, what) }, options);
  }

  private waitFor(id: string, what: WaitFor<unknown>): SourceWait['for'] {
    if ('time' in what) return { time: what.time };
    if ('until' in what) return { until: this.expression(what.until, `node ${id}`, 'until') };
    if ('signal' in what) {
      const onTimeout = this.course(what.onTimeout ?? backstep(), id, 'onTimeout');
      return {
        signal: what.signal,
        ...(what.data && { data: what.data }),
        ...(what.timeout !== undefined && { timeout: what.timeout }),
        onTimeout,
      };
    }
    const { timezone, days, from, to } = what.businessHours;
    return {
      businessHours: {
        timezone,
        days: days ?? DEFAULTS.businessDays,
        from: from ?? DEFAULTS.businessFrom,
        to: to ?? DEFAULTS.businessTo,
      },
    };
  }

  private parallel(branches: readonly (() => unknown)[]): readonly unknown[] {
    const start = this.open.frontier;
    const ends = new Set<string>();
    const results = branches.map((branch) => {
      this.open.frontier = [...start];
      const result = branch();
      for (const end of this.open.frontier) ends.add(end);
      return result;
    });
    this.open.frontier = branches.length === 0 ? start : [...ends];
    return results;
  }

  private choose(
    on: unknown,
    cases: AnyCases,
    options: StepOptions & { readonly id?: string } = {},
  ): Ref<never> {
    const expression = this.expression(on, 'choose');
    const id = options.id ?? this.freeId('choose', expression);
    const recorded = Object.entries(cases).map(([value, body]) => {
      const { block, result } = this.block(body);
      return { value, block, output: this.outputOf(result) };
    });
    const outputs = recorded.flatMap(({ value, output }) => (output ? [[value, output] as const] : []));
    return this.add(
      {
        kind: 'choice',
        id,
        on: expression,
        cases: Object.fromEntries(recorded.map(({ value, block }) => [value, block])),
        ...(outputs.length > 0 && { outputs: Object.fromEntries(outputs) }),
      },
      options,
    );
  }

  private each(
    over: unknown,
    options: StepOptions & { readonly id?: string; readonly max: number; readonly parallel?: boolean },
    body: (item: Ref<unknown>) => unknown,
  ): Ref<never> {
    const expression = this.expression(over, 'each');
    const id = options.id ?? this.freeId('each', expression);
    const item = refOf<unknown>({ ref: { from: 'item', each: id, path: [] } });
    const { block } = this.block(() => body(item));
    return this.add(
      {
        kind: 'each',
        id,
        over: expression,
        max: options.max,
        parallel: options.parallel ?? false,
        body: block,
      },
      options,
    );
  }

  private use(
    id: string,
    runbook: string,
    params: Readonly<Record<string, unknown>>,
    options?: StepOptions,
  ): Ref<never> {
    const bound: Record<string, Expression> = {};
    for (const [name, value] of Object.entries(params)) {
      if (value !== undefined) bound[name] = this.expression(value, `node ${id}`, `params.${name}`);
    }
    const node: Draft<SourceUse> = { kind: 'use', id, runbook, params: bound };
    return this.add(node, options);
  }

  private end(
    how: 'complete' | 'backstep',
    options: StepOptions & { readonly id?: string; readonly reason?: string } = {},
  ): Ref<never> {
    const id = options.id ?? this.freeId(how);
    return this.add(
      { kind: 'end', id, how, ...(options.reason !== undefined && { reason: options.reason }) },
      options,
    );
  }

  private add(node: Draft<SourceNode>, options: StepOptions = {}): Ref<never> {
    const { frontier } = this.open;
    const after = options.after?.flatMap((step) => this.stepId(step, node.id) ?? []) ?? [...frontier];
    this.open.nodes.push({ ...node, after });
    this.open.frontier =
      options.after === undefined ? [node.id] : [...frontier.filter((id) => !after.includes(id)), node.id];
    this.ids.add(node.id);
    return refOf({ ref: { from: 'node', node: node.id, path: [] } });
  }

  private course(course: Course, id: string, slot: string): SourceCourse {
    const { spec } = course;
    const at = `node ${id}`;
    switch (spec.do) {
      case 'retry':
        return {
          do: 'retry',
          after: spec.after,
          max: spec.max ?? DEFAULTS.exitRetries,
          then: this.course(spec.then ?? backstep(), id, slot),
        };
      case 'skip': {
        const output =
          spec.output === undefined ? undefined : this.expression(spec.output, at, `${slot}.output`);
        return { do: 'skip', ...(output && { output }) };
      }
      case 'branch': {
        const { block, result } = this.block(spec.body);
        const output = this.outputOf(result);
        return { do: 'branch', body: block, ...(output && { output }) };
      }
      case 'escalate': {
        const to = Array.isArray(spec.to) ? (spec.to as readonly unknown[]) : [spec.to];
        return {
          do: 'escalate',
          to: to.map((person) => this.expression(person, at, `${slot}.to`)),
          ...(spec.ask !== undefined && { ask: this.expression(spec.ask, at, `${slot}.ask`) }),
          ...(spec.expiresAfter !== undefined && { expiresAfter: spec.expiresAfter }),
        };
      }
      case 'backstep': {
        const to = spec.to === undefined ? undefined : this.stepId(spec.to, id);
        return {
          do: 'backstep',
          ...(to !== undefined && { to }),
          ...(spec.then && { body: this.block(spec.then).block }),
        };
      }
    }
  }

  /** Id of a step given as a reference to a node or as text. */
  private stepId(step: Step, at: string): string | undefined {
    if (typeof step === 'string') return step;
    const expression = expressionOf(step);
    if (expression !== undefined && 'ref' in expression && expression.ref.from === 'node') {
      return expression.ref.node;
    }
    const written = expression === undefined ? '?' : printExpression(expression);
    this.complain(
      'RUNBOOK_STEP_EXPECTED',
      [`node ${at}`],
      `\`${written}\` is no node: only a node can be waited for or returned to`,
      'name what `run`, `gate`, `wait` or `checkpoint` returned, or an id',
    );
    return undefined;
  }

  private expression(value: unknown, ...at: readonly string[]): Expression {
    return toExpression(value, (path, what) =>
      this.complain(
        'RUNBOOK_LITERAL_NOT_JSON',
        [...at.slice(0, -1), [at.at(-1), ...path].join('.')],
        `${what} cannot stand in a plan: a plan is JSON`,
        'give a text, a finite number, a boolean, null, a list or a plain object',
      ),
    );
  }

  /** An id for a node that the author did not name: `choose-device`, then `choose-device-2`. */
  private freeId(kind: string, of?: Expression): string {
    const last = of !== undefined && 'ref' in of ? of.ref.path.at(-1) : undefined;
    const wanted = last === undefined ? kind : `${kind}-${last}`;
    for (let n = 1; ; n++) {
      const id = n === 1 ? wanted : `${wanted}-${n}`;
      if (!this.ids.has(id)) return id;
    }
  }

  private complain(code: DiagnosticCode, at: readonly string[], message: string, help: string): void {
    this.problems.push({ code, at: [`runbook ${this.runbook}`, ...at].join(' › '), message, help });
  }
}

type EachBody = (item: Ref<unknown>) => unknown;
type AnyCases = Readonly<Record<string, () => unknown>>;
