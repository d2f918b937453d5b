/**
 * Nodes by the name that their author gave them, `<runbook>/<node>`, and where they stand in plans: a sub-runbook's node stands in the
 * plan of every runbook that uses it, behind the id of the node that does (`device/mac-order`), and one of a for-each once an element.
 * Entry ring; pure.
 */
import { nodesOfSource } from '../compiler';
import type { SourceNode } from '../dsl/source';
import { shipped } from './catalog';

type Sources = ReadonlyMap<string, readonly SourceNode[]>;

let sources: Sources | undefined;

/** Source nodes by runbook, the inner ones included. */
function sourcesOf(): Sources {
  return (sources ??= new Map(
    shipped().runbooks.map(({ id, source }) => [id, [...nodesOfSource(source().body)]]),
  ));
}

const usedBy = (runbook: string, node: string): string | undefined => {
  const found = sourcesOf()
    .get(runbook)
    ?.find(({ id }) => id === node);
  return found?.kind === 'use' ? found.runbook : undefined;
};

/**
 * The name that the author of a plan's node gave it.
 * @param runbook whose plan it is
 * @param node id in the plan, such as `device/mac-order` or `groups[2]/assign`
 */
export function declaredName(runbook: string, node: string): string {
  const path = node.split('/');
  const own = path.pop() ?? node;
  const home = path.reduce((at, step) => usedBy(at, step.replace(/\[\d+\]$/, '')) ?? at, runbook);
  return `${home}/${own.replace(/\[\d+\]$/, '')}`;
}

/** Where an action stands in plans. */
export interface Standing {
  /** Whose plan it is. */
  readonly runbook: string;
  /** Whether its id there is its own name alone: not in a runbook that uses it, and in no for-each. */
  readonly isPlain: boolean;
}

/** Every action by the name that its author gave it, with the plans that it can stand in. */
export function actionsByName(): ReadonlyMap<string, readonly Standing[]> {
  const found = new Map<string, Standing[]>();
  const visit = (runbook: string, home: string, within: readonly string[]): void => {
    const nodes = sourcesOf().get(home) ?? [];
    const repeated = new Set(
      nodes.flatMap((node) => (node.kind === 'each' ? [...nodesOfSource(node.body)] : [])),
    );
    for (const node of nodes) {
      if (node.kind === 'use' && !within.includes(node.runbook))
        visit(runbook, node.runbook, [...within, node.runbook]);
      if (node.kind !== 'action') continue;
      const name = `${home}/${node.id}`;
      const isPlain = home === runbook && !repeated.has(node);
      found.set(name, [...(found.get(name) ?? []), { runbook, isPlain }]);
    }
  };
  for (const runbook of sourcesOf().keys()) visit(runbook, runbook, [runbook]);
  return found;
}
