/**
 * The commands that tell what happened again, and what would happen: none of them executes anything.
 * Entry ring; declares only.
 */
import { Option } from 'commander';
import { action, collectPair, collectText, common, wholeNumber, type Declaring } from './declare';

const OUTCOME_ID = 'id of the outcome: `<tenant>/<outcome code>/<event id>`';
const ACTION = 'the action: `<outcome id>#<node>`';

const fileOption = (): Option =>
  new Option(
    '--file <file>',
    'histories from a file, as `GET /v1/outcomes/{id}/history` gives them, and no server; again for more',
  ).argParser(collectFile);

/** A name of a file may have commas in it. */
function collectFile(file: string, before: readonly string[] = []): readonly string[] {
  return [...before, file];
}

export function declareReplay(declaring: Declaring): void {
  const { program, context } = declaring;
  program.commandsGroup('Replay and explain:');
  declareExplain(declaring);
  const replay = program
    .command('replay')
    .summary('histories again: verified, rehearsed, reviewed or forked')
    .description(
      'Tells histories again, with the code, the rules or the configuration of today. Nothing is executed.',
    );
  const of = { ...declaring, program: replay };
  const verify = common(
    replay
      .command('verify')
      .argument('[outcome-id...]', OUTCOME_ID)
      .summary('replay histories with today’s workflow code')
      .description(
        `Runs histories through Temporal’s own replayer with the workflow code of today, and says where it would
go another way. Exits with 1 where it does. With --json one object a history.`,
      ),
    context,
    ['backstep replay verify acme/EMP-R-001/6f1d', 'backstep replay verify --file history.json'],
  ).addOption(fileOption());
  action(verify, of, async () => (await import('./commands/replay-verify.js')).verify);
  const rehearse = common(
    replay
      .command('rehearse')
      .argument(
        '<event-or-outcome>',
        'a CloudEvent as a file (`-` reads standard input), or the id of an outcome',
      )
      .summary('an event again, as it would go today')
      .description(
        `Selects, compiles, decides and simulates an event with today’s catalog and configuration, and shows what
of the plan and of each decision is other than it was.`,
      ),
    context,
    ['backstep replay rehearse acme/EMP-R-001/6f1d', 'backstep replay rehearse hired.json'],
  ).addOption(fileOption());
  action(rehearse, of, async () => (await import('./commands/replay.js')).rehearse);
  const review = common(
    replay
      .command('review')
      .argument('<action>', ACTION)
      .summary('a decision again, under the rules of then and of today')
      .description(
        `Makes a decision again from the facts and figures on record, proves that it is the same to the byte, and
makes it once more as today’s rules and configuration would, of the same data. Exits with 1 where it
is not the same.`,
      ),
    context,
    ['backstep replay review acme/EMP-R-001/6f1d#identity'],
  )
    .addOption(
      new Option('--nth <n>', 'which of the decisions on the action; default the last').argParser(
        wholeNumber(1, 1_000),
      ),
    )
    .addOption(fileOption());
  action(review, of, async () => (await import('./commands/replay.js')).review);
  const fork = common(
    replay
      .command('fork')
      .argument('<outcome-id>', OUTCOME_ID)
      .summary('an outcome from a node on, with something other than it was')
      .description(
        `Simulates an outcome from one of its nodes on, with other parameters, inputs or rules, and prints what
would have happened beside what did. Until the node it is what happened; beside it, too.`,
      ),
    context,
    [
      'backstep replay fork acme/EMP-R-001/6f1d --from channels',
      'backstep replay fork acme/EMP-R-001/6f1d --from channels --param channels=contractors',
      'backstep replay fork acme/EMP-R-001/6f1d --from groups --input groups.groups=\'["design"]\' --rules today',
    ],
  )
    .addOption(new Option('--from <node>', 'the node').makeOptionMandatory())
    .addOption(new Option('--param <key=value>', 'a parameter; again for more').argParser(collectPair))
    .addOption(
      new Option(
        '--input <node.path=value>',
        'a value inside the input of an action; again for more',
      ).argParser(collectPair),
    )
    .addOption(
      new Option('--rules <when>', 'by which rules it is decided').choices(['then', 'today']).default('then'),
    )
    .addOption(
      new Option('--reject <gates>', 'gates that are rejected; the others are approved').argParser(
        collectText,
      ),
    )
    .addOption(fileOption());
  action(fork, of, async () => (await import('./commands/replay.js')).fork);
}

function declareExplain(declaring: Declaring): void {
  const { program, context } = declaring;
  const explain = common(
    program
      .command('explain')
      .argument('<action>', ACTION)
      .summary('why an action fired, waits or was denied')
      .description(
        `Tells why at three levels: 1 in one line, 2 the states it went through and what every rule said, 3 the
chain of causes with times relative to the action, and every fact and figure. The decision is made again
from what was recorded with it.`,
      ),
    context,
    [
      'backstep explain acme/EMP-R-001/6f1d#identity',
      'backstep explain acme/EMP-R-001/6f1d#identity --level 3 --json',
    ],
  )
    .addOption(new Option('--level <level>', 'how much').choices(['1', '2', '3']).default('2'))
    .addOption(fileOption());
  action(explain, declaring, async () => (await import('./commands/replay.js')).explain);
}
