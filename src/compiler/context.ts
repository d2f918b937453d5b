/**
 * What the passes of one compile share: the request, what has been bound, and the diagnostics gathered so far.
 * Authoring ring.
 */
import type { AnyAwf } from '../dsl/catalog';
import type { DiagnosticCode } from '../kernel/catalogue';
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import type { Json } from '../kernel/json';
import { evaluate, type Expression } from '../plan/expression';
import type { BoundValue } from '../plan/plan';
import type { Bindings } from './bind';
import type { DraftBlock, DraftNode } from './draft';
import type { CompileRequest } from './request';

export class Context {
  readonly diagnostics: Diagnostic[] = [];
  /** Every node of the draft, by id. */
  readonly nodes = new Map<string, DraftNode>();
  /** What stands for a node that was inlined: the ends of what it became. */
  readonly aliases = new Map<string, readonly string[]>();
  /** Inputs, by what was read of them while compiling. */
  readonly read = { param: new Set<string>(), entity: new Set<string>(), event: new Set<string>() };
  /** Settings that shaped the plan, by key. */
  readonly applied = new Map<string, BoundValue>();

  /** Whether any setting is for a node, so that each node need not ask. */
  readonly hasNodeSettings: boolean;

  constructor(
    readonly request: CompileRequest,
    readonly bindings: Bindings,
  ) {
    this.hasNodeSettings = Object.keys(request.settings ?? {}).some((key) => key.startsWith('node.'));
  }

  get runbook(): string {
    return this.request.runbook.id;
  }

  /** Gathers one diagnostic; `at` is the address from the runbook inwards. */
  complain(code: DiagnosticCode, at: readonly string[], message: string, help?: string): void {
    const place = [`runbook ${this.runbook}`, ...at].join(' › ');
    this.diagnostics.push({ code, at: place, message, ...(help !== undefined && { help }) });
  }

  /** As `complain`, at a node. */
  complainAt(node: DraftNode, slot: string, code: DiagnosticCode, message: string, help?: string): void {
    this.complain(code, [`node ${node.id}`, ...(slot === '' ? [] : [slot])], message, help);
  }

  awf(name: string): AnyAwf | undefined {
    const { awfs } = this.request.catalog;
    return Object.hasOwn(awfs, name) ? awfs[name] : undefined;
  }

  /**
   * Value of an expression that reads only what is known when compiling, and remembers what it read; `undefined` where it
   * reads anything else, or something that could not be bound.
   */
  known(expression: Expression): Json | undefined {
    if ('lit' in expression) return expression.lit;
    if (!this.isKnown(expression)) return undefined;
    this.note(expression);
    const { params, entity, event } = this.bindings;
    const nothing = (): undefined => undefined;
    return evaluate(expression, {
      params: params.values,
      entity: entity.values,
      event: event.values,
      output: nothing,
      item: nothing,
    });
  }

  isKnown(expression: Expression): boolean {
    if ('lit' in expression) return true;
    if ('list' in expression) return expression.list.every((element) => this.isKnown(element));
    if ('join' in expression) return expression.join.every((part) => this.isKnown(part));
    if ('obj' in expression) return Object.values(expression.obj).every((member) => this.isKnown(member));
    const { ref } = expression;
    if (ref.from === 'node' || ref.from === 'item') return false;
    const name = ref.path[0];
    const source = this.bindings[ref.from === 'param' ? 'params' : ref.from];
    return name === undefined ? source.faults.size === 0 : !source.faults.has(name);
  }

  /** Remembers what an expression reads of params, entity and event. */
  note(expression: Expression): void {
    if ('ref' in expression) {
      const { ref } = expression;
      if (ref.from === 'node' || ref.from === 'item') return;
      const source = this.bindings[ref.from === 'param' ? 'params' : ref.from];
      const names = ref.path.length === 0 ? source.names : [ref.path[0]!];
      for (const name of names) this.read[ref.from].add(name);
    } else if ('list' in expression) expression.list.forEach((element) => this.note(element));
    else if ('join' in expression) expression.join.forEach((part) => this.note(part));
    else if ('obj' in expression) Object.values(expression.obj).forEach((member) => this.note(member));
  }

  /** A configured value, remembered as one that shaped the plan; `undefined` where nothing is configured. */
  setting<T extends Json>(key: string, isRight: (value: Json) => value is T, wanted: string): T | undefined {
    const settings = this.request.settings ?? {};
    const bound = Object.hasOwn(settings, key) ? settings[key] : undefined;
    if (bound === undefined) return undefined;
    const { value } = bound;
    if (!isRight(value)) {
      if (!this.applied.has(key)) {
        const written = `\`${JSON.stringify(value)}\` from ${printOrigin(bound)}`;
        this.complain('SETTING_INVALID', [`setting ${key}`], `${written} is not ${wanted}`);
      }
      this.applied.set(key, bound);
      return undefined;
    }
    this.applied.set(key, bound);
    return value;
  }
}

/** `the team layer (config/acme/teams.yaml:4)`. */
export function printOrigin({ from, at }: BoundValue): string {
  const who = from === 'run' ? 'this run' : from === 'default' ? 'the default' : `the ${from} layer`;
  return at === undefined ? who : `${who} (${at})`;
}

/** The help for an unknown name: what was meant, or what there is. */
export function helpForName(name: string, known: readonly string[], what: string): string {
  const meant = didYouMean(name, known);
  if (meant !== undefined) return meant;
  if (known.length === 0) return `there are no ${what}`;
  const shown = [...known].sort().slice(0, 8);
  const more = known.length > shown.length ? `, and ${known.length - shown.length} more` : '';
  return `known ${what}: ${shown.map((one) => `\`${one}\``).join(', ')}${more}`;
}

/** Whether `block` is `outer` or stands inside it. */
export function isWithin(block: DraftBlock, outer: DraftBlock): boolean {
  for (let at: DraftBlock | undefined = block; at !== undefined; at = at.inside?.node.block) {
    if (at === outer) return true;
  }
  return false;
}
