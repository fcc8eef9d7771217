import type { Argument, Command, Option } from 'commander';

/** Option of a command, as a shell completes it. */
export interface CompletedOption {
  /** Its flags, such as `-o` and `--output`. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** Words that it takes; empty for any. */
  readonly choices: readonly string[];
}

/** Command, as a shell completes it. */
export interface CompletedCommand {
  /** Names from the first on, such as `alerts dead ls`; empty for the program. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletedOption[];
  /** Words that its arguments take; empty for any. */
  readonly words: readonly string[];
}

/** Lists a program and all its commands, outermost first. */
export function commandTree(program: Command, path = ''): CompletedCommand[] {
  const inner = program.commands.map((command) => ({ command, name: command.name() }));
  const own: CompletedCommand = {
    path,
    commands: inner.map(({ command, name }) => ({ name, description: firstSentence(command.description()) })),
    options: [...program.options.map(completedOption), HELP],
    words: program.registeredArguments.flatMap(({ argChoices }: Argument) => argChoices ?? []),
  };
  return [own, ...inner.flatMap(({ command, name }) => commandTree(command, path === '' ? name : `${path} ${name}`))];
}

const HELP: CompletedOption = {
  ...{ flags: ['-h', '--help'], description: 'display help', takesValue: false, choices: [] },
};

const completedOption = ({ short, long, description, required, optional, argChoices }: Option): CompletedOption => ({
  flags: [short, long].filter((flag) => flag != null),
  description: firstSentence(description),
  takesValue: required || optional,
  choices: argChoices ?? [],
});

/**
 * First sentence of a text on one line, without what a shell would read. A parenthesis in which it
 * ends is left out.
 */
const firstSentence = (text: string): string =>
  (/^.*?[.;](?=\s|$)/.exec(text)?.[0] ?? text)
    .replace(/[.;:]$/, '')
    .replace(/\s*\([^)]*$/, '')
    .replace(/['"`$\\\n]/g, '');
