/**
 * The Authority Report: modes, what held, whose word did not count, who passed a chain in an emergency and what came of the look at
 * it, and every turn of a dial, a limit or trust.
 * Pure ring.
 * @source execution model 7.3
 */
import { isEmergency, reviewIn } from './emergencies';
import { actionOf, howEnded, stamp, textOf } from './read-record';
import type { Collector, Findings, ReportRecord } from './report';
import { Listing, percent, Tally } from './tally';

export class AuthorityReport implements Collector {
  private readonly modes = new Tally<'decisions' | 'committed' | 'failed' | 'denied' | 'expired' | 'held'>();
  private readonly risks = new Tally<'decisions'>();
  private readonly reasons = new Tally<'holds'>();
  private readonly refused = new Tally<'refusals'>();
  private readonly emergencies = new Tally<'passed' | 'reviewed'>();
  private readonly glass = new Listing({
    id: 'emergencies',
    title: 'Passed in an emergency, and what came of the look at it',
    columns: ['seq', 'at', 'who', 'what', 'of', 'reason'],
  });
  private readonly steps = new Listing({
    id: 'progression',
    title: 'Trust, dials and limits: what was changed',
    columns: ['seq', 'at', 'who', 'what', 'of', 'to', 'reason'],
  });

  take(record: ReportRecord): void {
    const { kind, seq, actor } = record;
    const mode = textOf(record, 'mode', '');
    const how = howEnded(record);
    if (mode !== '' && how !== undefined && how !== 'attested' && how !== 'skipped') {
      this.modes.add(mode, 'decisions');
      this.modes.add(mode, how);
      this.risks.add(textOf(record, 'riskClass'), 'decisions');
    }
    if (kind === 'action.held') this.reasons.add(textOf(record, 'because'), 'holds');
    if (kind === 'gate.refused') this.refused.add(textOf(record, 'code', 'late'), 'refusals');
    this.takeEmergency(record);
    if (kind.startsWith('control.') && kind !== 'control.drained') {
      const of = textOf(record, 'automation', textOf(record, 'name', textOf(record, 'guardrail', 'tenant')));
      const to = textOf(record, 'mode', '');
      this.steps.add([
        seq,
        stamp(record),
        actor.id,
        kind.slice('control.'.length),
        of,
        to,
        textOf(record, 'reason', ''),
      ]);
    }
  }

  private takeEmergency(record: ReportRecord): void {
    const { seq, actor } = record;
    const review = reviewIn(record);
    if (!isEmergency(record) && review === undefined) return;
    const [what, of] =
      review === undefined
        ? (['passed in an emergency', actionOf(record)] as const)
        : ([`found ${review.verdict}`, review.of] as const);
    this.emergencies.add('all', review === undefined ? 'passed' : 'reviewed');
    this.glass.add([seq, stamp(record), actor.id, what, of, textOf(record, 'reason', '')]);
  }

  findings(): Findings {
    const all = this.modes.total('decisions');
    return {
      figures: [
        { label: 'decisions', value: all, unit: '' },
        {
          label: 'under autopilot',
          value: percent(this.modes.get('autopilot', 'decisions'), all) ?? 0,
          unit: '%',
        },
        { label: 'held', value: this.reasons.total('holds'), unit: '' },
        { label: 'decisions of people refused', value: this.refused.total('refusals'), unit: '' },
        { label: 'gates passed in an emergency', value: this.emergencies.total('passed'), unit: '' },
        { label: 'emergencies reviewed', value: this.emergencies.total('reviewed'), unit: '' },
      ],
      charts: [
        this.modes.chart('Mode usage', 'decisions', 'decisions'),
        this.reasons.chart('What held', 'holds', 'holds'),
      ],
      tables: [
        this.modes.table({
          id: 'modes',
          title: 'Mode usage',
          name: 'mode',
          columns: ['decisions', 'committed', 'failed', 'denied', 'expired', 'held'],
        }),
        this.risks.table({ id: 'risk', title: 'Risk classes', name: 'risk', columns: ['decisions'] }),
        this.reasons.table({
          id: 'holds',
          title: 'Guardrail hits and other holds',
          name: 'because',
          columns: ['holds'],
        }),
        this.refused.table({
          id: 'refusals',
          title: 'Decisions that did not count',
          name: 'code',
          columns: ['refusals'],
        }),
        this.glass.table(),
        this.steps.table(),
      ],
    };
  }
}
