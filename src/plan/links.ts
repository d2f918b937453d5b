/**
 * Whether everything that a plan names is there: what no shape can say.
 * Pure ring.
 */
import type { Diagnostic } from '../kernel/diagnostic';
import { isInherited } from '../kernel/json';
import { blocksIn } from './blocks';
import { referencesOf, type Expression } from './expression';
import type { Block, Course, Plan, PlanNode } from './plan';

/** Names without a target, ids that are not unique and edges that lead forward, in a plan whose shape is right. */
export function checkLinks(plan: Plan): readonly Diagnostic[] {
  const links = new Links(plan);
  links.gather(plan.body);
  links.block(plan.body, []);
  for (const [name, awf] of Object.entries(plan.awfs))
    links.awf(awf.compensation, `awfs.${name}.compensation`);
  return links.wrong;
}

class Links {
  readonly wrong: Diagnostic[] = [];
  private readonly kinds = new Map<string, PlanNode['kind']>();

  constructor(private readonly plan: Plan) {}

  gather(block: Block): void {
    for (const node of block.nodes) {
      if (this.kinds.has(node.id)) this.tell(`node ${node.id}`, 'two nodes have this id');
      if (isInherited(node.id)) this.tell(`node ${node.id}`, 'every object has something of that name');
      this.kinds.set(node.id, node.kind);
      for (const inner of blocksIn(node)) this.gather(inner);
    }
  }

  /** `around` are the for-each nodes whose elements can be read here. */
  block(block: Block, around: readonly string[]): void {
    const before = new Set<string>();
    for (const node of block.nodes) {
      for (const id of node.after ?? []) {
        if (!before.has(id))
          this.tell(`node ${node.id} › after`, `\`${id}\` does not stand before it in its block`);
      }
      before.add(node.id);
      this.node(node, around);
    }
  }

  awf(name: string | undefined, at: string): void {
    if (name !== undefined && !Object.hasOwn(this.plan.awfs, name)) {
      this.tell(at, `the plan does not hold the AWF \`${name}\``);
    }
  }

  private node(node: PlanNode, around: readonly string[]): void {
    const at = `node ${node.id}`;
    switch (node.kind) {
      case 'action':
        this.awf(node.awf, `${at} › awf`);
        this.expression(node.input, `${at} › input`, around);
        node.exits?.forEach(({ course }, i) => this.course(course, `${at} › exits[${i}]`, around));
        return;
      case 'gate':
        this.course(node.onRejected, `${at} › onRejected`, around);
        this.course(node.onExpired, `${at} › onExpired`, around);
        return;
      case 'wait':
        if ('until' in node.for) this.expression(node.for.until, `${at} › until`, around);
        if ('signal' in node.for && node.for.onTimeout)
          this.course(node.for.onTimeout, `${at} › onTimeout`, around);
        return;
      case 'choice':
        this.expression(node.on, `${at} › on`, around);
        for (const block of Object.values(node.cases)) this.block(block, around);
        for (const [value, output] of Object.entries(node.outputs ?? {})) {
          this.expression(output, `${at} › outputs.${value}`, around);
        }
        return;
      case 'each':
        this.expression(node.over, `${at} › over`, around);
        this.block(node.body, [...around, node.id]);
        return;
      case 'checkpoint':
      case 'end':
    }
  }

  private course(course: Course, at: string, around: readonly string[]): void {
    switch (course.do) {
      case 'retry':
        return this.course(course.then, at, around);
      case 'skip':
        if (course.output) this.expression(course.output, at, around);
        return;
      case 'branch':
        this.block(course.body, around);
        if (course.output) this.expression(course.output, at, around);
        return;
      case 'escalate':
        return;
      case 'backstep':
        if (course.to !== undefined && this.kinds.get(course.to) !== 'checkpoint') {
          this.tell(at, `there is no checkpoint \`${course.to}\``);
        }
        if (course.body) this.block(course.body, around);
    }
  }

  private expression(expression: Expression, at: string, around: readonly string[]): void {
    for (const ref of referencesOf(expression)) {
      if (ref.from === 'node' && !this.kinds.has(ref.node))
        this.tell(at, `there is no node \`${ref.node}\` to read`);
      if (ref.from === 'item' && !around.includes(ref.each)) {
        this.tell(at, `it stands in no for-each \`${ref.each}\``);
      }
    }
  }

  private tell(at: string, message: string): void {
    this.wrong.push({ code: 'PLAN_MALFORMED', at: `plan › ${at}`, message });
  }
}
