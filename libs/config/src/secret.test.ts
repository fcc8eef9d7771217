import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { resolveSecret } from './secret.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'flowline-secret-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const read = (file: string): string =>
  resolveSecret({ name: 'url of sink a', written: `file:${file}`, isSecret: true }, {});

describe('a value in a file', () => {
  it('is its text without the last line break', () => {
    writeFileSync(path.join(folder, 'token'), 'abc\n');
    expect(read(path.join(folder, 'token'))).toBe('abc');
  });

  it('is not read from what may never end', () => {
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    writeFileSync(path.join(folder, 'large'), 'x'.repeat(65_537));
    for (const file of [pipe, '/dev/zero', folder]) expect(() => read(file)).toThrow('not a regular file');
    expect(() => read(path.join(folder, 'large'))).toThrow('more than 64 KiB');
    expect(() => read(path.join(folder, 'missing'))).toThrow('ENOENT');
  });

  it('is not empty, as that of a variable, and holds no environment', () => {
    for (const [name, text] of [
      ['empty', ''],
      ['line', '\n'],
    ] as const) {
      writeFileSync(path.join(folder, name), text);
      expect(() => read(path.join(folder, name))).toThrow('empty');
    }
    if (process.platform === 'linux') expect(() => read('/proc/self/environ')).toThrow('empty');
  });
});
