/**
 * The commands that say how long the PolicyLog's archive is kept: legal holds, the end of retention, and forgetting somebody.
 * Entry ring; declares only.
 */
import { Option } from 'commander';
import { action, asOption, common, reasonOption, type Declaring } from './declare';

export function declareKeeping(declaring: Declaring): void {
  declareHolds(declaring);
  declareExpire(declaring);
  declareErase(declaring);
}

const reason = (): Option => reasonOption('why; kept in the history: name nobody').makeOptionMandatory();

function declareHolds(declaring: Declaring): void {
  const { program, context } = declaring;
  const hold = common(
    program
      .command('hold')
      .summary('set a legal hold')
      .description(
        `Keeps archived histories beyond the end of retention, and the keys to read them: of one outcome, of all about an entity,
of everything that happened in a time, or of the whole tenant. What is held can be neither let go nor forgotten until the
hold is lifted. Setting it and lifting it are on record.`,
      ),
    context,
    [
      'backstep log hold --entity person:sarah.chen --reason "case 12/2026"',
      'backstep log hold --since 2026-11-01 --until 2026-12-01 --reason "case 12/2026"',
    ],
  )
    .addOption(new Option('--outcome <id>', 'all runs of one outcome, and its way back'))
    .addOption(new Option('--entity <id>', 'every outcome about somebody or something'))
    .addOption(new Option('--since <time>', 'what happened from then on, inclusive: with --until'))
    .addOption(new Option('--until <time>', 'what happened before then'))
    .addOption(new Option('--everything', 'the whole archive of the tenant'))
    .addOption(reason())
    .addOption(asOption(context));
  action(hold, declaring, async () => (await import('./commands/keeping.js')).hold);
  const lift = common(
    program
      .command('lift')
      .argument('<hold>', 'its id, as `backstep log holds` shows it')
      .summary('lift a legal hold')
      .description('Ends a legal hold. What is past its time goes with the next end of retention.'),
    context,
    ['backstep log lift hold-5d1c02aa --reason "case 12/2026 is closed"'],
  )
    .addOption(reason())
    .addOption(asOption(context));
  action(lift, declaring, async () => (await import('./commands/keeping.js')).lift);
  const holds = common(
    program
      .command('holds')
      .summary('legal holds in force')
      .description('Lists legal holds, oldest first: what each keeps, since when, by whom and why.'),
    context,
    ['backstep log holds --all'],
  ).addOption(new Option('--all', 'those that were lifted, too'));
  action(holds, declaring, async () => (await import('./commands/keeping.js')).holds);
}

function declareExpire(declaring: Declaring): void {
  const { program, context } = declaring;
  const expire = common(
    program
      .command('expire')
      .summary('what is past its time in the archive; let it go')
      .description(
        `Shows which archived histories are past their seven years and under no legal hold. With --reason they are let go: the
cut is put on record first, and the records stay, so that the log can still be proven. With --schedule on it is done every
day by itself.`,
      ),
    context,
    [
      'backstep log expire',
      'backstep log expire --at 2034-01-01',
      'backstep log expire --reason "end of retention"',
      'backstep log expire --schedule on',
    ],
  )
    .addOption(new Option('--at <time>', 'show what would go then').conflicts(['reason', 'schedule']))
    .addOption(reasonOption('let it go, and why; kept in the history').conflicts('schedule'))
    .addOption(new Option('--schedule <on|off>', 'have it done by itself').choices(['on', 'off']))
    .addOption(asOption(context));
  action(expire, declaring, async () => (await import('./commands/keeping.js')).expire);
}

function declareErase(declaring: Declaring): void {
  const { program, context } = declaring;
  const erase = common(
    program
      .command('erase')
      .argument('<entity>', 'whom: `person:sarah.chen`, or `automation/<id>` for what its overrides hold')
      .summary('forget somebody')
      .description(
        `Destroys the key that personal values in the log are hashed with and histories in the archive are sealed with, and blanks
what the graph, events, barriers and notices have. No record changes, and the log can still be proven; what was personal says
nothing any more and cannot be brought back, nor can outcomes about them be taken back. Refused while such an outcome
runs, or under a legal hold. Temporal has its own copy of recent histories until its retention ends.`,
      ),
    context,
    ['backstep log erase person:sarah.chen --reason "asked to be forgotten, ticket 7"'],
  )
    .addOption(reason())
    .addOption(asOption(context));
  action(erase, declaring, async () => (await import('./commands/keeping.js')).erase);
}
