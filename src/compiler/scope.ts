/**
 * Names inside one expansion of a runbook: what the author's ids, parameters and elements stand for in the plan.
 * Authoring ring.
 */
import { memberOf } from '../dsl/member';
import { foldList, foldObject } from '../dsl/literal';
import type { Expression, Reference } from '../plan/expression';

/** Why a reference could not be resolved. */
export type Unresolved = (reference: Reference) => void;

interface ScopeHead {
  /** Stands before every id: `laptop/`, `groups[0]/`. */
  readonly prefix: string;
  readonly runbook: string;
  /** Sub-runbooks around this one, from the outside in, itself last. */
  readonly chain: readonly string[];
  /** What the parameters stand for; absent in the outermost runbook, where they stand for themselves. */
  readonly params?: ReadonlyMap<string, Expression>;
}

export class Scope {
  private readonly names = new Map<string, string>();
  private readonly outputs = new Map<string, Expression>();
  private readonly items = new Map<string, Expression>();

  constructor(
    readonly head: ScopeHead,
    /** What is not found here is looked for there. */
    private readonly around?: Scope,
  ) {}

  /** A scope in which the same ids are used again under another prefix: one element of a for-each, one course. */
  inner(prefix: string): Scope {
    return new Scope({ ...this.head, prefix }, this);
  }

  declare(id: string): string {
    const name = this.head.prefix + id;
    this.names.set(id, name);
    return name;
  }

  /** Id in the plan of a node the author named; `undefined` where no such node has been declared around here. */
  nameOf(id: string): string | undefined {
    return this.names.get(id) ?? this.around?.nameOf(id);
  }

  /** Ids the author may name here. */
  known(): readonly string[] {
    return [...this.names.keys(), ...(this.around?.known() ?? [])];
  }

  /** `expression` is the output of a node that was inlined. */
  setOutput(id: string, expression: Expression): void {
    this.outputs.set(id, expression);
  }

  setItem(each: string, expression: Expression): void {
    this.items.set(each, expression);
  }

  /** The expression with the author's names replaced by those of the plan. */
  resolve(expression: Expression, unresolved: Unresolved): Expression {
    if ('lit' in expression) return expression;
    if ('ref' in expression) return this.resolveReference(expression.ref, unresolved);
    if ('list' in expression) {
      return foldList(expression.list.map((element) => this.resolve(element, unresolved)));
    }
    if ('join' in expression) {
      return foldJoin(expression.join.map((part) => this.resolve(part, unresolved)));
    }
    return foldObject(
      Object.entries(expression.obj).map(([key, member]) => [key, this.resolve(member, unresolved)]),
    );
  }

  private resolveReference(ref: Reference, unresolved: Unresolved): Expression {
    switch (ref.from) {
      case 'entity':
      case 'event':
        return { ref };
      case 'param':
        return this.param(ref);
      case 'item': {
        const item = this.itemOf(ref.each);
        if (item !== undefined) return memberOf(item, ref.path);
        unresolved(ref);
        return { lit: null };
      }
      case 'node': {
        const output = this.outputOf(ref.node);
        if (output !== undefined) return memberOf(output, ref.path);
        const node = this.nameOf(ref.node);
        if (node !== undefined) return { ref: { ...ref, node } };
        unresolved(ref);
        return { lit: null };
      }
    }
  }

  private param(ref: Reference & { readonly from: 'param' }): Expression {
    const { params } = this.head;
    if (params === undefined) return { ref };
    const [name, ...path] = ref.path;
    if (name === undefined) return foldObject([...params]);
    return memberOf(params.get(name) ?? { lit: null }, path);
  }

  private itemOf(each: string): Expression | undefined {
    return this.items.get(each) ?? this.around?.itemOf(each);
  }

  private outputOf(node: string): Expression | undefined {
    return this.outputs.get(node) ?? (this.names.has(node) ? undefined : this.around?.outputOf(node));
  }
}

/** Neighbouring literals of a text become one. */
function foldJoin(parts: readonly Expression[]): Expression {
  const folded: Expression[] = [];
  for (const part of parts) {
    const last = folded.at(-1);
    if ('lit' in part && last !== undefined && 'lit' in last) {
      folded[folded.length - 1] = { lit: textOf(last.lit) + textOf(part.lit) };
    } else folded.push('lit' in part ? { lit: textOf(part.lit) } : part);
  }
  const only = folded[0];
  if (only === undefined) return { lit: '' };
  return folded.length === 1 && 'lit' in only ? only : { join: folded };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
