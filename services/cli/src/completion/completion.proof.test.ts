import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createProgram } from '../program.ts';
import { complaints, hasShell, install, offered, type Shell } from '../testing/shells.ts';
import { bashScript } from './bash.ts';
import { commandTree, type CompletedCommand } from './command-tree.ts';
import { fishScript } from './fish.ts';
import { zshScript } from './zsh.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };
const shells = ['bash', 'zsh', 'fish'] as const;

let folder: string;
let tree: readonly CompletedCommand[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-completion-'));
  tree = commandTree(await createProgram([]));
  for (const shell of shells) await install(folder, shell, scripts[shell]('flowline', tree));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Tests of a shell that is here. */
const describeIn = (shell: Shell): typeof describe => (hasShell(shell) ? describe : describe.skip) as typeof describe;

for (const shell of shells) {
  describeIn(shell)(`completion in ${shell}`, () => {
    const offers = (...words: readonly string[]): Promise<string[]> => offered(folder, shell, words);
    const expectOffers = async (cases: readonly (readonly [words: string, expected: unknown])[]): Promise<void> => {
      const found = await Promise.all(cases.map(([words]) => offers(...words.split(' '))));
      expect(found).toEqual(cases.map(([, expected]) => expected));
    };

    it('offers commands, and those within them', () => {
      const all = tree.find((command) => command.path === '')?.commands.map(({ name }) => name) ?? [];
      return expectOffers([
        ['', all.toSorted()],
        ['ex', ['explain', 'export', 'export-onnx']],
        ['alerts s', ['set-aside', 'show', 'snooze']],
        ['alerts dead ', ['ls', 'redrive']],
      ]);
    });

    it('offers options, and the words that they and arguments take', () => {
      const ofSample = ['--count', '--help', '--json', '--model', '--out', '--seed', '--version'];
      return expectOffers([
        ['alerts ls --s', ['--severity', '--state']],
        ['alerts ls --state ', ['open', 'resolved']],
        ['alerts ls --detector dead --severity c', ['critical']],
        ['anomalies --order ', ['surprise', 'time']],
        ['completion ', ['bash', 'fish', 'zsh']],
        ['get d', ['detector']],
        ['get detector x -o j', ['json']],
        ['sample x --', expect.arrayContaining(ofSample)],
      ]);
    });

    it('leaves files to the shell', async () => {
      await writeFile(path.join(folder, 'detector.yaml'), '');
      for (const words of [['apply'], ['score', 'x', '--model'], ['train']]) {
        const found = await offers(...words, path.join(folder, 'det'));
        // bash completes files itself, after it was offered nothing.
        if (shell === 'bash') expect(found).toEqual([]);
        else expect(found).toEqual([expect.stringMatching(/detector\.yaml$/)]);
      }
    });

    it('is a script that the shell reads without complaint', async () => {
      expect(await complaints(folder, shell)).toBe('');
    });
  });
}

describeIn('bash')('completion in bash, of words that hold commands', () => {
  it('runs none of them', async () => {
    expect(await offered(folder, 'bash', ['"; echo pwned', '$(echo pwned)', ''])).not.toContain('pwned');
  });
});

describe('the scripts', () => {
  it('name every command and option', () => {
    const [zsh, fish] = [zshScript('flowline', tree), fishScript('flowline', tree)];
    for (const { path: command, options } of tree) {
      expect(zsh).toContain(`'${command}') names=(`);
      for (const { flags } of options) {
        for (const flag of flags) expect(zsh).toContain(`'${flag}:`);
        const long = flags.at(-1) ?? '';
        expect(fish).toContain(
          `__flowline_at '${command}'" ${flags.length > 1 ? `-s ${flags[0]?.slice(1) ?? ''} ` : ''}-l ${long.slice(2)}`,
        );
      }
    }
  });

  it('describe options by whole phrases', () => {
    const descriptions = tree.flatMap(({ options }) => options.map(({ description }) => description));
    for (const description of descriptions) {
      expect(description).toMatch(/^[^()]*(\([^()]*\)[^()]*)*$/);
      expect(description).not.toBe('default');
    }
  });
});
