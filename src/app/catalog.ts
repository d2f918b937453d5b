/**
 * What ships with Backstep: runbooks, the contracts of the AWFs they are made of, and how both are found by name.
 * Entry ring; data only, no SDK is loaded.
 */
import { awfs, contracts } from '../../activities/contracts';
import { runbooks } from '../../runbooks';
import { nodesOfSource } from '../compiler';
import type { CatalogRunbook, ConfigCatalog } from '../config/catalog';
import type { AnyRunbook } from '../dsl';
import type { AwfContract } from '../dsl/awf';
import { catalogOf, type Catalog } from '../dsl/catalog';
import { didYouMean, type Diagnostic } from '../kernel/diagnostic';
import { err, ok, type Result } from '../kernel/result';

export interface Shipped {
  readonly catalog: Catalog;
  readonly runbooks: readonly AnyRunbook[];
  /** By name. */
  readonly contracts: ReadonlyMap<string, AwfContract>;
  /** The part that configuration is checked against. */
  readonly configurable: ConfigCatalog;
}

let known: Shipped | undefined;

/** Everything that ships. Two entries of one name are our own bug and throw. */
export function shipped(): Shipped {
  return (known ??= {
    catalog: catalogOf(awfs, runbooks),
    runbooks,
    contracts: new Map(contracts.map((contract) => [contract.name, contract])),
    configurable: { runbooks: runbooks.map(configurableOf), awfs: contracts },
  });
}

const configurableOf = ({ id, outcome, domain, params, source }: AnyRunbook): CatalogRunbook => ({
  id,
  outcome,
  domain,
  params,
  nodes: [...nodesOfSource(source().body)].map((node) => node.id),
});

/** A runbook by outcome code or id; upper and lower case do not matter. Errors: `RUNBOOK_UNKNOWN`. */
export function findRunbook(name: string, among: readonly AnyRunbook[]): Result<AnyRunbook, Diagnostic> {
  const wanted = name.toLowerCase();
  const found = among.find(
    (runbook) => runbook.outcome.toLowerCase() === wanted || runbook.id.toLowerCase() === wanted,
  );
  if (found !== undefined) return ok(found);
  const names = among.flatMap((runbook) => [runbook.outcome, runbook.id]);
  return err({
    code: 'RUNBOOK_UNKNOWN',
    at: 'catalog',
    message: `no runbook gives the outcome \`${name}\`, and none has that id`,
    help:
      didYouMean(name, names) ??
      `there are ${among.map(({ outcome, id }) => `\`${outcome}\` (\`${id}\`)`).join(', ')}`,
  });
}
