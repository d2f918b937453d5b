/** The commands around approvals: delegation, absence, and the look afterwards. Entry ring; declares only. */
import { Argument, Option } from 'commander';
import { APPROVER_LEVELS } from '../governance/mode';
import { action, asOption, common, personNamed, reasonOption, type Declaring } from './declare';

export function declareStandIns(declaring: Declaring): void {
  const { program, context } = declaring;
  const delegate = common(
    program
      .command('delegate')
      .argument('<person>', 'who is to decide in your place', personNamed)
      .summary('let somebody decide in your place')
      .description(
        `Somebody of your tier, or above it, may decide what is asked of you, until a date. Each decision names both.
With \`--when-absent\` it counts only while you have said that you are away, and said so afterwards.
With \`--task\` it is for one gate or held action alone, and ends with it.`,
      ),
    context,
    [
      'backstep delegate person:jonas.weber --until 2026-12-01 --reason "parental leave"',
      'backstep delegate person:jonas.weber --task acme/EMP-R-001/6f1d#manager --reason "he knows the team"',
    ],
  )
    .addOption(new Option('--task <task>', 'for this one alone: `<outcome id>#<node>`'))
    .addOption(
      new Option('--until <time>', 'when it ends; ISO 8601, within 90 days; with --task it need not be said'),
    )
    .addOption(new Option('--level <level>', 'the most that is handed on').choices(APPROVER_LEVELS))
    .addOption(new Option('--when-absent', 'only while you are away'))
    .addOption(new Option('--withdraw', 'take it back'))
    .addOption(reasonOption().makeOptionMandatory())
    .addOption(asOption(context));
  action(delegate, declaring, async () => (await import('./commands/stand-ins.js')).delegating);
  const absent = common(
    program
      .command('absent')
      .summary('say that you are away')
      .description(`What you have delegated for that case before counts until you are back.`),
    context,
    ['backstep absent --until 2026-12-01 --reason "on leave"'],
  )
    .addOption(new Option('--from <time>', 'when it begins; ISO 8601; without it, now'))
    .addOption(new Option('--until <time>', 'when it ends; ISO 8601').makeOptionMandatory())
    .addOption(reasonOption().makeOptionMandatory())
    .addOption(asOption(context));
  action(absent, declaring, async () => (await import('./commands/stand-ins.js')).beingAway);
  const review = common(
    program
      .command('review')
      .argument('[task]', 'the gate, as the list names it; without it, the list')
      .addArgument(new Argument('[verdict]', 'what came of the look').choices(['sound', 'unsound']))
      .summary('look at what passed a chain in an emergency')
      .description(
        `Lists what nobody has looked at, or says what came of the look. Who broke the glass cannot.`,
      ),
    context,
    ['backstep review', 'backstep review acme/EMP-R-001/6f1d#manager sound --reason "there was a fire"'],
  )
    .addOption(reasonOption())
    .addOption(asOption(context));
  action(review, declaring, async () => (await import('./commands/stand-ins.js')).reviewing);
}
