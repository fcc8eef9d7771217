import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';

import { afterAll, describe, expect, it } from '@jest/globals';

import { ndjsonInput } from './ndjson-input.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'flowline-input-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('ndjsonInput', () => {
  it('knows a file again when it has grown, and tells it from another of the same name', async () => {
    const file = path.join(folder, 'events.ndjson');
    writeFileSync(file, '{"i":0}\n{"i":1}\n');
    const { name, input } = await ndjsonInput(file);
    expect(name).toMatch(/^events\.ndjson#[0-9a-f]{8}$/);
    expect(input).toBe(file);
    appendFileSync(file, '{"i":2}\n');
    expect((await ndjsonInput(file)).name).toBe(name);
    writeFileSync(file, '{"i":100}\n{"i":1}\n');
    expect((await ndjsonInput(file)).name).not.toBe(name);
  });

  it('takes an empty file', async () => {
    const file = path.join(folder, 'empty.ndjson');
    writeFileSync(file, '');
    expect((await ndjsonInput(file)).name).toMatch(/^empty\.ndjson#/);
  });

  it('gives standard input a name of its own', async () => {
    const stdin = Readable.from([]);
    const { name, input } = await ndjsonInput('-', stdin);
    expect(name).toMatch(/^stdin#/);
    expect(input).toBe(stdin);
  });

  it('says which file cannot be read', async () => {
    const file = path.join(folder, 'absent.ndjson');
    await expect(ndjsonInput(file)).rejects.toMatchObject({ code: 'FLOWLINE_FILE_UNREADABLE', where: file });
    await expect(ndjsonInput(folder)).rejects.toMatchObject({ code: 'FLOWLINE_FILE_UNREADABLE' });
  });
});
