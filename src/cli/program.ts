/**
 * The tree of commands: names, arguments, options, help. What a command does is loaded when it is called, so that `--help`
 * and completion answer at once.
 * Entry ring. Names are fixed by DESIGN §8.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import type { ExitCode } from './complaint';
import type { CommandContext } from './context';
import { examplesText } from './declare';
import { declareAuthority } from './declare-authority';
import { declareApi } from './declare-api';
import { declareAuthoring } from './declare-authoring';
import { declareKeys } from './declare-keys';
import { declareLog } from './declare-log';
import { declarePeople } from './declare-people';
import { declareReplay } from './declare-replay';
import { declareReports } from './declare-reports';
import { declareRobots } from './declare-robots';
import { declareStandIns } from './declare-stand-ins';
import { declareRunning } from './declare-running';
import { declareStand } from './declare-stand';

/** Builds the commands. `done` is told the exit code of the one that ran. */
export function buildProgram(context: CommandContext, done: (exit: ExitCode) => void): Command {
  const program = new Command('backstep')
    .description('Durable workflows on Temporal: deterministic by design, reversible by default.')
    .version(versionOf(context), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help; also after a command')
    .exitOverride()
    // What went wrong is printed in one place, in one way.
    .configureOutput({ outputError: () => undefined })
    .configureHelp({
      helpWidth: 100,
      // Descriptions are broken in the source where it suits the source; indented lines stay as they are.
      commandDescription: (command) => command.description().replace(/\n(?! )/g, ' '),
    })
    .addHelpText('after', examplesText(FIRST_STEPS));
  program.commandsGroup('Start here:').helpCommand('help [command]', 'show the help of a command');
  const declaring = { program, context, done };
  declareRobots(declaring);
  declareStand(declaring);
  declareAuthoring(declaring);
  declareRunning(declaring);
  declarePeople(declaring);
  declareStandIns(declaring);
  declareKeys(declaring);
  declareAuthority(declaring);
  declareReplay(declaring);
  declareLog(declaring);
  declareReports(declaring);
  declareApi(declaring);
  return program;
}

const FIRST_STEPS = [
  'backstep demo                                               # the whole story in about a minute',
  'backstep compile EMP-R-001 --entity person:sarah.chen       # the plan, without running it',
  'backstep up                                                 # servers and robots, until Ctrl-C',
  'backstep run EMP-R-001 --entity person:sarah.chen           # one outcome, with its trace',
];

function versionOf(context: CommandContext): string {
  const text = readFileSync(join(context.settings.home, 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
