import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';

import { folderCache } from './verdict-cache.ts';

const verdict = { backend: 'wasm-pool', rates: { wasm: 400_000, 'wasm-pool': 700_000 } } as const;
const DAY_MS = 24 * 3_600_000;

describe('folderCache', () => {
  const folders: string[] = [];
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'flowline-verdicts-'));
    folders.push(folder);
  });
  afterAll(() => folders.forEach((each) => rmSync(each, { recursive: true })));

  const onlyFile = (): string => {
    const [name, ...others] = readdirSync(path.join(folder, 'verdicts'));
    expect(others).toEqual([]);
    return path.join(folder, 'verdicts', name ?? '');
  };

  it('tells another process what was measured, for the same key alone', async () => {
    await folderCache(folder).remember('a', verdict);
    expect(await folderCache(folder).recall('a')).toEqual(verdict);
    expect(await folderCache(folder).recall('b')).toBeNull();
    await folderCache(folder).remember('a', { ...verdict, backend: 'wasm' });
    expect(await folderCache(folder).recall('a')).toMatchObject({ backend: 'wasm' });
  });

  it('forgets after a week, and does not believe the future', async () => {
    await folderCache(folder, () => 100 * DAY_MS).remember('a', verdict);
    expect(await folderCache(folder, () => 106 * DAY_MS).recall('a')).toEqual(verdict);
    expect(await folderCache(folder, () => 108 * DAY_MS).recall('a')).toBeNull();
    expect(await folderCache(folder, () => 99 * DAY_MS).recall('a')).toBeNull();
  });

  it.each([
    ['nothing', () => ''],
    ['half a file', (text: string) => text.slice(0, text.length / 2)],
    ['another kind of value', () => '[1]'],
    ['null', () => 'null'],
    ['an unknown backend', (text: string) => text.replace('"wasm-pool"', '"abacus"')],
    ["another key's verdict", (text: string) => text.replace('"key":"a"', '"key":"b"')],
    ['no rates', (text: string) => text.replace('"rates"', '"figures"')],
  ])('takes %s for no verdict, and writes a good one over it', async (_what, damage) => {
    const cache = folderCache(folder);
    await cache.remember('a', verdict);
    writeFileSync(onlyFile(), damage(readFileSync(onlyFile(), 'utf8')));
    expect(await cache.recall('a')).toBeNull();
    await cache.remember('a', verdict);
    expect(await cache.recall('a')).toEqual(verdict);
  });

  it('does without a folder that cannot be made or written', async () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    const cache = folderCache(file);
    await cache.remember('a', verdict);
    expect(await cache.recall('a')).toBeNull();
    chmodSync(folder, 0o555);
    const readOnly = folderCache(folder);
    await readOnly.remember('a', verdict);
    chmodSync(folder, 0o755);
    expect(readFileSync(file, 'utf8')).toBe('');
  });
});
