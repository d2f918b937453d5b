/**
 * Records of the PolicyLog in the forms that other programs read: lines of JSON, CSV, and events of OCSF.
 * Entry ring; pure.
 * @source OCSF 1.3, class 6003 API Activity
 */
export const RECORD_FORMS = ['jsonl', 'csv', 'ocsf'] as const;
export type RecordForm = (typeof RECORD_FORMS)[number];

interface Read {
  readonly seq: number;
  readonly at: string;
  readonly tenant: string;
  readonly kind: string;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly outcome?: string;
  readonly node?: string;
  readonly origin: {
    readonly workflow: string;
    readonly run: string;
    readonly event: number;
    readonly part: number;
  };
  readonly previous: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** @param onEach called once a record */
export async function* printRecords(
  form: RecordForm,
  texts: AsyncIterable<string>,
  onEach: () => void,
): AsyncGenerator<string, void> {
  if (form === 'csv') yield `${CSV_COLUMNS.join(',')}\r\n`;
  for await (const text of texts) {
    onEach();
    if (form === 'jsonl') yield `${text}\n`;
    else {
      const read = JSON.parse(text) as Read;
      yield form === 'csv' ? csvOf(read) : `${JSON.stringify(ocsfOf(read))}\n`;
    }
  }
}

const CSV_COLUMNS = [
  'seq',
  'at',
  'kind',
  'actor',
  'outcome',
  'node',
  'workflow',
  'run',
  'event',
  'data',
] as const;

function csvOf({ seq, at, kind, actor, outcome = '', node = '', origin, data }: Read): string {
  const cells = [
    seq,
    at,
    kind,
    actor.id,
    outcome,
    node,
    origin.workflow,
    origin.run,
    origin.event,
    JSON.stringify(data),
  ];
  return `${cells.map((cell) => cellOf(String(cell))).join(',')}\r\n`;
}

/** Quoted where needed, and so that no program takes it for a formula. @source RFC 4180 */
function cellOf(text: string): string {
  const safe = /^[=+@\t\r-]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Activity ids of class 6003, by kind or by what it ends with: 1 create, 2 read, 3 update, 4 delete, 99 other. */
const ACTIVITY: Readonly<Record<string, number>> = {
  started: 1,
  opened: 1,
  exported: 2,
  undone: 4,
  erased: 4,
  'log.expired': 4,
};
/** What did not go as it was wanted. Of the log itself `expired` says that its archive was cut as it should be. */
const FAILURES = /\.(failed|undo_failed|refused|rejected|terminated)$|^(?!log\.)\w+\.expired$/;

function ocsfOf({ seq, at, tenant, kind, actor, outcome, node, origin, data }: Read): object {
  const [, verb = ''] = kind.split('.');
  const activity = ACTIVITY[kind] ?? ACTIVITY[verb] ?? 99;
  const isFailure = FAILURES.test(kind);
  return {
    class_uid: 6003,
    class_name: 'API Activity',
    category_uid: 6,
    category_name: 'Application Activity',
    activity_id: activity,
    ...(activity === 99 ? { activity_name: kind } : {}),
    type_uid: 600_300 + activity,
    time: Date.parse(at),
    severity_id: isFailure ? 3 : 1,
    status_id: isFailure ? 2 : 1,
    metadata: {
      version: '1.3.0',
      product: { name: 'Backstep', vendor_name: 'Backstep' },
      uid: `${tenant}/${seq}`,
      sequence: seq,
      tenant_uid: tenant,
    },
    actor: actor.kind === 'person' ? { user: { uid: actor.id } } : { app_name: actor.id },
    api: { operation: kind, service: { name: 'backstep' } },
    src_endpoint: { name: 'backstep' },
    ...(outcome === undefined
      ? {}
      : {
          resources: [
            {
              uid: node === undefined ? outcome : `${outcome}#${node}`,
              type: node === undefined ? 'outcome' : 'action',
            },
          ],
        }),
    unmapped: { origin, data },
  };
}
