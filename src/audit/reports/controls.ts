/**
 * Which records evidence which control of SOX, SOC 2 and ISO 27001. The map says what a record can show; whether a control is met is
 * an auditor's to say.
 * Pure ring; data, and how it is counted.
 */
import type { RecordKind } from '../record';
import type { ReportRecord, Table } from './report';

export interface Control {
  readonly framework: 'SOX' | 'SOC 2' | 'ISO 27001';
  readonly id: string;
  readonly title: string;
  /** Kinds of records, or all of those whose name begins so. */
  readonly evidence: readonly (RecordKind | `${string}.*`)[];
}

/** @source SOX section 404 (ITGC domains); AICPA TSC 2017, points of focus 2022; ISO/IEC 27001:2022 Annex A */
export const CONTROLS: readonly Control[] = [
  control('SOX', 'ITGC-AC', 'Access: who may approve and act', [
    'gate.*',
    'outcome.refused',
    'outcome.taken',
  ]),
  control('SOX', 'ITGC-CM', 'Change management: configuration and policies', [
    'policy.changed',
    'control.*',
    'admin.acted',
  ]),
  control('SOX', 'ITGC-OP', 'Operations: processing, failures and their remedy', [
    'outcome.*',
    'action.*',
    'backstep.begun',
    'incident.*',
    'escalation.*',
    'log.*',
    'path.taken',
    'wait.*',
  ]),
  control('SOX', 'ITGC-SOD', 'Segregation of duties', [
    'gate.approved',
    'gate.rejected',
    'gate.refused',
    'gate.endorsed',
    'gate.delegated',
  ]),
  control('SOC 2', 'CC4.1', 'Monitoring of controls', ['log.*', 'control.*']),
  control('SOC 2', 'CC6.1', 'Logical access', ['gate.refused', 'outcome.refused', 'control.*']),
  control('SOC 2', 'CC6.3', 'Access by role, least privilege, segregation of duties', [
    'gate.*',
    'control.dialled',
    'control.trusted',
    'control.limited',
  ]),
  control('SOC 2', 'CC7.2', 'Anomalies are detected', [
    'action.held',
    'action.failed',
    'action.stray',
    'outcome.terminated',
  ]),
  control('SOC 2', 'CC7.4', 'Response to incidents', [
    'incident.*',
    'escalation.*',
    'control.killed',
    'control.drained',
    'control.paused',
  ]),
  control('SOC 2', 'CC7.5', 'Recovery', [
    'backstep.begun',
    'action.undone',
    'action.undo_failed',
    'outcome.backstepped',
    'incident.resolved',
  ]),
  control('SOC 2', 'CC8.1', 'Changes are authorised, tested and approved', [
    'policy.changed',
    'action.overridden',
    'action.attested',
    'gate.approved',
    'admin.acted',
  ]),
  control('SOC 2', 'PI1.3', 'Processing is complete, accurate and timely', [
    'outcome.*',
    'action.*',
    'path.taken',
    'wait.*',
  ]),
  control('ISO 27001', 'A.5.3', 'Segregation of duties', [
    'gate.approved',
    'gate.rejected',
    'gate.refused',
    'gate.endorsed',
    'gate.delegated',
  ]),
  control('ISO 27001', 'A.5.15', 'Access control', ['gate.*', 'outcome.refused', 'control.dialled']),
  control('ISO 27001', 'A.5.26', 'Response to incidents', [
    'incident.*',
    'escalation.*',
    'control.killed',
    'outcome.terminated',
  ]),
  control('ISO 27001', 'A.5.28', 'Collection of evidence', ['log.*']),
  control('ISO 27001', 'A.5.33', 'Protection of records', [
    'log.archived',
    'log.held',
    'log.expired',
    'log.erased',
  ]),
  control('ISO 27001', 'A.8.2', 'Privileged access', [
    'control.*',
    'admin.acted',
    'action.overridden',
    'action.attested',
    'outcome.taken',
  ]),
  control('ISO 27001', 'A.8.15', 'Logging', [
    'outcome.*',
    'action.*',
    'backstep.begun',
    'gate.*',
    'incident.*',
    'escalation.*',
    'path.taken',
    'wait.*',
    'control.*',
    'policy.changed',
    'log.*',
    'admin.acted',
  ]),
  control('ISO 27001', 'A.8.32', 'Change management', ['policy.changed', 'control.*', 'admin.acted']),
];

function control(
  framework: Control['framework'],
  id: string,
  title: string,
  evidence: Control['evidence'],
): Control {
  return { framework, id, title, evidence };
}

export const isEvidence = ({ evidence }: Control, kind: RecordKind): boolean =>
  evidence.some((one) => (one.endsWith('.*') ? kind.startsWith(one.slice(0, -1)) : one === kind));

/** Counts the records of a period by control. */
export class ControlMap {
  private readonly byKind = new Map<RecordKind, { count: number; first: number; last: number }>();

  take({ kind, seq }: ReportRecord): void {
    const known = this.byKind.get(kind);
    if (known === undefined) this.byKind.set(kind, { count: 1, first: seq, last: seq });
    else
      this.byKind.set(kind, {
        count: known.count + 1,
        first: Math.min(known.first, seq),
        last: Math.max(known.last, seq),
      });
  }

  table(): Table {
    const rows = CONTROLS.map((one) => {
      const found = [...this.byKind].filter(([kind]) => isEvidence(one, kind));
      const count = found.reduce((sum, [, { count: n }]) => sum + n, 0);
      const kinds = found.map(([kind]) => kind).sort();
      return [
        ...[one.framework, one.id, one.title, count],
        count === 0 ? null : Math.min(...found.map(([, { first }]) => first)),
        count === 0 ? null : Math.max(...found.map(([, { last }]) => last)),
        kinds.join(' '),
      ];
    });
    return {
      id: 'controls',
      title: 'Which records evidence which control',
      columns: ['framework', 'control', 'title', 'records', 'first seq', 'last seq', 'kinds'],
      rows,
      more: 0,
    };
  }
}
