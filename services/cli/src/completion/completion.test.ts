import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createProgram } from '../program.ts';
import { bashScript } from './bash.ts';
import { commandTree, type CompletedCommand } from './command-tree.ts';
import { fishScript } from './fish.ts';
import { zshScript } from './zsh.ts';

const run = promisify(execFile);
let folder: string;
let tree: readonly CompletedCommand[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-completion-'));
  tree = commandTree(await createProgram([]));
  await writeFile(path.join(folder, 'flowline.bash'), bashScript('flowline', tree));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Words that bash offers for the last of these. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const script = `source "$1"; shift; COMP_WORDS=(flowline "$@"); COMP_CWORD=$#; _flowline; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['-c', script, 'bash', path.join(folder, 'flowline.bash'), ...words], {
    timeout: 20_000,
  });
  return stdout.split('\n').filter((word) => word !== '');
}

describe('completion in bash', () => {
  it('offers commands, and those within them', async () => {
    expect(await offered('')).toEqual(expect.arrayContaining(['alerts', 'apply', 'completion', 'diff', 'export']));
    expect(await offered('ex')).toEqual(expect.arrayContaining(['export', 'explain']));
    expect(await offered('alerts', 's')).toEqual(['show', 'snooze', 'set-aside']);
    expect(await offered('alerts', 'dead', '')).toEqual(['ls', 'redrive']);
  });

  it('offers options, and the words that they and arguments take', async () => {
    expect(await offered('alerts', 'ls', '--s')).toEqual(['--state', '--severity']);
    expect(await offered('alerts', 'ls', '--state', '')).toEqual(['open', 'resolved']);
    expect(await offered('alerts', 'ls', '--detector', 'dead', '--severity', 'c')).toEqual(['critical']);
    expect(await offered('anomalies', '--order', '')).toEqual(['time', 'surprise']);
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(await offered('get', 'd')).toEqual(['detector']);
    expect(await offered('get', 'detector', 'x', '-o', 'j')).toEqual(['json']);
  });

  it('leaves files to bash, and takes any words', async () => {
    expect(await offered('apply', 'det')).toEqual([]);
    expect(await offered('score', 'x', '--model', '')).toEqual([]);
    expect(await offered('"; echo pwned', '$(echo pwned)', '')).not.toContain('pwned');
  });

  it('is a script that bash reads without complaint', async () => {
    const { stderr } = await run('bash', ['-n', path.join(folder, 'flowline.bash')]);
    expect(stderr).toBe('');
  });
});

describe('completion in zsh and fish', () => {
  it('names every command and option', () => {
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
});
