/**
 * The commands of authority: how much the engine may do alone, the limits that hold it, and why it decided as it did.
 * Entry ring; declares only.
 */
import { Argument, Option } from 'commander';
import { MODES } from '../governance/mode';
import {
  action,
  asOption,
  collectPair,
  collectText,
  common,
  plainName,
  reasonOption,
  type Declaring,
} from './declare';

export function declareAuthority(declaring: Declaring): void {
  const { program } = declaring;
  program.commandsGroup('Authority:');
  declareControls(declaring);
  declareCalendars(declaring);
  declareViews(declaring);
  declareDecide(declaring);
}

const reason = (): Option => reasonOption().makeOptionMandatory();

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

function declareCalendars(declaring: Declaring): void {
  const { program, context } = declaring;
  const calendar = common(
    program
      .command('calendar')
      .argument('<id>', 'name of the calendar', plainName)
      .argument('<scope>', '`tenant:<name>`, or `domain:`, `runbook:` or `automation:`')
      .summary('say when changes may be made')
      .description(
        `Sets a change calendar over a scope. Nothing fires inside the windows of a freeze, nor outside those of
maintenance; one calendar that says no is enough. What it holds goes on by itself when the time has come. A
moment without a zone is UTC.`,
      ),
    context,
    [
      'backstep calendar year-end tenant:acme --freeze 2026-12-20/2027-01-02 --reason "books close"',
      'backstep calendar nightly domain:people --maintenance 2026-11-21T22:00Z/2026-11-22T04:00Z --reason "by contract"',
      'backstep calendar year-end tenant:acme --lift --reason "closed early"',
    ],
  )
    .addOption(
      new Option('--freeze <from/to>', 'a window in which nothing fires; more with commas').argParser(
        collectText,
      ),
    )
    .addOption(
      new Option(
        '--maintenance <from/to>',
        'a window outside of which nothing fires; more with commas',
      ).argParser(collectText),
    )
    .addOption(new Option('--lift', 'take the calendar away'))
    .addOption(reason())
    .addOption(asOption(context));
  action(calendar, declaring, async () => (await import('./commands/calendars.js')).calendar);
  const passive = common(
    program
      .command('passive')
      .argument('<node>', 'the node: `<runbook>/<node>`')
      .summary('let a node only watch')
      .description(
        `Makes a node of a runbook passive: the engine says what it would do there and holds it. With --off it acts
again, and what was held goes on.`,
      ),
    context,
    ['backstep passive onboard.contractor/channels --reason "Slack moves this week"'],
  )
    .addOption(new Option('--off', 'let it act again'))
    .addOption(reason())
    .addOption(asOption(context));
  action(passive, declaring, async () => (await import('./commands/calendars.js')).passive);
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
    .addOption(reasonOption('why; for --set'))
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
