/**
 * The commands that run outcomes and act on them.
 * Entry ring; declares only.
 */
import { Argument, Option } from 'commander';
import { action, asOption, collectText, common, notBlank, reasonOption, type Declaring } from './declare';
import { entityOption, paramOption } from './declare-authoring';

const OUTCOME_ID = 'id of the outcome: `<tenant>/<outcome code>/<event id>`';
const OUTCOME_OR_SCOPE =
  'id of an outcome, or a scope: `automation:<id>`, `runbook:<id>`, `domain:<name>`, `tenant:<name>`, or the bare name of a runbook or domain';
const GATE = 'the gate: `<outcome id>#<gate>`';

export function declareRunning(declaring: Declaring): void {
  const { program } = declaring;
  program.commandsGroup('Run and watch:');
  declareRun(declaring);
  declareEmit(declaring);
  declareTrace(declaring);
  program.commandsGroup('Decide and act:');
  declareGates(declaring);
  declareActs(declaring);
  declareResolve(declaring);
  declareEntity(declaring);
}

function declareRun(declaring: Declaring): void {
  const { program, context } = declaring;
  const run = common(
    program
      .command('run')
      .argument('[outcome]', 'outcome code, such as `EMP-R-001`; not needed with --plan')
      .summary('run one outcome and follow its trace')
      .description(
        `Compiles an outcome and runs it, under the name of who asks for it, and prints the trace until it is
over or waits for a person. Uses the stand that is up; where none is, brings one up for itself and stops
it afterwards.`,
      ),
    context,
    [
      'backstep run EMP-R-001 --entity person:sarah.chen',
      'backstep run EMP-R-001 --entity person:sarah.chen --param device=none',
      'backstep run --plan plan.json            # the plan as reviewed; refused if it has become stale',
      'backstep run EMP-R-001 --entity person:sarah.chen --detach --json',
    ],
  )
    .addOption(entityOption())
    .addOption(paramOption())
    .addOption(new Option('--plan <file>', 'run this reviewed plan').conflicts(['entity', 'param']))
    .addOption(
      new Option(
        '--proposal <outcome-id>',
        'run what an event had proposed, or with `#<node>` one held action of it, under your own name',
      ).conflicts(['entity', 'param', 'plan']),
    )
    .addOption(
      new Option(
        '--resume <outcome-id>',
        'go on from `--from` of an outcome that has ended, as a new one with approvals of its own',
      ).conflicts(['entity', 'plan', 'proposal']),
    )
    .addOption(new Option('--from <node>', 'with --resume: the node to go on from'))
    .addOption(
      new Option('--inherit', 'with --resume: undo what was done before it along, if this one goes back'),
    )
    .addOption(
      new Option(
        '--anew <nodes>',
        'with --resume: fire these anew, after a look at the system; more with commas',
      ).argParser(collectText),
    )
    .addOption(new Option('--id <id>', 'id in place of a new one: the same id is never run twice'))
    .addOption(new Option('--detach', 'do not wait: print the id and end'))
    .addOption(asOption(context));
  action(run, declaring, async () => (await import('./commands/run.js')).run);
}

function declareEmit(declaring: Declaring): void {
  const { program, context } = declaring;
  const emit = common(
    program
      .command('emit')
      .argument('<file>', 'a CloudEvent as JSON; `-` reads standard input')
      .summary('take in an event')
      .description(
        `Takes in a CloudEvents 1.0 event, as a connected system would send it: an automation of the tenant is
selected, compiled and started. The same event taken in twice starts nothing twice. An event that
selects none or more than one is kept with the reason.`,
      ),
    context,
    ['backstep emit hired.json', 'cat hired.json | backstep emit - --follow'],
  ).addOption(new Option('--follow', 'follow the trace of what was started'));
  action(emit, declaring, async () => (await import('./commands/emit.js')).emit);
}

function declareTrace(declaring: Declaring): void {
  const { program, context } = declaring;
  const trace = common(
    program
      .command('trace')
      .argument('<outcome-id>', OUTCOME_ID)
      .summary('the story of one outcome')
      .description(
        `Prints the trace of an outcome, derived from its history alone. With --json one event per line.`,
      ),
    context,
    [
      'backstep trace acme/EMP-R-001/6f1d',
      'backstep trace acme/EMP-R-001/6f1d --follow',
      'backstep trace acme/EMP-R-001/6f1d --json | jq .kind',
    ],
  ).addOption(new Option('--follow', 'go on until the outcome is over'));
  action(trace, declaring, async () => (await import('./commands/trace.js')).trace);
}

function declareGates(declaring: Declaring): void {
  const { program, context } = declaring;
  for (const verdict of ['approve', 'reject'] as const) {
    const command = common(
      program
        .command(verdict)
        .argument('<gate>', GATE)
        .summary(`${verdict} at a gate`)
        .description(
          `Decides at a gate, or on an action that is held for people, for good. A decision for a gate that is not open yet
is kept until it opens.`,
        ),
      context,
      [
        `backstep ${verdict} acme/EMP-R-001/6f1d#manager --reason "${verdict === 'approve' ? 'budget is there' : 'no budget'}"`,
      ],
    )
      .addOption(reasonOption().makeOptionMandatory(verdict === 'reject'))
      .addOption(
        new Option('--card <hash>', 'the card that was seen; a decision for another one does not count'),
      )
      .addOption(new Option('--emergency', 'pass the chain; somebody else reviews it afterwards'))
      .addOption(asOption(context));
    action(command, declaring, async () => {
      const { decide } = await import('./commands/act.js');
      return decide(verdict);
    });
  }
}

function declareActs(declaring: Declaring): void {
  const { program, context } = declaring;
  for (const [name, what, example] of [
    ['pause', 'hold the next firing', 'waiting for the audit'],
    ['resume', 'go on after a pause', 'audit is done'],
    ['backstep', 'undo what was done', 'contract was cancelled'],
  ] as const) {
    const command = common(
      program
        .command(name)
        .argument('<what>', name === 'backstep' ? OUTCOME_ID : OUTCOME_OR_SCOPE)
        .summary(what)
        .description(ACT_TEXT[name]),
      context,
      [`backstep ${name} acme/EMP-R-001/6f1d --reason "${example}"`],
    )
      .addOption(reasonOption().makeOptionMandatory(name === 'backstep'))
      .addOption(asOption(context));
    if (name === 'backstep') command.addOption(new Option('--detach', 'do not wait until it is over'));
    action(command, declaring, async () => {
      const { act } = await import('./commands/act.js');
      return act(name);
    });
  }
}

const ACT_TEXT = {
  pause: `Holds an outcome, or everything of a scope, before its next firing. What has been fired runs to its end; going
back is never held.`,
  resume: `Fires what the pause held, in the order it became ready. Of an automation it lifts the kill switch too; its dial
stays where it is.`,
  backstep: `Undoes what an outcome has done, in reverse. A running outcome stops and goes back; a completed one goes
back inside its undo window, as a workflow of its own. The trace goes on in the same story.`,
} as const;

function declareResolve(declaring: Declaring): void {
  const { program, context } = declaring;
  const resolve = common(
    program
      .command('resolve')
      .argument('<node>', 'the node: `<outcome id>#<node>`')
      .addArgument(
        new Argument('<how>', 'what becomes of it').choices(['retry', 'supply', 'accept', 'backstep']),
      )
      .summary('resolve an incident or an escalation')
      .description(
        `Says what becomes of an action that needs a person: a compensation that failed, or an escalation.
  retry      try it again
  supply     it was done by hand: --evidence says where to see it, --output stands in for its output
  accept     leave it as it is, for the --reason given
  backstep   go back instead, for the --reason given; only at an escalation`,
      ),
    context,
    [
      'backstep resolve acme/EMP-R-001/6f1d#channels retry',
      'backstep resolve acme/EMP-R-001/6f1d#channels supply --evidence "ticket 4711"',
      'backstep resolve acme/EMP-R-001/6f1d#channels accept --reason "the channel is gone"',
    ],
  )
    .addOption(
      new Option('--evidence <text>', 'where to see that it was done; for supply').argParser(notBlank),
    )
    .addOption(new Option('--output <json>', 'what stands in for its output; for supply'))
    .addOption(reasonOption('why; for accept and backstep'))
    .addOption(asOption(context));
  action(resolve, declaring, async () => (await import('./commands/act.js')).resolveNode);
}

function declareEntity(declaring: Declaring): void {
  const { program, context } = declaring;
  const entity = program
    .command('entity')
    .summary('entities that outcomes are about')
    .description('Looks at and changes the entities of a tenant in the running stand.');
  const get = common(
    entity
      .command('get')
      .argument('[id]', 'such as `person:sarah.chen`; without it, all')
      .summary('show one entity, or all')
      .description('Shows an entity with its fields, or lists all.'),
    context,
    ['backstep entity get person:sarah.chen'],
  );
  action(get, declaring, async () => (await import('./commands/entity.js')).get);
  const upsert = common(
    entity
      .command('upsert')
      .argument('<id>', 'such as `person:ada.lovelace`')
      .argument('<fields>', 'JSON; `-` reads standard input')
      .summary('create or change an entity')
      .description('Merges fields into an entity, and creates it where it does not exist.'),
    context,
    [`backstep entity upsert person:ada.lovelace '{"email":"ada@acme.test","team":"research"}'`],
  );
  action(upsert, declaring, async () => (await import('./commands/entity.js')).upsert);
}
