/**
 * What others ask of the compiler.
 * Authoring ring.
 */
export { compile } from './compile';
export type { Compiled, CompileRequest } from './request';
export { configurationsOf, type Configuration } from './configurations';
export { nodesOfSource } from './check-source';
export { decodePlan } from '../plan/decode';
export { encodePlan } from '../plan/encode';
export { planIdOf } from '../plan/plan-id';
export { printPlan } from '../plan/print';
export { planMermaid } from '../plan/mermaid';
export { refuseStale } from '../plan/changes';
