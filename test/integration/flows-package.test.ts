import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const exec = promisify(execFile);
const repository = path.resolve(import.meta.dirname, '../..');
const library = path.join(repository, 'libs/flows');

/** Code of a TypeScript user. It must compile, except for the marked lines. */
const CONSUMER = `
import type { FitReport, Flow, Rows, TrainingCheckpoint } from '@flowline/flows';
import { fit, initBackend, logProbRows, realNVP, selectFlow, tf, toRows } from '@flowline/flows';

await initBackend('wasm');
const flow: Flow = realNVP({ features: 2, context: 1, layers: 2, hidden: [8], seed: 1 });
const rows: Rows = { x: new Float32Array(4), context: new Float32Array(2), size: 2 };
const checkpoints: TrainingCheckpoint[] = [];
const report: FitReport = await fit(
  flow,
  { train: async function* () { yield rows; }, validation: rows },
  { seed: 1, steps: 1, signal: AbortSignal.timeout(1000), onCheckpoint: (each) => void checkpoints.push(each) },
);
const logP: tf.Tensor1D = flow.logProb(tf.zeros([1, 2]), tf.zeros([1, 1]));
export const chosen: string = (await selectFlow([{ name: 'a', make: () => flow }], { train: rows, validation: rows, heldOut: rows }, { seed: 1, steps: 1 })).chosen;
export const arrays: number[][] = flow.encodeRows(flow.sampleRows(2, { seed: 1, context: [[0], [1]] }), [[0], [1]]);
export const scores: Float64Array = await logProbRows(flow, toRows([[1, 2]], [[0]]));
await fit(flow, { train: [[1, 2], [3, 4]] }, { seed: 1, epochs: 2, validationSplit: 0.5, progress: true });
export const nll: number = report.bestValidationNll + logP.size;
// @ts-expect-error: features is a number
realNVP({ features: '2', seed: 1 });
// @ts-expect-error: there is no such option
realNVP({ features: 2, seed: 1, layer: 3 });
// @ts-expect-error: a report has numbers
export const wrong: string = report.bestStep;
`;

/** Module resolutions that TypeScript 6 supports, each with a matching module system. */
const RESOLUTIONS = [
  { moduleResolution: 'node16', module: 'node16' },
  { moduleResolution: 'nodenext', module: 'nodenext' },
  { moduleResolution: 'bundler', module: 'esnext' },
  { moduleResolution: 'node10', module: 'esnext', ignoreDeprecations: '6.0' },
];

let folder: string;
let consumer: string;
let installed: string;

/**
 * Packs the library and installs it as pnpm does: it lies in a store, beside only the dependencies
 * that it declares, and the consumer's own node_modules contain only a link to it.
 */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flowline-package-'));
  consumer = path.join(folder, 'consumer');
  const store = path.join(consumer, 'node_modules/.pnpm/flows/node_modules');
  installed = path.join(store, '@flowline/flows');
  await mkdir(installed, { recursive: true });
  await mkdir(path.join(consumer, 'node_modules/@flowline'));
  await symlink(installed, path.join(consumer, 'node_modules/@flowline/flows'));
  const { stdout } = await exec('npm', ['pack', '--json', '--pack-destination', folder], { cwd: library });
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [{ filename: string }];
  await exec('tar', ['-xzf', path.join(folder, filename), '--strip-components=1', '-C', installed]);
  const { dependencies } = JSON.parse(await readFile(path.join(installed, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  // Dependencies come from the repository's own installation, so that the test needs no network.
  for (const name of Object.keys(dependencies)) {
    await mkdir(path.dirname(path.join(store, name)), { recursive: true });
    await symlink(path.join(repository, 'node_modules', name), path.join(store, name));
  }
  await writeFile(path.join(consumer, 'package.json'), JSON.stringify({ type: 'module', private: true }));
}, 300_000);

afterAll(() => rm(folder, { recursive: true }));

describe('@flowline/flows as npm packs it', () => {
  it('holds code, types, README and LICENSE, and no tests', async () => {
    const { stdout } = await exec('npm', ['pack', '--json', '--dry-run', '--ignore-scripts'], { cwd: library });
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const paths = files.map((file) => file.path);
    expect(paths).toEqual(
      expect.arrayContaining(['README.md', 'LICENSE', 'package.json', 'dist/index.js', 'dist/index.d.ts']),
    );
    expect(paths.filter((file) => /test|tsbuildinfo|^src/.test(file))).toEqual([]);
  });

  it('runs the example of its README', async () => {
    const readme = await readFile(path.join(installed, 'README.md'), 'utf8');
    await writeFile(path.join(consumer, 'example.js'), /^```js\n([\s\S]*?)^```$/m.exec(readme)![1]!);
    const { stdout } = await exec(process.execPath, ['example.js'], { cwd: consumer, timeout: 240_000 });
    expect(stdout).toMatch(/held-out NLL \d\.\d\d nats/);
    const scores = /^log p \[ (-?[\d.]+), (-?[\d.]+) \]$/m.exec(stdout)!.slice(1).map(Number);
    expect(scores[0]).toBeGreaterThan(scores[1]! + 3);
  }, 300_000);

  it('mentions in its types only what it depends on', async () => {
    const { dependencies } = JSON.parse(await readFile(path.join(installed, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const files = (await readdir(installed, { recursive: true })).filter((file) => file.endsWith('.d.ts'));
    const texts = await Promise.all(files.map((file) => readFile(path.join(installed, file), 'utf8')));
    const mentioned = texts.flatMap((text) => [...text.matchAll(/(?:from |import\()'([^.'][^']*)'/g)]);
    const names = new Set(mentioned.map(([, name]) => name));
    expect(names).toContain('@tensorflow/tfjs-core');
    expect([...names].filter((name) => !Object.hasOwn(dependencies, name!))).toEqual([]);
    expect(texts.filter((text) => text.includes('/// <reference types'))).toEqual([]);
  });

  it.each(RESOLUTIONS)(
    'has types that hold for a user of TypeScript: $moduleResolution',
    async (resolution) => {
      await writeFile(path.join(consumer, 'consumer.ts'), CONSUMER);
      const options = { ...resolution, target: 'es2023', strict: true, noEmit: true, skipLibCheck: true, types: [] };
      await writeFile(
        path.join(consumer, 'tsconfig.json'),
        JSON.stringify({ compilerOptions: options, files: ['consumer.ts'] }),
      );
      const tsc = path.join(repository, 'node_modules/typescript/bin/tsc');
      const compiled = await exec(process.execPath, [tsc, '-p', consumer]).then(
        ({ stdout }) => stdout,
        (error: unknown) => (error as { stdout: string }).stdout,
      );
      expect(compiled).toBe('');
    },
    300_000,
  );
});
