/**
 * Pass 3, check: each node by itself. Its AWF, its exits, its times, its approvers, its input as far as it is known.
 * Authoring ring.
 */
import { AUTO } from '../governance/approval-steps';
import { FAILURES } from '../kernel/catalogue';
import { parseDuration, printDuration } from '../kernel/duration';
import { PLAN_LIMITS } from '../plan/limits';
import { checkInput } from './check-input';
import { helpForName, type Context } from './context';
import { coursesOf, type DraftAction, type DraftNode, type DraftWait } from './draft';

/** One, or `N of` several: `2 of person:ada|person:bo|director`. */
const ONE = '(manager|director|executive|(role|person):[^\\s:|][^\\s|]*)';
const APPROVER = new RegExp(`^(${ONE}|\\d{1,2} of ${ONE}(\\|${ONE})*)$`);
/** An ISO 8601 date, or date and time with an offset. */
const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;

export function check(context: Context): void {
  for (const node of context.nodes.values()) {
    switch (node.kind) {
      case 'action':
        checkAction(context, node);
        break;
      case 'gate':
        checkDuration(context, node, 'expiresAfter', node.expiresAfter);
        checkGate(context, node);
        break;
      case 'wait':
        checkWait(context, node);
        break;
      case 'each':
        checkBound(context, node, node.max);
        break;
      case 'choice':
      case 'checkpoint':
      case 'end':
        break;
    }
    checkCourses(context, node);
  }
}

function checkAction(context: Context, node: DraftAction): void {
  const awf = context.awf(node.awf);
  if (awf === undefined) {
    const known = Object.keys(context.request.catalog.awfs);
    const message = `the catalog has no AWF \`${node.awf}\``;
    context.complainAt(node, '', 'PLAN_AWF_UNKNOWN', message, helpForName(node.awf, known, 'AWFs'));
    return;
  }
  checkInput(context, node, awf);
  checkExits(context, node, Object.keys(awf.errors));
}

function checkExits(context: Context, node: DraftAction, own: readonly string[]): void {
  const taken = new Map<string, string>();
  for (const { codes } of node.exits) {
    const slot = `onError.${codes.join(',')}`;
    for (const code of codes) {
      if (code !== '*' && !own.includes(code) && !Object.hasOwn(FAILURES, code)) {
        const message = `\`${node.awf}\` never fails with \`${code}\``;
        const help = helpForName(code, [...own, ...Object.keys(FAILURES)], 'codes');
        context.complainAt(node, slot, 'PLAN_EXIT_IMPOSSIBLE', message, help);
      }
    }
    const before = codes.every((code) => taken.has(code) || taken.has('*'))
      ? (taken.get('*') ?? taken.get(codes[0] ?? '*'))
      : undefined;
    if (before !== undefined) {
      const message = `it is never taken: \`${before}\` stands before it and takes the same codes`;
      context.complainAt(node, slot, 'PLAN_EXIT_SHADOWED', message, 'put `*` last, and each code once');
    }
    for (const code of codes) if (!taken.has(code)) taken.set(code, slot);
  }
}

function checkGate(context: Context, node: DraftNode & { readonly kind: 'gate' }): void {
  const wanted = node.approval === 'chain' ? 'at least one approver' : 'one approver';
  if (node.by.length === 0 || (node.approval !== 'chain' && node.by.length > 1)) {
    const message = `\`${node.approval}\` takes ${wanted}, and ${node.by.length} are named`;
    const help = 'with `chain` several people decide, one after the other';
    context.complainAt(node, 'by', 'PLAN_APPROVER_MALFORMED', message, help);
  }
  if (isAuto(context, node)) checkAuto(context, node);
  else checkApprovers(context, node, 'by', node.by);
  if (node.ask !== undefined) knownText(context, node, 'ask', node.ask);
}

type DraftGate = DraftNode & { readonly kind: 'gate' };

const isAuto = (context: Context, { by }: DraftGate): boolean =>
  by.some((one) => context.isKnown(one) && context.known(one) === AUTO);

/** The rules confirm or review; they give no reasons of their own, and are no link of a chain. */
function checkAuto(context: Context, node: DraftGate): void {
  if (node.by.length === 1 && (node.approval === 'confirm' || node.approval === 'review')) return;
  const message = `\`auto\` stands alone, for \`confirm\` or \`review\`, and not for \`${node.approval}\``;
  const help = 'name the people who decide, or let the rules confirm';
  context.complainAt(node, 'by', 'PLAN_APPROVER_MALFORMED', message, help);
}

function checkApprovers(
  context: Context,
  node: DraftNode,
  slot: string,
  approvers: (DraftNode & { readonly kind: 'gate' })['by'],
): void {
  for (const approver of approvers) {
    const text = knownText(context, node, slot, approver);
    if (text === undefined || APPROVER.test(text)) continue;
    const message = `\`${text}\` is nobody who could decide`;
    const help = 'write `manager`, `director`, `executive`, `role:…` or `person:…`';
    context.complainAt(node, slot, 'PLAN_APPROVER_MALFORMED', message, help);
  }
}

function knownText(
  context: Context,
  node: DraftNode,
  slot: string,
  expression: (DraftNode & { readonly kind: 'gate' })['by'][number],
): string | undefined {
  if (!context.isKnown(expression)) {
    // A field that could not be bound is told as such.
    if (!readsAtRunTime(expression)) return undefined;
    const message = 'it reads something that exists only when the plan runs';
    const help = 'read parameters, entity or event: a card says what it says from the start';
    context.complainAt(node, slot, 'PLAN_VALUE_NOT_KNOWN', message, help);
    return undefined;
  }
  const value = context.known(expression);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function readsAtRunTime(expression: Parameters<typeof knownText>[3]): boolean {
  if ('ref' in expression) return expression.ref.from === 'node' || expression.ref.from === 'item';
  if ('join' in expression) return expression.join.some(readsAtRunTime);
  if ('list' in expression) return expression.list.some(readsAtRunTime);
  return 'obj' in expression && Object.values(expression.obj).some(readsAtRunTime);
}

function checkWait(context: Context, node: DraftWait): void {
  const what = node.for;
  if ('time' in what) checkDuration(context, node, 'time', what.time);
  else if ('signal' in what) checkDuration(context, node, 'timeout', what.timeout);
  else if ('until' in what) {
    const value = context.known(what.until);
    if (value === undefined || (typeof value === 'string' && isInstant(value))) return;
    const message = `\`${typeof value === 'string' ? value : JSON.stringify(value)}\` is no instant`;
    const help = 'write ISO 8601, such as `2026-03-01` or `2026-03-01T09:00:00Z`';
    context.complainAt(node, 'until', 'PLAN_INSTANT_MALFORMED', message, help);
  } else {
    const { timezone, days, from, to } = what.businessHours;
    const wrong = [
      ...(isTimezone(timezone) ? [] : [`\`${timezone}\` is no time zone`]),
      ...(days.length > 0 && days.every((day) => Number.isInteger(day) && day >= 1 && day <= 7)
        ? []
        : ['days go from 1, Monday, to 7, Sunday']),
      ...(isOpenLongEnough(from, to)
        ? []
        : [`\`${from}\` to \`${to}\` are no hours, or fewer than 15 minutes`]),
    ];
    for (const message of wrong) {
      const help =
        'write such as `{ timezone: "Europe/Berlin", days: [1, 2, 3], from: "09:00", to: "17:00" }`';
      context.complainAt(node, 'businessHours', 'PLAN_BUSINESS_HOURS_MALFORMED', message, help);
    }
  }
}

function checkCourses(context: Context, node: DraftNode): void {
  for (const { slot, course } of coursesOf(node)) {
    if (course.do === 'retry') {
      checkDuration(context, node, slot, course.after);
      const limit = PLAN_LIMITS.exitRetries;
      if (!Number.isInteger(course.max) || course.max < 1 || course.max > limit) {
        const message = `it asks for ${course.max} retries: from 1 to ${limit} may be`;
        context.complainAt(node, slot, 'PLAN_TOO_MANY_RETRIES', message, 'escalate to a person afterwards');
      }
    } else if (course.do === 'escalate') {
      checkDuration(context, node, slot, course.expiresAfter);
      checkApprovers(context, node, slot, course.to);
      if (course.ask !== undefined) knownText(context, node, slot, course.ask);
    }
  }
}

function checkBound(context: Context, node: DraftNode, max: number): void {
  const limit = PLAN_LIMITS.eachElements;
  if (Number.isInteger(max) && max >= 1 && max <= limit) return;
  const message = `its bound is ${max}: from 1 to ${limit} may be`;
  context.complainAt(node, 'max', 'PLAN_TOO_MANY_ELEMENTS', message, 'split the list over several outcomes');
}

function checkDuration(context: Context, node: DraftNode, slot: string, text: string | undefined): void {
  if (text === undefined) return;
  const parsed = parseDuration(text);
  if (!parsed.ok) context.complainAt(node, slot, 'PLAN_DURATION_MALFORMED', parsed.error);
  else if (parsed.value > PLAN_LIMITS.waitMs) {
    const message = `\`${text}\` is longer than ${printDuration(PLAN_LIMITS.waitMs)}`;
    context.complainAt(node, slot, 'PLAN_WAIT_TOO_LONG', message, 'start another outcome by an event then');
  }
}

/** The engine looks for the next window in steps of a quarter of an hour. */
function isOpenLongEnough(from: string, to: string): boolean {
  if (!CLOCK.test(from) || !CLOCK.test(to)) return false;
  const [start, end] = [from, to].map((clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3)));
  return end! - start! >= 15;
}

const isInstant = (text: string): boolean => INSTANT.test(text) && !Number.isNaN(Date.parse(text));

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
