import { reportError } from '@flowline/telemetry';
import { Command, Option } from 'commander';

import { exitCodes } from './output.ts';

/** Return value of a command's action: its exit code, or nothing for 0. */
export type ActionResult = Promise<number | undefined> | Promise<void>;

/**
 * Wraps an action: reports its errors in the common format and sets the exit code of the process
 * from its result.
 */
export function action<Arguments extends unknown[]>(
  run: (...args: Arguments) => ActionResult,
): (...args: Arguments) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1);
    const json = command instanceof Command && command.opts<{ json?: true }>().json === true;
    try {
      process.exitCode = (await run(...args)) ?? exitCodes.ok;
    } catch (error) {
      process.exitCode = reportError(error, json);
    }
  };
}

/** Creates a command with the option `--json`, which every command has. */
export function command(nameAndArguments: string, description: string, examples: readonly string[]): Command {
  const [name = '', ...parameters] = nameAndArguments.split(' ');
  const created = new Command(name);
  for (const parameter of parameters) created.argument(parameter);
  return created
    .description(description)
    .option('--json', 'print the result (or the error) as one line of JSON on standard output')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`);
}

/**
 * Creates an option that takes one of some words. Help and completion list them; the command
 * checks them with `parseChoice`, for one form of error.
 */
export function choice(flags: string, description: string, choices: readonly string[], fallback?: string): Option {
  const option = new Option(flags, description);
  option.argChoices = [...choices];
  return fallback === undefined ? option : option.default(fallback);
}

/** Lists the words that an argument of a command takes, for help and completion. */
export function choicesOfArgument(created: Command, argument: string, choices: readonly string[]): Command {
  const found = created.registeredArguments.find((each) => each.name() === argument);
  if (found !== undefined) found.argChoices = [...choices];
  return created;
}
