/**
 * The commands that start servers and robots: demo, up, worker.
 * Entry ring; declares only.
 */
import { Option } from 'commander';
import { action, collectText, common, wholeNumber, type Declaring } from './declare';

export function declareRobots(declaring: Declaring): void {
  const { program, context } = declaring;
  const demo = common(
    program
      .command('demo')
      .summary('tell the story in about a minute')
      .description(
        `Starts servers and robots of its own and tells ten scenes, each asserted: an outcome completes, one that is
refused backsteps, one waits at a gate, one loses its robot in the middle of an action; an automation observes,
earns copilot and autopilot, is held for risk and stopped by its kill switch; and the log is proven. Exits 1 if
anything is not as it says.`,
      ),
    context,
    ['backstep demo', 'backstep demo --keep     # leaves the servers up afterwards, until Ctrl-C'],
  ).addOption(new Option('--keep', 'leave the servers up afterwards, until Ctrl-C'));
  action(demo, declaring, async () => (await import('./commands/demo.js')).demo);

  const up = common(
    program
      .command('up')
      .summary('servers, sandbox and robots, until Ctrl-C')
      .description(
        `Starts Temporal, Postgres, the sandbox of vendors' systems and the robots on this machine, and keeps
them up until Ctrl-C. Data stays for the next time. Other commands find it by themselves.`,
      ),
    context,
    [
      'backstep up',
      'backstep up --ui                 # with the web interface of Temporal',
      'backstep up --no-robots          # only the servers; then `backstep worker` elsewhere',
    ],
  )
    .addOption(new Option('--ui', 'serve Temporal’s own web interface as well'))
    .addOption(new Option('--no-robots', 'start no robots'))
    .addOption(new Option('--no-sandbox', 'start no sandbox'))
    .addOption(new Option('--fresh', 'delete the data of the stand first'));
  action(up, declaring, async () => (await import('./commands/up.js')).up);

  const worker = common(
    program
      .command('worker')
      .summary('robots against a running stand')
      .description(
        `Runs robots until Ctrl-C, against the running stand or the servers that TEMPORAL_ADDRESS and
DATABASE_URL name. Service robots run outcomes, platform robots fire the actions of a domain.`,
      ),
    context,
    [
      'backstep worker',
      'backstep worker --robots service',
      'backstep worker --robots service,identity,people',
    ],
  )
    .addOption(
      new Option('--robots <roles>', '`service` and domains, by commas; default all').argParser(collectText),
    )
    .addOption(new Option('--slots <n>', 'actions at once in one robot').argParser(wholeNumber(1, 1_000)))
    .addOption(new Option('--exit-with-parent', 'end when standard input does').hideHelp());
  action(worker, declaring, async () => (await import('./commands/worker.js')).worker);
}
