/** What is typed is taken as it stands: a number in digits, a reason and a name in words, and nothing for what was left empty. */
import { InvalidArgumentError, type Command, type Option } from 'commander';
import { readSettings } from '../../../src/app/settings';
import { limitFrom } from '../../../src/cli/commands/authority';
import { Complaint } from '../../../src/cli/complaint';
import { wholeNumber } from '../../../src/cli/declare';
import { buildProgram } from '../../../src/cli/program';
import type { Terminal } from '../../../src/cli/terminal';

const context = {
  terminal: undefined as unknown as Terminal,
  settings: readSettings({}),
  signal: () => new AbortController().signal,
};

const commandsOf = (command: Command): readonly Command[] => [
  command,
  ...command.commands.flatMap((one) => commandsOf(one)),
];
/** Every option of this name, by the command that has it. */
const optionsOf = (name: string): readonly (readonly [command: string, option: Option])[] =>
  commandsOf(buildProgram(context, () => undefined)).flatMap((command) =>
    command.options.flatMap((option) =>
      option.long === name ? [[`${command.parent?.name()} ${command.name()}`, option] as const] : [],
    ),
  );

const NO_NUMBERS = [
  '',
  ' ',
  ' 7',
  '+7',
  '-7',
  '7.0',
  '1e3',
  '0x10',
  '1_000',
  '٣',
  '9007199254740993',
  'many',
];

test.each(['--reason', '--as', '--evidence'])('no command takes a blank `%s`', (name) => {
  const options = optionsOf(name);
  expect(options.length).toBeGreaterThan(2);
  for (const [command, option] of options) {
    const read = (text: string): unknown => option.parseArg?.<unknown>(text, undefined) ?? text;
    const takes = (text: string): boolean => {
      try {
        return read(text) !== undefined;
      } catch (error) {
        return !(error instanceof InvalidArgumentError);
      }
    };
    expect([command, ['', '   ', '\n\t'].filter(takes)]).toEqual([command, []]);
    const said = name === '--as' ? 'person:books close' : 'books close';
    expect([command, read(' books close ')]).toEqual([command, said]);
  }
});

test('a bare name is a person’s wherever somebody is named, as in a token', () => {
  const ofPeople = [...optionsOf('--as'), ...optionsOf('--claimed')].map(([, { parseArg }]) => parseArg);
  const delegate = commandsOf(buildProgram(context, () => undefined)).find(
    (one) => one.name() === 'delegate',
  );
  const readers = [...ofPeople, delegate?.registeredArguments[0]?.parseArg];
  for (const read of readers)
    expect(
      ['maya', 'maya.lindqvist@acme.test', 'person:maya', 'service:workday'].map((text) =>
        read?.<unknown>(text, undefined),
      ),
    ).toEqual(['person:maya', 'person:maya.lindqvist@acme.test', 'person:maya', 'service:workday']);
  expect(optionsOf('--claimed').map(([, { parseArg }]) => parseArg?.<unknown>('nobody', undefined))).toEqual([
    'nobody',
  ]);
  expect(readSettings({ BACKSTEP_USER: 'maya' }).actor).toBe('person:maya');
});

test('a limit is digits, or `none`, and nothing else sets one', () => {
  expect(limitFrom('actions_per_day', '500')).toEqual({ guardrail: 'actions_per_day', limit: 500 });
  expect(limitFrom('actions_per_day', '0')).toEqual({ guardrail: 'actions_per_day', limit: 0 });
  expect(limitFrom('actions_per_day', 'none')).toEqual({ guardrail: 'actions_per_day', limit: null });
  for (const text of NO_NUMBERS) expect(() => limitFrom('actions_per_day', text)).toThrow(Complaint);
});

test('a whole number is digits within its bounds', () => {
  const read = wholeNumber(0, 1_000);
  expect(['0', '007', '1000'].map(read)).toEqual([0, 7, 1_000]);
  for (const text of [...NO_NUMBERS, '1001']) expect(() => read(text)).toThrow(InvalidArgumentError);
});
