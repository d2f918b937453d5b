/**
 * A plan as a Mermaid flowchart, for pages and pull requests.
 * Pure ring.
 */
import { blockOf, coursesOf, printCourse, printExpression, printWait } from './print';
import type { Block, Plan, PlanNode } from './plan';

/** A `flowchart TD`: solid arrows are order, dotted ones are exits, frames are blocks. Ends with a line feed. */
export function planMermaid(plan: Plan): string {
  const drawing = new Drawing(plan);
  drawing.block(plan.body, '  ');
  return ['flowchart TD', ...drawing.lines, ...drawing.arrows, ''].join('\n');
}

class Drawing {
  readonly lines: string[] = [];
  readonly arrows: string[] = [];
  /** Node ids may hold what Mermaid's may not, so nodes are numbered. */
  private readonly names = new Map<string, string>();
  private frames = 0;

  constructor(private readonly plan: Plan) {}

  block(block: Block, indent: string): void {
    for (const node of block.nodes) {
      this.lines.push(`${indent}${this.nameOf(node.id)}${this.shape(node)}`);
      for (const before of node.after ?? []) {
        this.arrows.push(`  ${this.nameOf(before)} --> ${this.nameOf(node.id)}`);
      }
      this.inside(node, indent);
    }
  }

  private inside(node: PlanNode, indent: string): void {
    if (node.kind === 'choice') {
      for (const [value, block] of Object.entries(node.cases)) {
        this.frame(node, block, value, `-- ${quoted(value)} -->`, indent);
      }
    }
    if (node.kind === 'each') this.frame(node, node.body, `each of ${node.id}`, '-->', indent);
    for (const { on, course } of coursesOf(node)) {
      const block = blockOf(course);
      const text = quoted(`${on}: ${printCourse(course)}`);
      if (block !== undefined && block.nodes.length > 0) {
        this.frame(node, block, `${node.id}: ${on}`, `-. ${text} .->`, indent);
      } else this.leaf(node, `-. ${text} .->`, indent);
    }
  }

  /** A frame around `block` with arrows to the nodes that it starts with. */
  private frame(node: PlanNode, block: Block, title: string, arrow: string, indent: string): void {
    if (block.nodes.length === 0) return this.leaf(node, arrow, indent);
    this.lines.push(`${indent}subgraph f${++this.frames}[${quoted(title)}]`);
    this.block(block, `${indent}  `);
    this.lines.push(`${indent}end`);
    for (const first of block.nodes.filter(({ after }) => after === undefined)) {
      this.arrows.push(`  ${this.nameOf(node.id)} ${arrow} ${this.nameOf(first.id)}`);
    }
  }

  private leaf(node: PlanNode, arrow: string, indent: string): void {
    const name = `f${++this.frames}`;
    this.lines.push(`${indent}${name}(( ))`);
    this.arrows.push(`  ${this.nameOf(node.id)} ${arrow} ${name}`);
  }

  private shape(node: PlanNode): string {
    switch (node.kind) {
      case 'action': {
        const undo = this.plan.awfs[node.awf]?.compensation;
        const back = undo === undefined ? '' : `<br/>undo ${undo}`;
        const text = quoted(`${node.id}<br/>${node.awf}${back}`);
        return node.pivot === true ? `[[${text}]]` : `[${text}]`;
      }
      case 'gate':
        return `{{${quoted(`${node.id}<br/>${node.approval} by ${node.by.join(', ')}`)}}}`;
      case 'wait':
        return `([${quoted(`${node.id}<br/>${printWait(node.for)}`)}])`;
      case 'choice':
        return `{${quoted(printExpression(node.on))}}`;
      case 'each':
        return `[/${quoted(`each of ${printExpression(node.over)}`)}/]`;
      case 'checkpoint':
        return `>${quoted(node.id)}]`;
      case 'end':
        return `((${quoted(node.how)}))`;
    }
  }

  private nameOf(id: string): string {
    const known = this.names.get(id);
    if (known !== undefined) return known;
    const name = `n${this.names.size + 1}`;
    this.names.set(id, name);
    return name;
  }
}

/** Mermaid's quoted text: entities for what would end it. */
const quoted = (text: string): string => `"${text.replaceAll('&', '#amp;').replaceAll('"', '#quot;')}"`;
