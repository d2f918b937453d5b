/**
 * What a runbook's author imports.
 * Authoring ring.
 */
export { defineEntity, type EntityType } from './entity';
export { defineRunbook } from './define-runbook';
export { backstep, branch, escalate, retryAfter, skip, type Course } from './course';
export { text } from './literal';
export type { Bindable, Ref, RefTo } from './ref';
export type { AnyRunbook, Runbook } from './runbook';
export type { Builder } from './builder';
export type { Approver, Checkpoint, Step } from './step';
