import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { afterAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { docstringExamples, pageExamples } from './testing/examples.ts';

const repository = path.resolve(import.meta.dirname, '../../..');
mkdirSync(path.join(repository, '.flowline'), { recursive: true });
// Inside the repository, so that imports resolve as they do for its packages.
const folder = mkdtempSync(path.join(repository, '.flowline/examples-'));
afterAll(() => rmSync(folder, { recursive: true }));

const examples = [...pageExamples(), ...docstringExamples()].map(({ name, code }, i) => {
  const file = path.join(folder, `example-${i}.mts`);
  writeFileSync(file, code);
  return { name, file };
});
const nameOf = (file: string | undefined) => examples.find((example) => example.file === file)?.name ?? file;

const run = async (...files: string[]) =>
  promisify(execFile)(
    process.execPath,
    [
      '--conditions=flowline:source',
      '--import',
      'tsx',
      path.join(import.meta.dirname, 'testing/run-examples.ts'),
      ...files,
    ],
    { cwd: repository, maxBuffer: 1 << 26 },
  );

describe('the examples of the documentation', () => {
  it('are there: one or more for every family, and for training', () => {
    const names = examples.map(({ name }) => name).join('\n');
    for (const file of ['real-nvp', 'glow', 'maf', 'iaf', 'naf', 'planar', 'radial', 'neural-spline']) {
      expect(names).toContain(`libs/flows/src/families/${file}.ts`);
    }
    for (const file of ['README.md', 'training/fit.ts', 'selection/select-flow.ts']) expect(names).toContain(file);
  });

  it('have no type errors', () => {
    const config = ts.readConfigFile(path.join(repository, 'tsconfig.json'), (file) => ts.sys.readFile(file));
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, repository);
    const program = ts.createProgram(
      examples.map(({ file }) => file),
      // Looser than the library: a JavaScript block has no types, and an example need not use every
      // value.
      { ...options, noImplicitAny: false, noUncheckedIndexedAccess: false, noUnusedLocals: false, types: ['node'] },
    );
    const errors = ts.getPreEmitDiagnostics(program).map(({ file, messageText, start }) => {
      const line = file === undefined || start === undefined ? '' : file.text.slice(start).split('\n', 1)[0];
      return `${nameOf(file?.fileName)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}: ${line}`;
    });
    expect(errors).toEqual([]);
  }, 180_000);

  it('run', async () => {
    const { stdout } = await run(...examples.map(({ file }) => file));
    const results = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as { file: string; error: string | null }[];
    expect(results).toHaveLength(examples.length);
    expect(results.flatMap(({ file, error }) => (error === null ? [] : [`${nameOf(file)}: ${error}`]))).toEqual([]);
  }, 180_000);
});

it('the example of the README separates the banana from what is off it, and loads what it saved', async () => {
  const { stdout } = await run(examples.find(({ name }) => name.includes('flows/README.md'))!.file);
  const scores = (line: string) =>
    (JSON.parse(new RegExp(`^${line} (\\[.*\\])$`, 'm').exec(stdout)?.[1] ?? '[]') as number[]).slice(0, 2);
  const [on = Number.NaN, off = Number.NaN] = scores('log p');
  expect(on).toBeGreaterThan(off + 3);
  expect(scores('again')).toEqual([on, off]);
});
