/**
 * The commands of authority: how much the engine may do alone, the limits that hold it, and why it decided as it did.
 * Entry ring; declares only.
 */
import { Argument, Option } from 'commander';
import { MODES } from '../governance/mode';
import { action, asOption, collectPair, common, type Declaring } from './declare';

export function declareAuthority(declaring: Declaring): void {
  const { program } = declaring;
  program.commandsGroup('Authority:');
  declareControls(declaring);
  declareViews(declaring);
  declareDecide(declaring);
}

const reason = (): Option => new Option('--reason <text>', 'why; kept in the history').makeOptionMandatory();

function declareControls(declaring: Declaring): void {
  const { program, context } = declaring;
  const dial = common(
    program
      .command('dial')
      .argument('<automation>', 'id of the automation')
      .addArgument(new Argument('<mode>', 'the most it may do').choices(MODES))
      .summary('set how far an automation may go')
      .description(
        `Sets the dial of an automation: observe proposes only, manual and copilot wait for people, autopilot acts
within its limits. What the dial held asks again at once. Rules may still be stricter than the dial.`,
      ),
    context,
    ['backstep dial onboard-contractor copilot --reason "a month without a correction"'],
  )
    .addOption(reason())
    .addOption(asOption(context));
  action(dial, declaring, async () => (await import('./commands/authority.js')).dial);
  const kill = common(
    program
      .command('kill')
      .argument('<automation>', 'id of the automation')
      .summary('stop an automation at once')
      .description(
        `Throws the kill switch: when the command answers, nothing of the automation is admitted any more, and
nothing of it executes but what is listed. Its outcomes are held at their next firing, and its dial
drops to observe. Lift it with \`backstep resume automation:<id>\`.`,
      ),
    context,
    ['backstep kill onboard-contractor --reason "wrong groups since noon"'],
  )
    .addOption(reason())
    .addOption(asOption(context));
  action(kill, declaring, async () => (await import('./commands/authority.js')).kill);
}

function declareViews(declaring: Declaring): void {
  const { program, context } = declaring;
  const guardrails = common(
    program
      .command('guardrails')
      .summary('limits, what is used of them, and who waits')
      .description(
        `Shows every limit with its use, the controls in force and the queue. With --set a limit of the contract
is set: it tightens what the tier prints, and says what the tier leaves open.`,
      ),
    context,
    [
      'backstep guardrails',
      'backstep guardrails --set external_actions_per_day=500 --reason "contract of May"',
    ],
  )
    .addOption(
      new Option('--set <guardrail=limit>', 'in the guardrail’s unit; `none` takes it away').argParser(
        collectPair,
      ),
    )
    .addOption(new Option('--reason <text>', 'why; for --set'))
    .addOption(asOption(context));
  action(guardrails, declaring, async () => (await import('./commands/authority.js')).guardrails);
  const trust = common(
    program
      .command('trust')
      .summary('what the tenant has earned')
      .description('Shows the trust level with the executions it rests on; what was imported says so.'),
    context,
    ['backstep trust'],
  );
  action(trust, declaring, async () => (await import('./commands/authority.js')).trust);
}

function declareDecide(declaring: Declaring): void {
  const { program, context } = declaring;
  const decide = common(
    program
      .command('decide')
      .summary('decide from facts, without any server')
      .description(
        `Reads facts as JSON, one object or one a line, and prints the decisions of the authority rules in the same
way. The form of facts is published in docs/schemas/facts.json.`,
      ),
    context,
    ['backstep decide --facts facts.json', 'backstep decide --facts - < facts.jsonl'],
  )
    .addOption(new Option('--facts <file>', 'the facts; `-` reads standard input').makeOptionMandatory())
    .addOption(new Option('--words', 'print each decision in words'));
  action(decide, declaring, async () => (await import('./commands/authority.js')).decideFacts);
}
