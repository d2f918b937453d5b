/**
 * What configuration needs to know of the code it configures: runbooks with their parameters, and AWFs by name.
 * Authoring ring. Any declared runbook and any AWF contract fits these shapes as it is.
 */
import type { z } from 'zod';

export interface CatalogRunbook {
  readonly id: string;
  /** Outcome code, such as `EMP-R-001`. */
  readonly outcome: string;
  readonly domain: string;
  readonly params: z.ZodObject;
  /** Ids of its nodes, where known: `node.` keys are checked against them. */
  readonly nodes?: readonly string[];
}

export interface ConfigCatalog {
  readonly runbooks: readonly CatalogRunbook[];
  readonly awfs: readonly { readonly name: string; readonly system: string }[];
}
