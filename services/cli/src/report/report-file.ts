import { FlowlineError, printable } from '@flowline/events';
import { type Command, Option } from 'commander';

import { checkOutput, writeOutput } from '../output-file.ts';

/** Name of a report that has none. */
export const DEFAULT_REPORT = 'report.html';

/** Adds the option `--report [file]`, which means the same for every command that trains. */
export function withReportOption(command: Command): Command {
  const description = `write a self-contained HTML report of it, too (default: ${DEFAULT_REPORT})`;
  return command.addOption(new Option('--report [file]', description));
}

/**
 * Checks before a long work that the report which was asked for can be written.
 * @returns the file; null if no report was asked for.
 * @throws FlowlineError FLOWLINE_USAGE for a name that is not one of HTML; others of checkOutput.
 */
export async function checkReport(
  option: string | true | undefined,
  inputs: readonly string[],
): Promise<string | null> {
  if (option === undefined) return null;
  const file = option === true ? DEFAULT_REPORT : option;
  if (!/\.html?$/i.test(file)) {
    throw new FlowlineError('FLOWLINE_USAGE', `--report is ${file}, which is no name of an HTML file.`, {
      where: '--report',
      remedy: `Name a file that ends in .html, or say --report alone for ${DEFAULT_REPORT}.`,
    });
  }
  await checkOutput(file, inputs);
  return file;
}

/**
 * Writes a report and prints its path as the last line: on standard output for people, on standard
 * error beside JSON, whose last line stays the result.
 */
export async function writeReport(file: string, html: string, json: boolean): Promise<void> {
  await writeOutput(file, html);
  (json ? process.stderr : process.stdout).write(`${announced(file)}\n`);
}

/** Line that ends a command with a report. */
export const announced = (file: string): string => `${printable(file, 1_000)}: the report; open it in a browser`;
