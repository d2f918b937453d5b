/**
 * The commands that need no server: catalog, config, compile, verify, simulate.
 * Entry ring; declares only.
 */
import { Argument, Option } from 'commander';
import { action, collectPair, collectText, common, wholeNumber, type Declaring } from './declare';

export const entityOption = (): Option =>
  new Option('--entity <id>', 'the entity it is about, such as `person:sarah.chen`');

export const paramOption = (): Option =>
  new Option('--param <key=value>', 'a parameter in place of the configured one; may be repeated').argParser(
    collectPair,
  );

export function declareAuthoring(declaring: Declaring): void {
  const { program, context } = declaring;
  program.commandsGroup('Declare and compile:');
  declareCatalog(declaring);
  declareConfig(declaring);

  const compile = common(
    program
      .command('compile')
      .argument('<outcome>', 'outcome code, such as `EMP-R-001`')
      .summary('the plan of an outcome, without running it')
      .description(
        `Binds an outcome to an entity and the configuration, and prints the one plan that comes of it. With
--json the plan's canonical bytes: the same every time and on every machine. The entity comes from the
tenant's file of entities, so that no server is needed;
--entities store takes it from the running stand.`,
      ),
    context,
    [
      'backstep compile EMP-R-001 --entity person:sarah.chen',
      'backstep compile EMP-R-001 --entity person:sarah.chen --json | sha256sum     # the plan’s id',
      'backstep compile EMP-R-001 --entity person:sarah.chen --mermaid',
      'backstep compile EMP-R-001 --entity person:sarah.chen --out plan.json        # then: run --plan plan.json',
    ],
  )
    .addOption(entityOption().makeOptionMandatory())
    .addOption(paramOption())
    .addOption(new Option('--mermaid', 'print the graph as Mermaid').conflicts('json'))
    .addOption(new Option('--out <file>', 'write the canonical plan to a file, to be reviewed and run'))
    .addOption(
      new Option('--entities <source>', 'where the entity comes from')
        .choices(['file', 'store'])
        .default('file'),
    );
  action(compile, declaring, async () => (await import('./commands/compile.js')).compile);

  const verify = common(
    program
      .command('verify')
      .argument('[runbook]', 'runbook id or outcome code')
      .summary('every path and every failure of a runbook')
      .description(
        `Walks every path of a runbook and every point of failure on it, in every configuration that the tenant
has, and shows that the compensations return the world to where it was. Nothing is executed.`,
      ),
    context,
    ['backstep verify onboard.contractor', 'backstep verify --all'],
  )
    .addOption(new Option('--all', 'all runbooks of the catalog'))
    .addOption(new Option('--failures <n>', 'failures on one path').argParser(wholeNumber(0, 5)).default(2));
  action(verify, declaring, async () => (await import('./commands/verify.js')).verify);

  const simulate = common(
    program
      .command('simulate')
      .argument('<outcome>', 'outcome code, such as `EMP-R-001`')
      .summary('the trace an outcome would have')
      .description(
        `Runs an outcome over predicted effects and a virtual clock, and prints its trace. Nothing is executed.
People approve at once, unless told otherwise; --fail and --lost disturb it.`,
      ),
    context,
    [
      'backstep simulate EMP-R-001 --entity person:sarah.chen',
      'backstep simulate EMP-R-001 --entity person:sarah.chen --fail channels=user_not_found',
      'backstep simulate EMP-R-001 --entity person:sarah.chen --lost groups',
    ],
  )
    .addOption(entityOption().makeOptionMandatory())
    .addOption(paramOption())
    .addOption(
      new Option('--fail <node=code>', 'the action at this node fails for good; may be repeated').argParser(
        collectPair,
      ),
    )
    .addOption(
      new Option('--lost <node>', 'the action happens, but its answer is lost; may be repeated').argParser(
        collectText,
      ),
    )
    .addOption(new Option('--reject <gate>', 'the gate is rejected; may be repeated').argParser(collectText));
  action(simulate, declaring, async () => (await import('./commands/simulate.js')).simulateOutcome);
}

function declareCatalog(declaring: Declaring): void {
  const { program, context } = declaring;
  const catalog = common(
    program
      .command('catalog')
      .addArgument(new Argument('[what]', 'what to list; default both').choices(['awfs', 'runbooks']))
      .summary('the AWFs and runbooks there are')
      .description('Lists the runbooks and the AWFs they are made of, with their compensations.'),
    context,
    ['backstep catalog', 'backstep catalog awfs --system okta', 'backstep catalog runbooks --json'],
  ).addOption(new Option('--system <name>', 'only AWFs on this system'));
  action(catalog, declaring, async () => (await import('./commands/catalog.js')).catalog);
}

function declareConfig(declaring: Declaring): void {
  const { program, context } = declaring;
  const config = program
    .command('config')
    .summary('the configuration of a tenant')
    .description('Shows the configuration of a tenant and where each value comes from.');
  const explain = common(
    config
      .command('explain')
      .argument('<key>', 'key of a value; with --outcome also the name of a parameter')
      .summary('where one value comes from')
      .description(
        'Shows the whole cascade of one value, layer by layer, with file and line, and which one won.',
      ),
    context,
    [
      'backstep config explain params.onboard.contractor.groups --entity person:sarah.chen',
      'backstep config explain groups --outcome EMP-R-001 --entity person:sarah.chen',
      'backstep config explain undoWindow --json',
    ],
  )
    .addOption(entityOption())
    .addOption(new Option('--outcome <code>', 'for this outcome: its runbook and domain are layers too'));
  action(explain, declaring, async () => (await import('./commands/config.js')).explain);

  const check = common(
    config
      .command('check')
      .summary('everything that is wrong with it')
      .description(
        'Reads the whole configuration of a tenant and prints all that is wrong, with file and line.',
      ),
    context,
    ['backstep config check'],
  );
  action(check, declaring, async () => (await import('./commands/config.js')).check);
}
