/**
 * The commands that look after things: doctor, completion.
 * Entry ring; declares only.
 */
import { Argument } from 'commander';
import { action, common, examplesText, type Declaring } from './declare';

export function declareStand(declaring: Declaring): void {
  const { program, context } = declaring;
  const doctor = common(
    program
      .command('doctor')
      .summary('what is here, what is missing, how to mend it')
      .description(
        `Looks at programs, versions, ports, disk, servers and configuration, and starts nothing. Exits 1 if
something would keep Backstep from working.`,
      ),
    context,
    ['backstep doctor', 'backstep doctor --json'],
  );
  action(doctor, declaring, async () => (await import('./commands/doctor.js')).doctor);

  const completion = program
    .command('completion')
    .summary('completion for a shell')
    .description('Prints a script that completes commands and options in your shell.')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      examplesText([
        'backstep completion bash >> ~/.bashrc',
        'backstep completion zsh > "${fpath[1]}/_backstep"',
        'backstep completion fish > ~/.config/fish/completions/backstep.fish',
      ]),
    );
  completion.action(async (shell: 'bash' | 'zsh' | 'fish') => {
    const { completionScript } = await import('./completion.js');
    context.terminal.raw(completionScript(program, shell));
  });
}
