/**
 * Pass 2, expand: sub-runbooks are inlined, and what is known already is decided: choices on parameters, entity and event
 * keep only their case, for-each over a known list is unrolled. What is left are the nodes of the plan, under final ids.
 * Authoring ring.
 */
import { memberOf } from '../dsl/member';
import type {
  SourceAction,
  SourceBlock,
  SourceChoice,
  SourceCourse,
  SourceEach,
  SourceGate,
  SourceNode,
  SourceUse,
  SourceWait,
} from '../dsl/source';
import type { Json } from '../kernel/json';
import type { Expression, Reference } from '../plan/expression';
import { PLAN_LIMITS } from '../plan/limits';
import { bindUse, usedRunbook } from './bind-use';
import { checkCases } from './check-cases';
import { checkSource } from './check-source';
import { helpForName, type Context } from './context';
import type { DraftAction, DraftBlock, DraftCourse, DraftNode } from './draft';
import { Scope } from './scope';

export function expand(context: Context): DraftBlock {
  return new Expander(context).whole();
}

/** Where the nodes of a source block go: into which draft block, and what the first of them wait for. */
interface Place {
  readonly block: DraftBlock;
  readonly scope: Scope;
  readonly start: readonly string[];
}

class Expander {
  private readonly checked = new Set<string>();
  private tooMany = false;

  constructor(private readonly context: Context) {}

  whole(): DraftBlock {
    const { runbook } = this.context.request;
    const body: DraftBlock = { nodes: [], depth: 0 };
    const source = this.sourceOf(runbook);
    const scope = new Scope({ prefix: '', runbook: runbook.id, chain: [runbook.id] });
    this.fill(source.body, { block: body, scope, start: [] });
    return body;
  }

  private sourceOf(runbook: Context['request']['runbook']): ReturnType<typeof runbook.source> {
    const source = runbook.source();
    if (!this.checked.has(runbook.id)) {
      this.checked.add(runbook.id);
      this.context.diagnostics.push(...source.problems, ...checkSource(runbook.id, source.body));
    }
    return source;
  }

  /** Expands `source` into its place; returns the names that what comes next has to wait for. */
  private fill(source: SourceBlock, place: Place): readonly string[] {
    if (place.block.depth > PLAN_LIMITS.blockDepth) {
      this.context.complain(
        'PLAN_TOO_DEEP',
        [`node ${place.block.inside?.node.id ?? ''}`],
        `blocks stand ${place.block.depth} deep inside each other: at most ${PLAN_LIMITS.blockDepth} may`,
        'make a sub-runbook of the inner blocks, or decide in one choice',
      );
      return place.start;
    }
    for (const node of source.nodes) place.scope.declare(node.id);
    for (const node of source.nodes) {
      if (this.tooMany) return place.start;
      this.node(node, place);
    }
    return source.nodes.length === 0
      ? place.start
      : source.ends.flatMap((id) => place.scope.nameOf(id) ?? []);
  }

  private node(node: SourceNode, place: Place): void {
    const after = this.after(node, place);
    switch (node.kind) {
      case 'action':
        return this.action(node, place, after);
      case 'gate':
        return this.gate(node, place, after);
      case 'wait':
        return this.wait(node, place, after);
      case 'choice':
        return this.choice(node, place, after);
      case 'each':
        return this.each(node, place, after);
      case 'use':
        return this.use(node, place, after);
      case 'checkpoint':
        this.add({ ...this.base(node, place, after), kind: 'checkpoint' });
        return;
      case 'end':
        this.add({
          ...this.base(node, place, after),
          kind: 'end',
          how: node.how,
          reason: node.reason,
        });
    }
  }

  private action(node: SourceAction, place: Place, after: readonly string[]): void {
    const { block, scope } = place;
    const action: DraftAction = {
      id: scope.head.prefix + node.id,
      block,
      origin: { runbook: scope.head.runbook, node: node.id },
      after,
      position: block.nodes.length,
      kind: 'action',
      awf: node.awf,
      input: this.resolve(node.input, place, idOf(node, place), 'input'),
      pivot: node.pivot === true,
      exits: [],
    };
    this.add(action);
    if (node.exits.length === 0) return;
    action.exits = node.exits.map(({ codes, course }) => ({
      codes,
      course: this.course(course, action, place, `onError.${codes.join(',')}`),
    }));
  }

  private gate(node: SourceGate, place: Place, after: readonly string[]): void {
    const resolve = (expression: Expression, slot: string): Expression =>
      this.resolve(expression, place, idOf(node, place), slot);
    const gate = {
      ...this.base(node, place, after),
      kind: 'gate' as const,
      approval: node.approval,
      by: node.by.map((approver) => resolve(approver, 'by')),
      expiresAfter: node.expiresAfter,
      ask: node.ask && resolve(node.ask, 'ask'),
      onRejected: SKIP,
      onExpired: SKIP,
    };
    this.add(gate);
    gate.onRejected = this.course(node.onRejected, gate, place, 'onRejected');
    gate.onExpired = this.course(node.onExpired, gate, place, 'onExpired');
  }

  private wait(node: SourceWait, place: Place, after: readonly string[]): void {
    const what = node.for;
    const base = this.base(node, place, after);
    if ('signal' in what) {
      const { signal, timeout } = what;
      const wait = {
        ...base,
        kind: 'wait' as const,
        for: { signal, hasData: what.data !== undefined, timeout, onTimeout: SKIP },
      };
      this.add(wait);
      wait.for = { ...wait.for, onTimeout: this.course(what.onTimeout, wait, place, 'onTimeout') };
    } else if ('until' in what) {
      this.add({
        ...base,
        kind: 'wait',
        for: { until: this.resolve(what.until, place, idOf(node, place), 'until') },
      });
    } else this.add({ ...base, kind: 'wait', for: what });
  }

  private choice(node: SourceChoice, place: Place, after: readonly string[]): void {
    const on = this.resolve(node.on, place, idOf(node, place), 'on');
    const id = idOf(node, place);
    const known = this.context.known(on);
    checkCases(this.context, id, on, Object.keys(node.cases), known);
    if (known !== undefined) return this.decide(node, known, place, after);
    const choice = {
      ...this.base(node, place, after),
      kind: 'choice' as const,
      on,
      cases: {} as Record<string, DraftBlock>,
      outputs: {} as Record<string, Expression>,
    };
    this.add(choice);
    for (const [value, source] of Object.entries(node.cases)) {
      const block = inner(choice, `cases.${value}`);
      choice.cases[value] = block;
      this.fill(source, { ...place, block, start: [] });
      const output = node.outputs?.[value];
      if (output !== undefined)
        choice.outputs[value] = this.resolve(output, place, idOf(node, place), `cases.${value}`);
    }
  }

  /** A choice whose value is known keeps only its case. */
  private decide(node: SourceChoice, value: Json, place: Place, after: readonly string[]): void {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const taken = Object.hasOwn(node.cases, text) ? node.cases[text] : undefined;
    if (taken === undefined) return;
    const ends = this.fill(taken, { ...place, start: after });
    this.context.aliases.set(idOf(node, place), ends);
    const output = node.outputs?.[text];
    if (output !== undefined) {
      place.scope.setOutput(node.id, this.resolve(output, place, idOf(node, place), `cases.${text}`));
    }
  }

  private each(node: SourceEach, place: Place, after: readonly string[]): void {
    const over = this.resolve(node.over, place, idOf(node, place), 'over');
    const elements = 'list' in over ? over.list : this.context.known(over);
    if (Array.isArray(elements)) return this.unroll(node, over, elements.length, place, after);
    const each = {
      ...this.base(node, place, after),
      kind: 'each' as const,
      over,
      max: node.max,
      parallel: node.parallel,
      body: EMPTY,
    };
    this.add(each);
    each.body = inner(each, 'each');
    place.scope.setItem(node.id, { ref: { from: 'item', each: each.id, path: [] } });
    this.fill(node.body, { ...place, block: each.body, start: [] });
  }

  /** A for-each over a list that is known becomes its elements, one after the other or side by side. */
  private unroll(
    node: SourceEach,
    over: Expression,
    count: number,
    place: Place,
    after: readonly string[],
  ): void {
    const id = idOf(node, place);
    if (count > node.max) {
      this.context.complain(
        'PLAN_TOO_MANY_ELEMENTS',
        [`node ${id}`, 'over'],
        `the list has ${count} elements, and its bound is ${node.max}`,
        'raise `max`, or give fewer',
      );
      return;
    }
    const ends: string[] = [];
    let start = after;
    for (let i = 0; i < count; i++) {
      const scope = place.scope.inner(`${id}[${i}]/`);
      scope.setItem(node.id, memberOf(over, [String(i)]));
      const last = this.fill(node.body, { block: place.block, scope, start });
      if (node.parallel) ends.push(...last);
      else start = last;
    }
    this.context.aliases.set(id, node.parallel && count > 0 ? ends : start);
  }

  private use(node: SourceUse, place: Place, after: readonly string[]): void {
    const { context } = this;
    const { head } = place.scope;
    const { chain, prefix } = head;
    const runbook = usedRunbook(context, node, head);
    if (runbook === undefined) return;
    const given = new Map(
      Object.entries(node.params).map(([name, value]) => [
        name,
        this.resolve(value, place, idOf(node, place), `params.${name}`),
      ]),
    );
    const scope = new Scope({
      prefix: `${prefix}${node.id}/`,
      runbook: runbook.id,
      chain: [...chain, runbook.id],
      params: bindUse(context, `${prefix}${node.id}`, runbook, given),
    });
    const source = this.sourceOf(runbook);
    const inside: Place = { block: place.block, scope, start: after };
    context.aliases.set(`${prefix}${node.id}`, this.fill(source.body, inside));
    if (source.output !== undefined) {
      place.scope.setOutput(node.id, this.resolve(source.output, inside, idOf(node, place), 'output'));
    }
  }

  private course(course: SourceCourse, node: DraftNode, place: Place, slot: string): DraftCourse {
    const resolve = (expression: Expression | undefined, what: string): Expression | undefined =>
      expression && this.resolve(expression, place, node.id, `${slot}.${what}`);
    switch (course.do) {
      case 'retry':
        return { ...course, then: this.course(course.then, node, place, slot) };
      case 'skip':
        return { do: 'skip', output: resolve(course.output, 'output') };
      case 'branch': {
        const body = inner(node, slot);
        const inside = this.fillCourse(course.body, node, body, place);
        const output = course.output && this.resolve(course.output, inside, node.id, `${slot}.output`);
        return { do: 'branch', body, output };
      }
      case 'escalate':
        return {
          do: 'escalate',
          to: course.to.flatMap((person) => resolve(person, 'to') ?? []),
          ask: resolve(course.ask, 'ask'),
          expiresAfter: course.expiresAfter,
        };
      case 'backstep': {
        const to = course.to === undefined ? undefined : (place.scope.nameOf(course.to) ?? course.to);
        if (course.body === undefined) return { do: 'backstep', to, body: undefined };
        const body = inner(node, slot, to ?? '');
        this.fillCourse(course.body, node, body, place);
        return { do: 'backstep', to, body };
      }
    }
  }

  /** The nodes of a course stand under the id of theirs, so that several nodes can share one. */
  private fillCourse(source: SourceBlock, node: DraftNode, block: DraftBlock, place: Place): Place {
    const inside = { block, scope: place.scope.inner(`${node.id}/`), start: [] };
    this.fill(source, inside);
    return inside;
  }

  private after(node: SourceNode, place: Place): readonly string[] {
    if (node.after.length === 0) return place.start;
    const only = node.after.length === 1 ? place.scope.nameOf(node.after[0]!) : undefined;
    if (only !== undefined) return [only];
    return node.after.flatMap((id) => {
      const name = place.scope.nameOf(id);
      if (name !== undefined) return [name];
      this.context.complain(
        'PLAN_NODE_UNKNOWN',
        [`node ${place.scope.head.prefix}${node.id}`, 'after'],
        `there is no node \`${id}\` to wait for`,
        helpForName(id, place.scope.known(), 'nodes'),
      );
      return [];
    });
  }

  private base(node: SourceNode, { block, scope }: Place, after: readonly string[]) {
    const origin = { runbook: scope.head.runbook, node: node.id };
    return { id: scope.head.prefix + node.id, block, origin, after, position: block.nodes.length };
  }

  private add(node: DraftNode): void {
    const { nodes } = this.context;
    if (!nodes.has(node.id)) nodes.set(node.id, node);
    else {
      const message = `two nodes of the plan have the id \`${node.id}\``;
      const help = 'ids are unique in a plan: rename one';
      this.context.complainAt(node, '', 'PLAN_NODE_DUPLICATE', message, help);
    }
    node.block.nodes.push(node);
    this.tooMany = nodes.size > PLAN_LIMITS.nodes;
  }

  private resolve(expression: Expression, place: Place, id: string, slot: string): Expression {
    return place.scope.resolve(expression, (reference) => {
      const [message, help] = outsideMessage(reference);
      this.context.complain('PLAN_OUTPUT_OUTSIDE', [`node ${id}`, slot], message, help);
    });
  }
}

/** Id of a source node in the plan. */
const idOf = (node: SourceNode, { scope }: Place): string => scope.head.prefix + node.id;

const EMPTY: DraftBlock = { nodes: [], depth: 0 };
const SKIP: DraftCourse = { do: 'skip', output: undefined };

function inner(node: DraftNode, slot: string, replaces?: string): DraftBlock {
  const inside = { node, slot, ...(replaces !== undefined && { replaces }) };
  return { nodes: [], inside, depth: node.block.depth + 1 };
}

function outsideMessage(reference: Reference): readonly [string, string] {
  return reference.from === 'item'
    ? [
        `the element of \`${reference.each}\` exists only inside that for-each`,
        'read it inside the function of `each`',
      ]
    : [
        `\`${reference.from === 'node' ? reference.node : ''}\` gives no output here`,
        'it stands in a for-each or sub-runbook that was inlined, or gives none: return what you need from its function',
      ];
}
