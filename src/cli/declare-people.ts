/**
 * The commands of people who work on what waits for them, and who change a step before it commits.
 * Entry ring; declares only.
 */
import { Argument, Option } from 'commander';
import {
  action,
  asOption,
  collectPair,
  common,
  notBlank,
  personNamed,
  reasonOption,
  wholeNumber,
  type Declaring,
} from './declare';

const TASK = 'the task: `<outcome id>#<node>`';
const STEP = 'the step: `<outcome id>#<node>`';

export function declarePeople(declaring: Declaring): void {
  declaring.program.commandsGroup('Work on tasks:');
  declareInbox(declaring);
  declareClaims(declaring);
  declareComplete(declaring);
  declaring.program.commandsGroup('Change what is to come:');
  declareOverride(declaring);
  declareAttest(declaring);
}

function declareInbox(declaring: Declaring): void {
  const { program, context } = declaring;
  const inbox = common(
    program
      .command('inbox')
      .argument('[task]', `${TASK}; without it, all`)
      .summary('what waits for a person')
      .description(
        `Lists open gates, held actions, incidents, escalations and reviews, or shows one of them. An outcome that began
to wait within the last second may be missing from the list.`,
      ),
    context,
    [
      'backstep inbox',
      'backstep inbox --kind gate --by manager --claimed nobody',
      'backstep inbox acme/EMP-R-001/6f1d#manager',
      'backstep inbox --json | jq .id',
    ],
  )
    .addOption(
      new Option('--kind <kind>', 'only of this kind').choices([
        'gate',
        'hold',
        'incident',
        'escalation',
        'review',
      ]),
    )
    .addOption(new Option('--outcome <code-or-id>', 'only of this outcome'))
    .addOption(new Option('--entity <id>', 'only about this entity'))
    .addOption(
      new Option(
        '--claimed <person>',
        'only those that this person has claimed; `nobody`: free ones',
      ).argParser((text: string) => (text === 'nobody' ? text : personNamed(text))),
    )
    .addOption(
      new Option(
        '--by <approver>',
        'only those that are asked of them, such as `manager`, or handed on to them',
      ),
    )
    .addOption(new Option('--since <time>', 'only those that began to wait then or later; ISO 8601'))
    .addOption(
      new Option('--approval <level>', 'only gates that ask for this').choices([
        'confirm',
        'review',
        'approve',
        'chain',
      ]),
    )
    .addOption(
      new Option('--limit <n>', 'most outcomes that are looked at')
        .argParser(wholeNumber(1, 500))
        .default(100),
    );
  action(inbox, declaring, async () => (await import('./commands/inbox.js')).inbox);
}

function declareClaims(declaring: Declaring): void {
  const { program, context } = declaring;
  for (const [name, summary, text, example] of [
    [
      'claim',
      'say that a task is yours',
      `Others see in the inbox that you have it. It keeps nobody from deciding.`,
      'backstep claim acme/EMP-R-001/6f1d#manager',
    ],
    [
      'unclaim',
      'give a task back',
      `Whoever gives back what another has claimed says why.`,
      'backstep unclaim acme/EMP-R-001/6f1d#manager --reason "on leave until Monday"',
    ],
  ] as const) {
    const command = common(
      program.command(name).argument('<task>', TASK).summary(summary).description(text),
      context,
      [example],
    )
      .addOption(reasonOption())
      .addOption(asOption(context));
    action(command, declaring, async () => (await import('./commands/inbox.js')).claiming(name));
  }
}

function byHand(declaring: Declaring, name: 'complete' | 'attest', words: ByHandWords): void {
  const { program, context } = declaring;
  const evidence = new Option('--evidence <text>', 'where to see that it was done').argParser(notBlank);
  const command = common(
    program
      .command(name)
      .argument(`<${words.what}>`, words.about)
      .summary(words.summary)
      .description(words.text),
    context,
    words.examples,
  )
    .addOption(evidence)
    .addOption(new Option('--output <json>', 'stands in for the output of the action').default('null'))
    .addOption(
      new Option('--undo <who>', 'who undoes it, should it come to that')
        .choices(['person', 'compensation'])
        .default('person'),
    )
    .addOption(
      new Option(
        '--undo-input <json>',
        'input of the compensation, where it does not follow from the output',
      ),
    )
    .addOption(reasonOption())
    .addOption(asOption(context));
  // A review has a verdict in its place.
  if (name === 'attest') evidence.makeOptionMandatory();
  else {
    const verdict = new Option('--verdict <verdict>', 'of a review: what came of the look, with --reason');
    command.addOption(verdict.choices(['sound', 'unsound']));
  }
  action(command, declaring, async () => {
    const commands = await import('./commands/override.js');
    return commands.byHand(name);
  });
}

interface ByHandWords {
  readonly what: string;
  readonly about: string;
  readonly summary: string;
  readonly text: string;
  readonly examples: readonly string[];
}

const declareComplete = (declaring: Declaring): void =>
  byHand(declaring, 'complete', {
    what: 'task',
    about: TASK,
    summary: 'say that a task was done by hand, or what came of a review',
    text: `A held action is attested: recorded with who and evidence, and never executed. An incident or an escalation is
resolved as supplied. A review is closed with a verdict, by somebody else than who passed the chain. A gate is
decided instead, with \`backstep approve\` or \`backstep reject\`.`,
    examples: [
      `backstep complete acme/EMP-R-001/6f1d#groups --evidence "ticket 4711" --output '{"groups":[]}'`,
      `backstep complete acme/EMP-R-001/6f1d#review:manager --verdict sound --reason "there was a fire"`,
    ],
  });

const declareAttest = (declaring: Declaring): void =>
  byHand(declaring, 'attest', {
    what: 'step',
    about: STEP,
    summary: 'say that an action was done elsewhere',
    text: `Records an action that has not fired as done by a person, with its output and the evidence; it is not executed. Should
the outcome go back, a person is asked to undo it, or with --undo compensation the registered compensation does. What
that runs with follows from input and output, or is given with --undo-input.`,
    examples: [
      `backstep attest acme/EMP-R-001/6f1d#groups --evidence "ticket 4711" --output '{"groups":[]}'`,
      `backstep attest acme/EMP-R-001/6f1d#groups --evidence "ticket 4711" --output '{"groups":[]}' --undo compensation`,
    ],
  });

function declareOverride(declaring: Declaring): void {
  const { program, context } = declaring;
  const override = common(
    program
      .command('override')
      .argument('<step>', STEP)
      .addArgument(
        new Argument('<how>', 'what becomes of it').choices(['skip', 'edit', 'choose', 'replace', 'decline']),
      )
      .argument('[value]', 'of choose the case, of replace the AWF')
      .summary('change a step before it commits')
      .description(
        `Changes a step that has not fired; one that has is taken back instead. A gate is decided, and never overridden. With
--withdraw what was said so of a step is taken back, as long as it has not fired.
  skip      go on without it; --output stands in for its own where something behind it reads that
  edit      change its input: --set for one member, --input for a JSON merge patch
  choose    the case that a choice takes, unless that leads around people who are asked
  replace   another AWF of the same system or domain, with a compensation of its own
  decline   end the outcome there: it goes back, or with --then complete stays as it stands`,
      ),
    context,
    [
      'backstep override acme/EMP-R-001/6f1d#device skip --reason "brings her own"',
      'backstep override acme/EMP-R-001/6f1d#channels edit --set user=ada@acme.test --reason "typo"',
      'backstep override acme/EMP-R-001/6f1d#laptop choose none --reason "brings her own"',
      'backstep override acme/EMP-R-001/6f1d#device skip --scope automation --until 2027-01-31 --reason "no stock"',
      'backstep override acme/EMP-R-001/6f1d#device skip --withdraw --reason "stock has come"',
    ],
  )
    .addOption(reasonOption().makeOptionMandatory())
    .addOption(
      new Option('--scope <scope>', 'this step, every element of it, or what its automation starts')
        .choices(['step', 'outcome', 'automation'])
        .default('step'),
    )
    .addOption(new Option('--until <time>', 'of the scope automation: until when; ISO 8601'))
    .addOption(new Option('--output <json>', 'of skip: stands in for its output'))
    .addOption(new Option('--input <json>', 'of edit and replace: merge patch on its input'))
    .addOption(
      new Option(
        '--set <key=value>',
        'of edit and replace: one member; text, or JSON where it is any',
      ).argParser(collectPair),
    )
    .addOption(
      new Option('--then <how>', 'of decline: how it ends')
        .choices(['backstep', 'complete'])
        .default('backstep'),
    )
    .addOption(new Option('--withdraw', 'take back what was said so of it, in this scope'))
    .addOption(asOption(context));
  action(override, declaring, async () => (await import('./commands/override.js')).override);
}
