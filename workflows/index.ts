/**
 * What the Temporal sandbox loads: workflow functions and nothing else. The default export takes every workflow type, because
 * the type of an outcome's workflow is its own code, such as `EMP-R-001`.
 */
export { control } from './control';
export { runOutcome as default } from './outcome';
