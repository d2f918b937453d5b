/**
 * The five reports: what each takes from the records of its period.
 * Pure ring.
 * @source execution model 7.3
 */
import type { RecordKind } from '../record';
import { AuthorityReport } from './authority-report';
import { GatesPassed, isEmergency } from './emergencies';
import {
  actionOf,
  approvalsOf,
  attemptsOf,
  costOf,
  howEnded,
  numberOf,
  stamp,
  textOf,
  type HowEnded,
} from './read-record';
import type { Collector, Findings, ReportKind, ReportRecord } from './report';
import { Listing, percent, Tally } from './tally';

export const COLLECTORS: { readonly [Kind in ReportKind]: () => Collector } = {
  actions: () => new ActionSummary(),
  automation: () => new AutomationAudit(),
  cost: () => new CostReport(),
  failures: () => new FailureAnalysis(),
  authority: () => new AuthorityReport(),
};

const ENDED: { readonly [Kind in RecordKind]?: string } = {
  'outcome.completed': 'completed',
  'outcome.backstepped': 'backstepped',
  'outcome.terminated': 'terminated',
};
/** An emergency is no approval of who was asked, and counts by itself. */
const DECISIONS = [
  ...(['approved', 'in an emergency', 'rejected'] as const),
  ...(['expired', 'refused', 'escalated', 'delegated'] as const),
] as const;
const DECIDED: { readonly [Kind in RecordKind]?: (typeof DECISIONS)[number] } = {
  'gate.approved': 'approved',
  'gate.rejected': 'rejected',
  'gate.expired': 'expired',
  'gate.refused': 'refused',
  'gate.escalated': 'escalated',
  'gate.delegated': 'delegated',
};
/** People who changed what would have happened by itself. */
const INTERVENED: { readonly [Kind in RecordKind]?: string } = {
  'action.overridden': 'overridden',
  'action.attested': 'attested',
  'gate.rejected': 'rejected',
  'outcome.paused': 'paused',
  'control.killed': 'killed',
  'control.paused': 'paused',
  'control.dialled': 'dialled',
  'outcome.taken': 'taken',
};

const isPerson = ({ actor }: ReportRecord): boolean => actor.kind === 'person';

class ActionSummary implements Collector {
  private readonly byAwf = new Tally<HowEnded | 'undone'>();
  private readonly ends = new Tally<'outcomes'>();
  private readonly decisions = new Tally<(typeof DECISIONS)[number]>();
  private readonly gates = new GatesPassed();
  private readonly actions = new Listing({
    id: 'actions',
    title: 'All actions',
    columns: ['seq', 'at', 'action', 'awf', 'actor', 'mode', 'risk', 'confidence', 'outcome', 'approvals'],
  });
  private started = 0;

  take(record: ReportRecord): void {
    const { kind, seq, actor } = record;
    this.gates.take(record);
    const how = howEnded(record);
    const awf = textOf(record, 'awf', textOf(record, 'of'));
    if (how !== undefined) {
      if (awf !== 'unknown') this.byAwf.add(awf, how);
      const facts = [
        textOf(record, 'mode', ''),
        textOf(record, 'riskClass', ''),
        numberOf(record, 'confidence'),
      ];
      this.actions.add([
        seq,
        stamp(record),
        actionOf(record),
        awf,
        actor.id,
        ...facts,
        how,
        approvalsOf(record, this.gates),
      ]);
    }
    if (kind === 'action.undone') this.byAwf.add(awf, 'undone');
    if (kind === 'outcome.started') this.started += 1;
    const end = ENDED[kind];
    if (end !== undefined) this.ends.add(end, 'outcomes');
    const decided = isEmergency(record) ? 'in an emergency' : DECIDED[kind];
    if (decided !== undefined) this.decisions.add(actor.id, decided);
  }

  findings(): Findings {
    const columns = [
      ...(['committed', 'failed', 'denied', 'expired', 'held', 'attested', 'skipped'] as const),
      'undone',
    ] as const;
    return {
      figures: [
        { label: 'outcomes started', value: this.started, unit: '' },
        ...['completed', 'backstepped', 'terminated'].map((end) => ({
          label: `outcomes ${end}`,
          value: this.ends.get(end, 'outcomes'),
          unit: '',
        })),
        ...columns.map((column) => ({
          label: `actions ${column}`,
          value: this.byAwf.total(column),
          unit: '',
        })),
      ],
      charts: [
        this.byAwf.chart('Actions committed', 'actions', 'committed'),
        this.ends.chart('Outcomes ended', 'outcomes', 'outcomes'),
      ],
      tables: [
        this.byAwf.table({ id: 'by_type', title: 'Actions by type', name: 'awf', columns }),
        this.decisions.table({
          id: 'approvals',
          title: 'Approval chains, by who decided',
          name: 'who',
          columns: DECISIONS,
        }),
        this.actions.table(),
      ],
    };
  }
}

class AutomationAudit implements Collector {
  private readonly automations = new Tally<HowEnded | 'fired' | 'autopilot'>();
  private readonly interventions = new Tally<'interventions'>();
  private readonly listed = new Listing({
    id: 'interventions',
    title: 'Interventions of people',
    columns: ['seq', 'at', 'who', 'what', 'of', 'reason'],
  });

  take(record: ReportRecord): void {
    const { kind, seq, actor, outcome } = record;
    const how = howEnded(record);
    const automation = textOf(record, 'automation', 'none');
    if (how !== undefined && how !== 'attested' && how !== 'skipped') this.automations.add(automation, how);
    if (how === 'committed' || how === 'failed') {
      this.automations.add(automation, 'fired');
      if (textOf(record, 'mode') === 'autopilot') this.automations.add(automation, 'autopilot');
    }
    const intervened = INTERVENED[kind];
    if (intervened === undefined || !isPerson(record)) return;
    this.interventions.add(intervened, 'interventions');
    const of = record.node === undefined ? (outcome ?? automation) : actionOf(record);
    this.listed.add([seq, stamp(record), actor.id, intervened, of, textOf(record, 'reason', '')]);
  }

  findings(): Findings {
    const { automations } = this;
    const [fired, committed, autopilot] = (['fired', 'committed', 'autopilot'] as const).map((column) =>
      automations.total(column),
    ) as [number, number, number];
    return {
      figures: [
        { label: 'actions fired', value: fired, unit: '' },
        { label: 'of them under autopilot', value: autopilot, unit: '' },
        { label: 'committed', value: percent(committed, fired) ?? 0, unit: '%' },
        { label: 'interventions', value: this.interventions.total('interventions'), unit: '' },
      ],
      charts: [
        automations.chart('Actions fired, by automation', 'actions', 'fired'),
        this.interventions.chart('Interventions', 'acts', 'interventions'),
      ],
      tables: [
        automations.table(
          {
            id: 'automations',
            title: 'Automations',
            name: 'automation',
            columns: ['fired', 'autopilot', 'committed', 'failed', 'denied', 'expired', 'held'],
          },
          { title: 'success %', of: (get) => percent(get('committed'), get('fired')) },
        ),
        this.listed.table(),
      ],
    };
  }
}

class CostReport implements Collector {
  private readonly byUnit = new Map<string, Tally<'actions' | 'amount'>>();

  take(record: ReportRecord): void {
    // What failed was asked for, too; what was held or denied was not.
    const how = howEnded(record);
    if (how !== 'committed' && how !== 'failed') return;
    for (const [unit, amount] of costOf(record)) {
      const tally = this.byUnit.get(unit) ?? new Tally<'actions' | 'amount'>();
      this.byUnit.set(unit, tally);
      tally.add(textOf(record, 'awf'), 'actions');
      tally.add(textOf(record, 'awf'), 'amount', amount);
    }
  }

  findings(): Findings {
    const units = [...this.byUnit].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      figures: units.map(([unit, tally]) => ({
        label: `expected ${unit}`,
        value: tally.total('amount'),
        unit,
      })),
      charts: units.map(([unit, tally]) => tally.chart(`${unit} by action type`, unit, 'amount')),
      tables: units.map(([unit, tally]) =>
        tally.table({
          id: `cost_${unit}`,
          title: `${unit} by action type`,
          name: 'awf',
          columns: ['actions', 'amount'],
        }),
      ),
    };
  }
}

class FailureAnalysis implements Collector {
  private readonly causes = new Tally<'failed' | 'retried' | 'undo failed'>();
  private readonly systems = new Tally<'failed' | 'attempts'>();
  private readonly listed = new Listing({
    id: 'failures',
    title: 'Failures',
    columns: ['seq', 'at', 'action', 'awf', 'code', 'class', 'effect', 'attempts'],
  });
  private readonly mended = new Listing({
    id: 'remediation',
    title: 'Remediation',
    columns: ['seq', 'at', 'who', 'what', 'of', 'how'],
  });
  private readonly counts = new Tally<'records'>();
  private readonly unfired = new Tally<'denied' | 'expired'>();

  take(record: ReportRecord): void {
    const { kind, seq, actor } = record;
    const code = textOf(record, 'code');
    const how = howEnded(record);
    this.counts.add(kind, 'records');
    if (how === 'denied' || how === 'expired') this.unfired.add(textOf(record, 'awf'), how);
    if (how === 'failed' || kind === 'action.undo_failed') {
      const awf = textOf(record, how === 'failed' ? 'awf' : 'comp');
      this.causes.add(code, how === 'failed' ? 'failed' : 'undo failed');
      this.systems.add(awf, 'failed');
      this.systems.add(awf, 'attempts', attemptsOf(record));
      const facts = [textOf(record, 'class', ''), textOf(record, 'effect', ''), attemptsOf(record)];
      this.listed.add([seq, stamp(record), actionOf(record), awf, code, ...facts]);
    }
    if (kind === 'action.committed')
      for (let n = attemptsOf(record); n > 0; n--)
        this.causes.add('ended well after failed attempts', 'retried');
    const remedy = REMEDIES[kind];
    if (remedy !== undefined)
      this.mended.add([
        seq,
        stamp(record),
        actor.id,
        remedy,
        actionOf(record),
        textOf(record, 'as', textOf(record, 'code', '')),
      ]);
  }

  findings(): Findings {
    const count = (kind: RecordKind): number => this.counts.get(kind, 'records');
    return {
      figures: [
        { label: 'actions failed', value: this.causes.total('failed'), unit: '' },
        { label: 'actions denied', value: this.unfired.total('denied'), unit: '' },
        { label: 'actions expired', value: this.unfired.total('expired'), unit: '' },
        { label: 'outcomes that went back', value: count('backstep.begun'), unit: '' },
        { label: 'actions undone', value: count('action.undone'), unit: '' },
        { label: 'could not be undone', value: count('action.undo_failed'), unit: '' },
        { label: 'incidents opened', value: count('incident.opened'), unit: '' },
        { label: 'incidents resolved', value: count('incident.resolved'), unit: '' },
      ],
      charts: [
        this.causes.chart('Root causes', 'failures', 'failed'),
        this.systems.chart('Failures by action type', 'failures', 'failed'),
      ],
      tables: [
        this.causes.table({
          id: 'causes',
          title: 'Root causes',
          name: 'code',
          columns: ['failed', 'undo failed', 'retried'],
        }),
        this.systems.table({
          id: 'by_type',
          title: 'By action type',
          name: 'awf',
          columns: ['failed', 'attempts'],
        }),
        this.listed.table(),
        this.unfired.table({
          id: 'unfired',
          title: 'Never fired, by action type',
          name: 'awf',
          columns: ['denied', 'expired'],
        }),
        this.mended.table(),
      ],
    };
  }
}

const REMEDIES: { readonly [Kind in RecordKind]?: string } = {
  'backstep.begun': 'went back',
  'action.undone': 'undone',
  'incident.resolved': 'incident resolved',
  'escalation.resolved': 'escalation resolved',
  'action.overridden': 'overridden',
  'outcome.backstepped': 'taken back',
};
