/**
 * The commands of the PolicyLog: reading it, taking it along, and proving it.
 * Entry ring; declares only.
 */
import { Option } from 'commander';
import { RECORD_FORMS } from '../app/record-forms';
import { action, asOption, common, reasonOption, wholeNumber, type Declaring } from './declare';
import { declareKeeping } from './declare-keeping';

export function declareLog(declaring: Declaring): void {
  const { program } = declaring;
  program.commandsGroup('Evidence:');
  const log = program
    .command('log')
    .summary('the PolicyLog: list, export, verify, hold')
    .description('The append-only, hash-chained, signed log of every governance-relevant fact.');
  const of = { ...declaring, program: log };
  declareList(of);
  declareExport(of);
  declareProof(of);
  declareKeeping(of);
}

const MOST = Number.MAX_SAFE_INTEGER;

const filters = (): readonly Option[] => [
  new Option('--kind <kind>', 'records of a kind, such as `gate.approved`, or of all that begin so: `gate`'),
  new Option('--outcome <id>', 'records about one outcome'),
  new Option('--actor <name>', 'what one person, or automation, did'),
  new Option('--since <time>', 'what happened from then on: ISO 8601, UTC where no zone is named'),
  new Option('--until <time>', 'what happened before then'),
  new Option(
    '--at <time>',
    'what happened then, as finely as it is said: `2026-11-17T04:14`, `tuesday 4:14`; UTC where no zone is named',
  ).conflicts(['since', 'until']),
];

function declareList(declaring: Declaring): void {
  const { program, context } = declaring;
  const list = common(
    program
      .command('list')
      .summary('records, newest last')
      .description('Lists records of the PolicyLog. With --json one record a line, as it was hashed.'),
    context,
    [
      'backstep log list --limit 20',
      'backstep log list --at "tuesday 4:14"',
      'backstep log list --kind gate --since 2026-11-17T04:10Z --until 2026-11-17T04:20Z',
      'backstep log list --outcome acme/EMP-R-001/6f1d --json',
    ],
  );
  for (const option of filters()) list.addOption(option);
  list.addOption(
    new Option('--limit <n>', 'the newest so many').argParser(wholeNumber(1, 10_000)).default(100),
  );
  action(list, declaring, async () => (await import('./commands/log.js')).list);
}

function declareExport(declaring: Declaring): void {
  const { program, context } = declaring;
  const bundle = common(
    program
      .command('export')
      .summary('take the log along, so that it can be proven anywhere')
      .description(
        `Writes a bundle into a folder: every record, the signed heads, the archived histories and the keys to read them.
\`backstep log verify\` proves it without any server. With --format the records alone are written to a file, in the
form named. Either way the export itself is put on record: who, which filter, how many, and the hash of what left.`,
      ),
    context,
    [
      'backstep log export --out evidence --reason "audit 2026"',
      'backstep log export --out november.csv --format csv --since 2026-11-01 --until 2026-12-01 --reason "review"',
    ],
  )
    .addOption(new Option('--out <path>', 'a new folder; or a file, with --format').makeOptionMandatory())
    .addOption(new Option('--format <form>', 'records alone, in this form').choices(RECORD_FORMS))
    .addOption(reasonOption().makeOptionMandatory())
    .addOption(asOption(context));
  for (const option of filters()) bundle.addOption(option);
  action(bundle, declaring, async () => (await import('./commands/log.js')).exportLog);
}

function declareProof(declaring: Declaring): void {
  const { program, context } = declaring;
  const verify = common(
    program
      .command('verify')
      .argument(
        '<path>',
        'a bundle, as `backstep log export` writes it; or a proof, as `backstep log prove` does',
      )
      .summary('prove a bundle or check a proof, without any server')
      .description(
        `Proves the chain, the tree, the signatures, every file, and each record by deriving it again from its archived
history; and that no history owes a record that is not there. Says exactly what is wrong and where. Exits with 1 where
anything is. Of a file that is one proof it checks that. Compare the key that it shows with the one that is published, or
name that with --key.`,
      ),
    context,
    ['backstep log verify evidence', 'backstep log verify evidence --key 8rTwpzWH…= --head last-year.txt'],
  )
    .addOption(
      new Option(
        '--key <base64>',
        'the Ed25519 public key of the log: the `publicKey` that proofs and checkpoints have, or its SubjectPublicKeyInfo',
      ),
    )
    .addOption(new Option('--head <file>', 'a signed head from before: the log must be its continuation'));
  action(verify, declaring, async () => (await import('./commands/log.js')).verify);
  const prove = common(
    program
      .command('prove')
      .summary('a proof of one record, or between two signed heads')
      .description(
        `Prints a proof of RFC 6962 as JSON: that a record is in a signed head, or that a later head is the continuation of an
earlier one. Whoever has it, and the key of the log, checks it anywhere with \`backstep log verify <file>\`.`,
      ),
    context,
    [
      'backstep log prove --record 12 > proof.json',
      'backstep log prove --from 1000 --head 5000 > continued.json',
    ],
  )
    .addOption(
      new Option('--record <seq>', 'place of the record').argParser(wholeNumber(0, MOST)).conflicts('from'),
    )
    .addOption(new Option('--from <size>', 'size of the earlier head').argParser(wholeNumber(0, MOST)))
    .addOption(
      new Option('--head <size>', 'size of the head to prove it against; default the newest').argParser(
        wholeNumber(0, MOST),
      ),
    );
  action(prove, declaring, async () => (await import('./commands/log.js')).prove);
  const rebuild = common(
    program
      .command('rebuild')
      .summary('tell outcomes, actions and the inbox again from histories and archive')
      .description(
        `Drops the rows of outcomes, actions and what waits, and tells them again from histories and archive; says which
of them were other than they should be. The log itself is never changed.`,
      ),
    context,
    ['backstep log rebuild'],
  );
  action(rebuild, declaring, async () => (await import('./commands/log.js')).rebuild);
}
