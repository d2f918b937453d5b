/**
 * The chain of causes of one action, with times relative to it: event, selection, compile, decisions, approvals, attempts, commit,
 * and what came of it afterwards.
 * Adapter ring; pure functions over a story.
 * @source execution model 7.2, level 3
 */
import type { TraceEvent } from '../engine/trace';
import { layoutOf } from '../engine/layout';
import type { ApprovalFacts } from '../governance/facts';
import { decideAgain } from '../governance/decide';
import { emergencyBy } from '../governance/emergency';
import type { Json } from '../kernel/json';
import { behind } from './fork-point';
import type { Story } from './history-source';
import { planNodeOf } from '../engine/layout';

export type ChainStep =
  | 'event'
  | 'selection'
  | 'compile'
  | 'decision'
  | 'approval'
  | 'release'
  | 'attempt'
  | 'commit'
  | 'failure'
  | 'override'
  | 'compensation'
  | 'incident';

export interface ChainLink {
  /** In milliseconds since the epoch. */
  readonly at: number;
  /** Relative to the action, in milliseconds; below zero before it. */
  readonly t: number;
  readonly step: ChainStep;
  /** In words. */
  readonly what: string;
}

type Link = Omit<ChainLink, 't'>;

/** The action's own instant is its commit; where it has none, the last that is told of it. */
export function chainOf(
  story: Story,
  node: string,
  known: { readonly receivedAt?: number } = {},
): readonly ChainLink[] {
  const links = [...beginning(story, known.receivedAt), ...attempts(story, node), ...told(story, node)];
  const sorted = links.map((link, i) => ({ link, i })).sort((a, b) => a.link.at - b.link.at || a.i - b.i);
  const own = [...links].reverse();
  const zero = (own.find(({ step }) => step === 'commit') ?? own[0])?.at ?? 0;
  return sorted.map(({ link }) => ({ ...link, t: link.at - zero }));
}

function beginning({ start, runs }: Story, receivedAt: number | undefined): readonly Link[] {
  const at = runs[0]?.at ?? 0;
  const { plan, planId, cause, startedBy } = start;
  const compiled = `${plan.runbook.id} v${plan.runbook.version} for ${plan.entity.id}, plan ${planId.slice(0, 12)}`;
  const compile: Link = { at, step: 'compile', what: compiled };
  if ('person' in cause) {
    return [
      { at, step: 'event', what: `${cause.person} asked for ${plan.outcome}` },
      { at, step: 'selection', what: `${plan.outcome}, named by ${cause.person}` },
      compile,
    ];
  }
  const type = cause.type === undefined ? '' : ` (${cause.type})`;
  return [
    { at: Math.min(receivedAt ?? at, at), step: 'event', what: `event ${cause.event}${type} came in` },
    { at, step: 'selection', what: `${startedBy} takes it: ${plan.outcome}` },
    compile,
  ];
}

/** Failed attempts, each where it ended; the one that went through is the commit. */
function attempts({ runs }: Story, node: string): readonly Link[] {
  const seen = new Set<string>();
  return runs.flatMap(({ happenings }) =>
    happenings.flatMap(({ event }): Link[] => {
      if ((event.kind !== 'fired' && event.kind !== 'undone') || event.node !== node) return [];
      const tries = 'attempts' in event.result ? (event.result.attempts ?? []) : [];
      const what = event.kind === 'fired' ? 'attempt' : 'attempt to undo';
      return tries.flatMap(({ n, startedAt, endedAt, failure }) => {
        const key = `${what} ${n} ${startedAt}`;
        if (seen.has(key)) return [];
        seen.add(key);
        const how = failure === undefined ? 'went through' : `failed with ${failure.code} (${failure.class})`;
        return [
          {
            at: endedAt,
            step: 'attempt' as const,
            what: `${what} ${n} ${how} after ${endedAt - startedAt} ms`,
          },
        ];
      });
    }),
  );
}

/** What the trace tells of the action, and of the gates that stood before it. */
function told(story: Story, node: string): readonly Link[] {
  const layout = layoutOf(story.start.plan);
  const id = planNodeOf(layout, node)?.id ?? '';
  let known: readonly ApprovalFacts[] = [];
  return story.told.trace.flatMap((event): readonly Link[] => {
    if ('gate' in event)
      return behind(layout, event.gate).has(id) && event.gate !== id ? gateLinks(event) : [];
    if (!('node' in event) || event.node !== node) return [];
    const decided = 'decision' in event ? decisionLinks(event.decision, event.at, known) : undefined;
    known = decided?.approvals ?? known;
    return [...(decided?.links ?? []), ...ownLinks(event)];
  });
}

function gateLinks(event: Extract<TraceEvent, { readonly gate: string }>): readonly Link[] {
  const { at, gate } = event;
  switch (event.kind) {
    case 'gate.open':
      return [{ at, step: 'approval', what: `gate ${gate} asks ${event.by.join(', ')} (${event.approval})` }];
    case 'gate.approved':
    case 'gate.rejected': {
      const said = event.kind === 'gate.approved' ? 'approves' : 'rejects';
      const how = event.glass === true ? 'breaks the glass' : said;
      const why = event.reason === undefined ? '' : `: ${event.reason}`;
      return [{ at, step: 'approval', what: `${event.by} ${how} at gate ${gate}${why}` }];
    }
    case 'gate.expired':
      return [{ at, step: 'approval', what: `gate ${gate} expired` }];
    case 'gate.renewed':
      return [{ at, step: 'approval', what: `gate ${gate} asks anew: ${event.because}` }];
    default:
      return [];
  }
}

function decisionLinks(
  record: Json,
  heardAt: number,
  known: readonly ApprovalFacts[],
): { readonly links: readonly Link[]; readonly approvals: readonly ApprovalFacts[] } {
  const again = decideAgain(record as unknown as { readonly facts: unknown; readonly figures: Json });
  if (!again.ok) return { links: [], approvals: known };
  const { facts, mode, fire, boundBy } = again.value;
  const at = Math.min(facts.now, heardAt);
  const isNew = ({ by, as }: ApprovalFacts): boolean => !known.some((one) => one.by === by && one.as === as);
  const bound = boundBy.length === 0 ? '' : `, bound by ${boundBy.join(', ')}`;
  const may = { allow: 'it may fire', hold: 'it is held', deny: 'it is denied' }[fire];
  return {
    links: [
      ...[...new Set(facts.approvals.filter(isNew).map(approvalWords))].map((what): Link => ({
        at,
        step: 'approval',
        what,
      })),
      { at, step: 'decision', what: `mode ${mode}, ${may}${bound}` },
    ],
    approvals: facts.approvals,
  };
}

/** Whoever passes in an emergency stands for every step of the chain, and is told of once. */
function approvalWords({ by, as, decision }: ApprovalFacts): string {
  const passedBy = emergencyBy(by);
  return passedBy === undefined
    ? `${decision} by ${by} as ${as}`
    : `${passedBy} broke the glass: passed in an emergency`;
}

function ownLinks(event: Extract<TraceEvent, { readonly node?: string }>): readonly Link[] {
  const { at } = event;
  switch (event.kind) {
    case 'awf.ok': {
      const comp = event.comp === undefined ? '' : `; ${event.comp} would undo it`;
      return [{ at, step: 'commit', what: `${event.awf} is done${comp}` }];
    }
    case 'awf.failed':
      return [{ at, step: 'failure', what: `${event.awf} failed with ${event.code}` }];
    case 'awf.held':
      return [{ at, step: 'release', what: `it waits: ${event.because}` }];
    case 'awf.released':
      return [{ at, step: 'release', what: 'what held it is gone' }];
    case 'awf.retry':
      return [{ at, step: 'release', what: `it is fired anew after ${event.afterMs} ms` }];
    case 'awf.skipped':
      return [{ at, step: 'failure', what: `the outcome goes on without it (${event.code})` }];
    case 'awf.stray':
      return [{ at, step: 'incident', what: 'it had acted in a workflow task that was lost' }];
    case 'comp.ok':
      return [
        {
          at,
          step: 'compensation',
          what: `${event.comp} undid it${event.changed ? '' : ': nothing was left to change'}`,
        },
      ];
    case 'comp.failed':
      return [{ at, step: 'compensation', what: `${event.comp} failed with ${event.code}` }];
    case 'incident.open':
    case 'escalation.open':
      return [{ at, step: 'incident', what: `a person is needed: ${event.code}` }];
    case 'incident.resolved':
    case 'escalation.resolved':
      return [{ at, step: 'incident', what: `${event.by} resolves it: ${event.as}` }];
    case 'act.refused':
      return [{ at, step: 'override', what: `\`${event.act}\` is refused: ${event.because}` }];
    case 'override':
      return [
        { at, step: 'override', what: `${event.by} overrides it (${event.change.do}): ${event.reason}` },
      ];
    default:
      return [];
  }
}
