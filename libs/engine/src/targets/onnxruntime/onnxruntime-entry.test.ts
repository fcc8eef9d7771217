import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { onnxRuntimeEntryFrom } from './onnxruntime-entry.ts';
import { TESTED_VERSION } from './onnxruntime-package.ts';

const options = { threads: 2, offThread: true };

describe('the package of the onnxruntime backend', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'flowline-onnxruntime-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Entry that finds a package with these files. */
  const entryWith = (name: string, files: Readonly<Record<string, string>>) => {
    const program = path.join(folder, name);
    const found = path.join(program, 'node_modules/onnxruntime-node');
    mkdirSync(found, { recursive: true });
    for (const [file, content] of Object.entries(files)) writeFileSync(path.join(found, file), content);
    return onnxRuntimeEntryFrom(path.join(program, 'main.js'));
  };
  const manifest = '{ "name": "onnxruntime-node", "version": "0.0.1", "main": "main.js" }';

  it('may be absent: then the backend is no candidate, and says how to install it', async () => {
    const entry = onnxRuntimeEntryFrom(path.join(folder, 'nothing', 'main.js'));
    expect(entry.fingerprint()).toBeNull();
    expect(await entry.probe(options)).toEqual({
      available: false,
      why: 'the optional npm package onnxruntime-node is not installed',
      remedy: `Install it with \`ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node@${TESTED_VERSION}\`.`,
    });
  });

  it('says what is wrong with an addon that does not load', async () => {
    const entry = entryWith('broken', {
      'package.json': manifest,
      'main.js': "throw new Error('libonnxruntime.so.1: cannot open shared object file\\nand more')",
    });
    expect(entry.fingerprint()).toBe('onnxruntime-node 0.0.1');
    expect(await entry.probe(options)).toMatchObject({
      available: false,
      why: expect.stringMatching(/^onnxruntime-node 0.0.1 does not load: .*libonnxruntime.so.1: cannot open.* file$/),
    });
  });

  it('says what is wrong with an addon that ends its thread', async () => {
    const entry = entryWith('ending', { 'package.json': manifest, 'main.js': 'process.exit(3)' });
    expect(await entry.probe(options)).toMatchObject({
      available: false,
      why: 'onnxruntime-node 0.0.1 does not load: its thread ended with code 3',
    });
  });

  it('says that a package is damaged', async () => {
    const entry = entryWith('damaged', { 'package.json': manifest });
    expect(await entry.probe(options)).toMatchObject({
      available: false,
      why: expect.stringMatching(/^onnxruntime-node is damaged: /),
      remedy: expect.stringMatching(/^Install it again/),
    });
  });

  it('is pinned to the version that the tests run with', () => {
    const read = (file: string) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as Dependencies;
    const own = read('../../../package.json');
    expect(own.peerDependencies['onnxruntime-node']).toBe(TESTED_VERSION);
    expect(own.peerDependenciesMeta['onnxruntime-node']).toEqual({ optional: true });
    expect(read('../../../../../bench/package.json').optionalDependencies['onnxruntime-node']).toBe(TESTED_VERSION);
  });
});

interface Dependencies {
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, object>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}
