/**
 * The commands of the keys that decisions and acts of people are signed with.
 * Entry ring; declares only.
 */
import { Option } from 'commander';
import { action, asOption, common, reasonOption, type Declaring } from './declare';

export function declareKeys(declaring: Declaring): void {
  const { program, context } = declaring;
  const keys = program
    .command('keys')
    .summary('keys that sign what people say: list, rotate, revoke')
    .description(
      `Decisions and other acts of people are signed with a key of their tenant. It lies in the database, sealed with
a key that is not there.`,
    );
  const of = { ...declaring, program: keys };
  const reason = (): Option => reasonOption('why; kept on record').makeOptionMandatory();
  const list = common(
    keys.command('list').summary('all of a tenant, newest first').description('Lists keys; no private one.'),
    context,
    ['backstep keys list'],
  );
  action(list, of, async () => (await import('./commands/keys.js')).list);
  const rotate = common(
    keys
      .command('rotate')
      .summary('sign with a new key from now on')
      .description('What was signed before still counts; the private part of the key before is destroyed.'),
    context,
    ['backstep keys rotate --reason "each quarter"'],
  )
    .addOption(reason())
    .addOption(asOption(context));
  action(rotate, of, async () => (await import('./commands/keys.js')).rotate);
  const revoke = common(
    keys
      .command('revoke')
      .argument('<key>', 'its name, as the list has it')
      .summary('let what a key signs count no more')
      .description(
        `What it signed before still counts; what it signed from then on does not, and nothing that arrives later, whatever
time it claims. With --since that begins when the key came into other hands.`,
      ),
    context,
    ['backstep keys revoke 5pXj… --since 2026-11-20T04:00Z --reason "a disk was stolen"'],
  )
    .addOption(new Option('--since <time>', 'from when on; ISO 8601; without it, now'))
    .addOption(reason())
    .addOption(asOption(context));
  action(revoke, of, async () => (await import('./commands/keys.js')).revoke);
}
