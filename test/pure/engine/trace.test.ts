/** The trace prints as the specification shows it. */
import { printTrace, type TraceEvent, type TraceNote } from '../../../src/engine/trace';
import { UNDO_EVENTS, UNDO_TABLE } from '../../../src/engine/state';

const at = (clock: string): number => Date.parse(`2026-11-21T${clock}Z`);
const ok = (clock: string, awf: string, comp: string): TraceEvent => ({
  at: at(clock),
  kind: 'awf.ok',
  node: awf,
  awf,
  comp,
});

describe('a trace', () => {
  it('reads exactly as in the specification of the execution engine', () => {
    const events: TraceEvent[] = [
      { at: at('10:42:01'), kind: 'outcome', outcome: 'EMP-R-001', entity: 'person:sarah.chen' },
      { at: at('10:42:01'), kind: 'compile', plan: 'onboard.contractor', variant: 'v3.2' },
      ok('10:42:02', 'workday.set_end_date', 'workday.clear_end_date'),
      ok('10:42:03', 'okta.create_identity', 'okta.disable_identity'),
      ok('10:42:04', 'okta.assign_groups', 'okta.remove_groups'),
      ok('10:42:05', 'intune.push_profile', 'intune.remove_profile'),
      ok('10:42:06', 'servicenow.order_dev', 'servicenow.cancel_order'),
      ok('10:42:07', 'slack.invite_channels', 'slack.remove_channels'),
      { at: at('10:42:08'), kind: 'outcome.complete', durationMs: 7_100 },
    ];
    expect(printTrace(events).join('\n')).toBe(
      [
        '10:42:01 outcome=EMP-R-001 entity=person:sarah.chen',
        '10:42:01 compile plan=onboard.contractor variant=v3.2',
        '10:42:02 awf=workday.set_end_date  ok  comp=clear_end_date',
        '10:42:03 awf=okta.create_identity  ok  comp=disable_identity',
        '10:42:04 awf=okta.assign_groups    ok  comp=remove_groups',
        '10:42:05 awf=intune.push_profile   ok  comp=remove_profile',
        '10:42:06 awf=servicenow.order_dev  ok  comp=cancel_order',
        '10:42:07 awf=slack.invite_channels ok  comp=remove_channels',
        '10:42:08 outcome.complete  duration=7.1s',
      ].join('\n'),
    );
  });

  it('puts text with white space into quotes, so that a line splits at spaces', () => {
    const note: TraceNote = { kind: 'paused', by: 'person:ada', reason: 'release freeze' };
    expect(printTrace([{ at: at('10:42:01'), ...note }])).toEqual([
      '10:42:01 paused by=person:ada reason="release freeze"',
    ]);
  });
});

describe('the undo of one action', () => {
  it('has an answer, or a named impossibility, for every event in every state', () => {
    const cells = Object.values(UNDO_TABLE).flatMap((row) => UNDO_EVENTS.map((event) => row[event]));
    expect(cells).toHaveLength(5 * UNDO_EVENTS.length);
    expect(cells).not.toContain(undefined);
  });

  it('never leaves `undone`: what is undone is not undone twice', () => {
    expect(new Set(Object.values(UNDO_TABLE.undone))).toEqual(new Set([null]));
  });
});
