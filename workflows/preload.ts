/**
 * Loaded once a sandbox, before any outcome: the code that all outcomes share, so that none of them evaluates it again.
 * Loaded inside the Temporal sandbox. What it loads is frozen and shared: no module may keep anything that changes.
 */

// The SDK takes a stack trace of every promise, for a query that lists what a workflow waits for, and looks each frame up in
// the source map: a third of an outcome's time in the sandbox. Our trace says what an outcome waits for. It is set here because
// the sandbox freezes `Error` as soon as this file is loaded.
Error.stackTraceLimit = 0;

import './index';
