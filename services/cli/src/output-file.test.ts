import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { checkOutput, writeOutput } from './output-file.ts';

let folder: string;
const at = (name: string): string => path.join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-output-file-'));
});
beforeEach(() => writeFile(at('old'), 'old'));
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('checkOutput', () => {
  it('takes a new file, one to overwrite, and a device', async () => {
    for (const file of [at('new'), at('old'), '/dev/null']) {
      await expect(checkOutput(file, [at('input'), '-'])).resolves.toBeUndefined();
    }
  });

  it('refuses a folder, a folder that is not there, and a file that is read, by any name', async () => {
    await symlink(at('old'), at('link')).catch(() => undefined);
    await mkdir(at('folder'), { recursive: true });
    await expect(checkOutput(at('folder'), [])).rejects.toThrow(/folder cannot be written: it is a folder\.$/);
    await expect(checkOutput(at('none/x'), [])).rejects.toThrow(
      /none\/x cannot be written: there is no folder .*none\.$/,
    );
    await expect(checkOutput(at('old/x'), [])).rejects.toThrow(/old\/x cannot be written: there is no folder .*old\.$/);
    for (const file of [at('old'), at('link'), path.join(folder, '..', path.basename(folder), 'old')]) {
      await expect(checkOutput(file, [at('old')])).rejects.toMatchObject({ code: 'FLOWLINE_USAGE' });
    }
  });
});

describe('writeOutput', () => {
  it('replaces a file as a whole, keeps its mode and a link to it, and leaves nothing else behind', async () => {
    await chmod(at('old'), 0o600);
    await symlink('old', at('alias')).catch(() => undefined);
    await writeOutput(at('alias'), 'new');
    expect(await readFile(at('old'), 'utf8')).toBe('new');
    expect((await stat(at('old'))).mode & 0o777).toBe(0o600);
    await writeOutput(at('fresh'), Buffer.from('fresh'));
    await writeOutput('/dev/null', 'gone');
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('leaves a file that is there, if it is to be new, whoever was first', async () => {
    const writers = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => writeOutput(at('once'), `writer ${i}`, { isNew: true })),
    );
    expect(writers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(writeOutput(at('old'), 'new', { isNew: true })).rejects.toThrow(/old exists and is left as it is/);
    expect(await readFile(at('old'), 'utf8')).toBe('old');
  });

  it('is never half of two contents that are written at once', async () => {
    const contents = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(2_000_000));
    await Promise.all(contents.map((content) => writeOutput(at('shared'), content)));
    expect(contents).toContain(await readFile(at('shared'), 'utf8'));
  });

  it('says that the disk is full, and where', async () => {
    await expect(writeOutput('/dev/full', 'x')).rejects.toMatchObject({
      code: 'FLOWLINE_OUTPUT_FAILED',
      message: '/dev/full cannot be written: no space is left on the device.',
    });
  });
});
