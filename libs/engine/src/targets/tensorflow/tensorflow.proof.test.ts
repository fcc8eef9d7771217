import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';

const check = fileURLToPath(new URL('../../testing/tensorflow-check.ts', import.meta.url));

interface Outcome {
  readonly missing?: string;
  readonly device: string;
  readonly results: Readonly<Record<string, { worstError: number; nan: boolean; gradient: number }>>;
  readonly trial: { readonly problem: string | null; readonly eventsPerSecond: number | null };
}

const run = async (env: Readonly<Record<string, string>> = {}): Promise<Outcome> => {
  const args = ['--conditions=flowline:source', '--import', import.meta.resolve('tsx'), check];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
  return JSON.parse(stdout) as Outcome;
};

describe('the tensorflow backend', () => {
  it('scores as the reference does, with gradients, and is tried for what has no compiled form', async () => {
    const { missing, device, results, trial } = await run();
    if (missing !== undefined && process.env.CI !== 'true') {
      console.info(`skipped: ${missing}; npm run tensorflow:install brings it`);
      return;
    }
    expect(missing).toBeUndefined();
    expect(device).toMatch(/^(GPU|processor), TensorFlow 2\./);
    expect(Object.keys(results)).toEqual(['realNVP', 'glow']);
    for (const { worstError, nan, gradient } of Object.values(results)) {
      expect(worstError).toBeLessThanOrEqual(1);
      expect(nan).toBe(true);
      expect(gradient).toBeLessThan(1e-3);
    }
    expect(trial.problem ?? trial.eventsPerSecond).toBeGreaterThan(0);
  }, 120_000);

  it('says what is wrong with an addon that does not load, and goes no further', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'flowline-tensorflow-'));
    const broken = path.join(folder, 'node_modules/@tensorflow/tfjs-node-gpu');
    mkdirSync(broken, { recursive: true });
    writeFileSync(path.join(broken, 'package.json'), '{ "name": "@tensorflow/tfjs-node-gpu", "version": "0.0.1" }');
    writeFileSync(path.join(broken, 'index.js'), "throw new Error('libcudart.so.12: cannot open shared object file')");
    const { missing } = await run({ FLOWLINE_TENSORFLOW_DIR: folder });
    rmSync(folder, { recursive: true });
    expect(missing).toBe(
      '@tensorflow/tfjs-node-gpu 0.0.1 does not load: libcudart.so.12: cannot open shared object file',
    );
  }, 120_000);
});
