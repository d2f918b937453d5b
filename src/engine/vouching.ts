/**
 * Acts of people beside decisions, where they have to be signed: none is believed before the check has vouched for it, each
 * counts once, and what changes nothing is on record, however much of it there is.
 * Pure ring. Whether a signature holds is the check's to say.
 */
import type { EngineEvent, GuardedEvent } from './effects';
import type { Heard } from './people';
import { refuse, type Why } from './refusals';
import type { Run } from './run';

/** Acts that wait to be vouched for at once: a flood of forged ones must not fill the state. */
const ACTS_AT_ONCE = 50;

const GUARDED: { readonly [Kind in GuardedEvent['kind']]: true } = {
  override: true,
  claim: true,
  unclaim: true,
  resolve: true,
  pause: true,
  resume: true,
  cancel: true,
  backstep: true,
};

export const isGuarded = (event: EngineEvent): event is GuardedEvent => Object.hasOwn(GUARDED, event.kind);

/** Whether the act has to be vouched for before it counts. */
export const mustBeVouched = (run: Run, { isTemporals }: GuardedEvent): boolean =>
  run.state.terms?.acts === 'signed' && isTemporals !== true;

/** Asks for an act to be vouched for; one without a signature needs no look. */
export function askForVouch(run: Run, { token, ...act }: GuardedEvent): Heard {
  if (token === undefined) return refuseAct(run, act, { code: 'ACT_UNSIGNED', because: 'it is not signed' });
  const checks = (run.state.checks ??= { asked: 0, open: {} });
  const acts = (checks.acts ??= {});
  if (Object.keys(acts).length >= ACTS_AT_ONCE) {
    return refuseAct(run, act, { code: 'ACT_CROWDED', because: 'too many acts wait to be checked' });
  }
  const check = `c${(checks.asked += 1)}`;
  checks.open[check] = nodeOf(act) ?? '';
  acts[check] = act;
  run.commands.push({ do: 'check', check, act, token, at: run.at });
  run.asked = check;
  return 'checking';
}

/**
 * The answer to a check of an act: the act, if it counts now, or what came of it; `undefined` where a decision was checked.
 */
export function takeVouched(
  run: Run,
  { check, result }: Extract<EngineEvent, { kind: 'checked' }>,
): GuardedEvent | Heard | undefined {
  const { checks } = run.state;
  const act = checks?.acts?.[check];
  if (checks?.acts === undefined || act === undefined) return undefined;
  delete checks.acts[check];
  delete checks.open[check];
  if (result.kind === 'refused') return refuseAct(run, act, result);
  if (result.kind !== 'vouched')
    return refuseAct(run, act, { code: 'ACT_UNSIGNED', because: 'nobody vouched for it' });
  const before = Object.entries(run.state.vouched ?? {}).filter(([, until]) => until >= run.at);
  if (before.some(([id]) => id === result.id))
    return refuseAct(run, act, { code: 'ACT_REPEATED', because: 'this signed word has counted before' });
  run.state.vouched = Object.fromEntries([...before, [result.id, result.until]]);
  return act;
}

/** A message without the form of an act: somebody has tried, and whoever audits sees it. */
export function refuseMalformed(
  run: Run,
  { act, problem }: Extract<EngineEvent, { kind: 'malformed' }>,
): Heard {
  return refuse(run, { act, by: 'unknown' }, { code: 'ACT_MALFORMED', because: problem });
}

/** Whose act it is. */
export const actorIn = (act: GuardedEvent): string => (act.kind === 'override' ? act.override.by : act.by);

function refuseAct(run: Run, act: GuardedEvent, why: Why): Heard {
  const node = nodeOf(act);
  return refuse(run, { act: act.kind, by: actorIn(act), ...(node === undefined ? {} : { node }) }, why);
}

function nodeOf(act: GuardedEvent): string | undefined {
  if (act.kind === 'override') return act.override.node;
  return 'node' in act ? act.node : undefined;
}
