import { readdirSync, readFileSync } from 'node:fs';

import { parseDetector, parseDocuments, unknownVariables } from '@flowline/config';
import { at, errorCodes } from '@flowline/events';
import { realNVP } from '@flowline/flows';
import { reportError } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';
import { type Command, CommanderError } from 'commander';

import { exitCodes } from './output.ts';
import { createProgram } from './program.ts';

const root = new URL('../../../', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, root), 'utf8');
const markdown = (folder: string): string[] =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.includes('node_modules'))
    .map((file) => `${folder}/${file}`);

const pages = ['README.md', 'CONTRIBUTING.md', 'BENCHMARKS.md', 'libs/flows/README.md', ...markdown('docs')]
  .concat(markdown('examples'))
  // Generated from the docstrings.
  .filter((file) => !file.includes('flows-api'));

const FENCE = /^```(\w*)\n(.*?)^```$/gms;
const blocksOf = (text: string, ...languages: readonly string[]): string[] =>
  [...text.matchAll(FENCE)].flatMap(([, language = '', body = '']) => (languages.includes(language) ? [body] : []));

interface Shown {
  /** Arguments of a `flowline` command, with or without what starts it. */
  readonly args: readonly string[];
  /** True for a command within a sentence, which may leave its arguments out. */
  readonly isMention: boolean;
}

function commandsOf(text: string): Shown[] {
  const lines = blocksOf(text, '', 'sh').flatMap((body) => body.split('\n'));
  const mentions = [...text.replace(FENCE, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) =>
    code.replace(/\s+/g, ' '),
  );
  const find = (code: string, isMention: boolean): Shown[] =>
    [...code.matchAll(/(?:^|\s)flowline ([a-z][^#&|;]*)/g)].map(([, words = '']) => ({
      args: words.replace(/ > .*/s, '').trim().split(/\s+/),
      isMention,
    }));
  return [...lines.flatMap((line) => find(line, false)), ...mentions.flatMap((code) => find(code, true))];
}

/** The text that the command line prints for what `make` throws. */
function printedError(make: () => unknown, json = false): string {
  let printed = '';
  const stream = { write: (text: string) => (printed += text) };
  try {
    make();
  } catch (error) {
    reportError(error, json, { stdout: stream, stderr: stream });
  }
  return printed;
}

const LEFT_OUT: readonly string[] = ['commander.missingArgument', 'commander.optionMissingArgument'];

/** Parses a command without running it. Returns the usage error, or null. */
async function usageError(args: readonly string[]): Promise<CommanderError | null> {
  const program = await createProgram(args);
  removeActions(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return null;
  } catch (error) {
    if (error instanceof CommanderError) return error;
    throw error;
  }
}

function removeActions(command: Command): void {
  if (command.commands.length === 0) command.action(() => undefined);
  command.commands.forEach(removeActions);
}

describe('what the pages show', () => {
  it('are commands that the command line takes, with their arguments and options', async () => {
    const shown = pages.flatMap((page) => commandsOf(read(page)).map((command) => ({ page, ...command })));
    const refused: string[] = [];
    for (const { page, args, isMention } of shown) {
      const error = await usageError(args);
      if (error === null || (isMention && LEFT_OUT.includes(error.code))) continue;
      refused.push(`${page}: flowline ${args.join(' ')}: ${error.message}`);
    }
    expect(refused).toEqual([]);
    expect(shown.length).toBeGreaterThan(50);
  }, 120_000);

  it('are scripts of package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/\bnpm run (?:-s )?([a-z][\w:-]*)/g)].map(([, name = '']) => ({ page, name })),
    );
    expect(named.filter(({ name }) => !(name in scripts))).toEqual([]);
    expect(named.length).toBeGreaterThan(10);
  });

  it('are error codes and settings that exist', () => {
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/\bFLOWLINE_[A-Z0-9_]*[A-Z0-9]\b/g)].map(([name]) => ({ page, name })),
    );
    const exists = ({ name }: { name: string }): boolean =>
      name in errorCodes || unknownVariables({ [name]: 'any' }).length === 0;
    expect(named.filter((one) => !exists(one))).toEqual([]);
    expect(named.length).toBeGreaterThan(50);
  });

  it('are documents that validate', () => {
    const blocks = pages.flatMap((page) => blocksOf(read(page), 'yaml').filter((body) => /^kind: /m.test(body)));
    const documents = blocks.flatMap((block) => parseDocuments(block, 'documents.yaml', () => 'BEGIN:VCALENDAR'));
    const detectors = documents.filter(({ kind }) => kind === 'Detector');
    for (const { name } of detectors) expect(name).toMatch(/checkout/);
    expect(detectors.length).toBeGreaterThanOrEqual(2);
    expect(documents.map(({ kind }) => kind)).toContain('Sink');
  });
});

describe('the errors that the pages show', () => {
  const errorIn = (page: string): string | undefined => /^```\n(error .*?)^```$/ms.exec(read(page))?.[1];
  const misspelt = (detector: string): string => detector.replace('  features:', '  featurs:');

  it('docs/reference/errors.md: an invalid detector, as it is printed', () => {
    const detector = misspelt(read('examples/flights/detector.yaml'));
    expect(errorIn('docs/reference/errors.md')).toBe(
      printedError(() => parseDetector(detector, 'detector.yaml', () => '')),
    );
  });

  it('docs/guides/first-detector.md: the same for its own detector', () => {
    const page = 'docs/guides/first-detector.md';
    const detector = misspelt(at(blocksOf(read(page), 'yaml'), 0));
    expect(errorIn(page)).toBe(printedError(() => parseDetector(detector, 'checkout.yaml', () => '')));
  });

  it('docs/reference/errors.md: the fields of the JSON form', () => {
    const form = /`\{"error":\{(.*?)\}\}`/.exec(read('docs/reference/errors.md'))?.[1];
    const json = printedError(() => parseDetector('', 'detector.yaml', () => ''), true);
    expect(form?.replaceAll('"', '').split(',')).toEqual(
      Object.keys((JSON.parse(json) as { error: Record<string, unknown> }).error),
    );
  });

  it('docs/reference/errors.md: the exit codes of commands', () => {
    const documented = [...read('docs/reference/errors.md').matchAll(/^\| (\d+) +\|/gm)].map(([, code]) =>
      Number(code),
    );
    expect(documented).toEqual(expect.arrayContaining(Object.values(exitCodes)));
  });

  it('libs/flows/README.md: an option that does not exist', () => {
    const page = read('libs/flows/README.md').replace(/\s+/g, ' ');
    const options = { features: 2, seed: 1, layer: 3 };
    const [, message, remedy] = /“(realNVP: .*?)”, with the remedy “(.*?)”/.exec(page) ?? [];
    expect(() => realNVP(options)).toThrow(expect.objectContaining({ message, remedy }));
  });

  it('README.md: the summary of an anomaly has the form of the one in the guide, which a test runs', () => {
    const summaries = ['README.md', 'docs/guides/first-detector.md'].map(
      (page) => /\w+ \d+, expected [^)]*given the rest \(.*?\)/.exec(read(page).replace(/\s+/g, ' '))?.[0],
    );
    const [inReadme, inGuide] = summaries.map((summary) =>
      summary?.replace(/^\w+/, 'name').replace(/−?\d+(\.\d+)?/g, '#'),
    );
    expect(inReadme).toBe(inGuide);
  });
});
