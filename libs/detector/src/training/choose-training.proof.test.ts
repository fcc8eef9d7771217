import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Flow, iaf, initBackend, realNVP } from '@flowline/flows';

import { chooseTrainer } from './choose-training.ts';

describe('chooseTrainer', () => {
  const before = process.env.FLOWLINE_TENSORFLOW_DIR;
  let folder: string;
  let compiled: Flow;
  let sequential: Flow;

  beforeAll(async () => {
    // A folder without TensorFlow, whatever this machine has.
    folder = mkdtempSync(path.join(tmpdir(), 'flowline-no-tensorflow-'));
    process.env.FLOWLINE_TENSORFLOW_DIR = folder;
    await initBackend('wasm');
    compiled = realNVP({ features: 2, layers: 2, hidden: [8], seed: 1 });
    sequential = iaf({ features: 2, layers: 1, hidden: [8], seed: 1 });
  });
  afterAll(() => {
    compiled.dispose();
    sequential.dispose();
    rmSync(folder, { recursive: true });
    if (before === undefined) delete process.env.FLOWLINE_TENSORFLOW_DIR;
    else process.env.FLOWLINE_TENSORFLOW_DIR = before;
  });

  it('takes compiled code for a flow that has it, on the threads that it may use', async () => {
    const { compute, threads } = await chooseTrainer(compiled, { threads: 3, tensors: 'tfjs-wasm' });
    expect(compute).toMatchObject({ backend: 'engine', why: 'it has compiled steps for the flow' });
    expect(compute.device).toContain('3 threads');
    expect(compute.reason).toBe(`engine (${compute.device}): it has compiled steps for the flow`);
    expect(threads).toBe(3);
  });

  it('trains a flow without compiled steps on the tensors of the process, and says why', async () => {
    const { compute, threads } = await chooseTrainer(sequential, { threads: 3, tensors: 'tfjs-wasm' });
    expect(compute.backend).toBe('tfjs-wasm');
    expect(compute.why).toMatch(/^compiled code cannot train the iaf flow: .+; tensorflow: neither .+ is installed$/);
    expect(threads).toBe(1);
    const onCpu = await chooseTrainer(sequential, { tensors: 'tfjs-cpu' });
    expect(onCpu.compute.backend).toBe('tfjs-cpu');
    await initBackend('wasm');
  });

  it('runs the one that is named, or refuses with the reason and a remedy', async () => {
    const named = await chooseTrainer(compiled, { training: 'wasm', tensors: 'tfjs-wasm' });
    expect(named.compute).toMatchObject({ backend: 'tfjs-wasm', why: 'it was requested by name' });
    const engine = await chooseTrainer(compiled, { training: 'engine', tensors: 'tfjs-wasm' });
    expect(engine.compute).toMatchObject({ backend: 'engine', why: 'it was requested by name' });
    await expect(chooseTrainer(sequential, { training: 'engine', tensors: 'tfjs-wasm' })).rejects.toMatchObject({
      code: 'FLOWLINE_BACKEND_UNAVAILABLE',
      message: expect.stringMatching(/compiled code cannot train the iaf flow: ./),
      where: 'compute.training',
      remedy: expect.stringContaining('compute.training: auto'),
    });
    await expect(chooseTrainer(compiled, { training: 'tensorflow', tensors: 'tfjs-wasm' })).rejects.toMatchObject({
      code: 'FLOWLINE_BACKEND_UNAVAILABLE',
      message: expect.stringContaining("'tensorflow' cannot run here"),
      remedy: expect.stringContaining('npm run tensorflow:install'),
    });
  });
});
