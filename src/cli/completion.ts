/**
 * Completion scripts for bash, zsh and fish, made from the tree of commands, so that they never say anything else than the help.
 * Entry ring. The scripts are static: completing never starts a program.
 */
import type { Command } from 'commander';

interface Node {
  /** Words after `backstep`, joined by a space. */
  readonly path: string;
  readonly words: readonly Word[];
}

interface Word {
  readonly word: string;
  readonly about: string;
}

/** The script for one shell, to be sourced or put where the shell looks for completions. */
export function completionScript(program: Command, shell: 'bash' | 'zsh' | 'fish'): string {
  const nodes = nodesOf(program, []);
  if (shell === 'bash') return bash(nodes);
  if (shell === 'zsh') return zsh(nodes);
  return fish(nodes);
}

function nodesOf(command: Command, path: readonly string[]): readonly Node[] {
  const children = command.commands.filter((child) => child.name() !== 'help');
  const options = command.options.map((option) => ({
    word: option.long ?? option.flags,
    about: option.description,
  }));
  const words: Word[] = [
    ...children.map((child) => ({ word: child.name(), about: child.summary() })),
    ...command.registeredArguments.flatMap((argument) =>
      (argument.argChoices ?? []).map((word) => ({ word, about: argument.description })),
    ),
    ...options,
    { word: '--help', about: 'show help' },
  ];
  return [
    { path: path.join(' '), words },
    ...children.flatMap((child) => nodesOf(child, [...path, child.name()])),
  ];
}

const bash = (nodes: readonly Node[]): string => `# completion of backstep for bash
_backstep() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "\${path:+$path }$word" in
${nodes
  .filter((node) => node.path !== '')
  .map((node) => `      "${node.path}") path="${node.path}" ;;`)
  .join('\n')}
    esac
  done
  local words=""
  case "$path" in
${nodes.map((node) => `    "${node.path}") words="${node.words.map(({ word }) => word).join(' ')}" ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$current"))
  return 0
}
complete -F _backstep backstep
`;

const zsh = (nodes: readonly Node[]): string => `#compdef backstep
# completion of backstep for zsh
_backstep() {
  local path="" word i
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    case "\${path:+$path }$word" in
${nodes
  .filter((node) => node.path !== '')
  .map((node) => `      "${node.path}") path="${node.path}" ;;`)
  .join('\n')}
    esac
  done
  local -a found
  case "$path" in
${nodes
  .map(
    (node) =>
      `    "${node.path}") found=(${node.words.map(({ word, about }) => quoted(`${word}:${about}`)).join(' ')}) ;;`,
  )
  .join('\n')}
  esac
  _describe 'backstep' found || _files
}
compdef _backstep backstep
`;

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap((node) => {
    const below = nodes.filter((other) => other.path.startsWith(node.path === '' ? '' : `${node.path} `));
    const inner = below
      .map((other) => other.path.slice(node.path.length).trim().split(' ')[0]!)
      .filter(Boolean);
    const within =
      node.path === ''
        ? '__fish_use_subcommand'
        : `${node.path
            .split(' ')
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join(
              '; and ',
            )}${inner.length === 0 ? '' : `; and not __fish_seen_subcommand_from ${[...new Set(inner)].join(' ')}`}`;
    return node.words.map(({ word, about }) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`;
      return `complete -c backstep -n ${quoted(within)} ${what} -d ${quoted(about)}`;
    });
  });
  return `# completion of backstep for fish\n${lines.join('\n')}\n`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''").replaceAll('`', '')}'`;
