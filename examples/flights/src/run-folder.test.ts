import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { makeRunFolder } from './run-folder.ts';

describe('makeRunFolder', () => {
  let parent: string;
  beforeEach(async () => {
    parent = await mkdtemp(path.join(tmpdir(), 'flowline-run-folder-'));
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  const withServer = async (name: string, pid: number): Promise<void> => {
    const data = path.join(parent, name, 'postgres/data');
    await mkdir(data, { recursive: true });
    await writeFile(path.join(data, 'postmaster.pid'), `${pid}\n${data}\n`);
  };

  it('leaves the folder of a living process and of a kept server, and removes others', async () => {
    const living = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'exit');
    try {
      await mkdir(path.join(parent, `run-${living.pid}`));
      await withServer(`run-${gone.pid}`, living.pid ?? 0);
      await withServer(`run-${gone.pid}-1`, gone.pid ?? 0);
      await mkdir(path.join(parent, `run-${gone.pid}-2`));
      await mkdir(path.join(parent, 'something-else'));
      const folder = await makeRunFolder(parent);
      expect((await readdir(parent)).sort()).toEqual(
        [`run-${living.pid}`, `run-${gone.pid}`, path.basename(folder), 'something-else'].sort(),
      );
    } finally {
      living.kill('SIGKILL');
    }
  });

  it('never gives a folder away twice, also to a process of the same id', async () => {
    await withServer(`run-${process.pid}`, process.pid);
    const folder = await makeRunFolder(parent);
    expect(path.basename(folder)).toBe(`run-${process.pid}-1`);
  });
});
