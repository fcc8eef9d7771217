import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { saveFlow } from '../checkpoint.ts';
import { maf } from '../families/maf.ts';
import { realNVP } from '../families/real-nvp.ts';
import { decodeSafetensors, encodeSafetensors } from '../safetensors.ts';
import { mixtureRows } from '../testing/data.ts';
import { trainInterruptibly } from '../testing/interruptible-training.ts';
import { fit } from './fit.ts';
import type { FitOptions, TrainingCheckpoint } from './options.ts';

const program = path.resolve(import.meta.dirname, '../testing/interruptible-training.ts');

beforeAll(() => initBackend('wasm'));

/**
 * Trains in another process, which is killed without warning after it has written `checkpoints`
 * checkpoints.
 */
async function trainUntilKilled(args: readonly string[], checkpoints: number): Promise<void> {
  const child = spawn(process.execPath, ['--conditions=flowline:source', '--import', 'tsx', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('checkpoint') && ++seen === checkpoints) child.kill('SIGKILL');
  }
  const [code, signal] = (await exited) as [number | null, string | null];
  expect([code, signal]).toEqual([null, 'SIGKILL']);
}

describe.each(['memory', 'stream'] as const)('a training on rows in %s', (kind) => {
  it('that is killed twice and resumed ends up with the same weights and report, bit for bit', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'flowline-resume-'));
    try {
      const file = path.join(folder, 'training.safetensors');
      await trainUntilKilled([kind, file], 4);
      await trainUntilKilled([kind, file, file], 9);
      const resume = await readFile(file);
      const steps: number[] = [];
      const resumed = await trainInterruptibly(kind, { resume, onProgress: ({ step }) => steps.push(step) });
      expect(Math.min(...steps)).toBeGreaterThan(80);
      expect(resumed).toEqual(await trainInterruptibly(kind, {}));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('hands out a checkpoint when it is cancelled, which goes on where it was', async () => {
    const cancelled = new AbortController();
    const handedOut: TrainingCheckpoint[] = [];
    const training = trainInterruptibly(kind, {
      signal: cancelled.signal,
      checkpointEvery: 1000,
      onCheckpoint: (checkpoint) => void handedOut.push(checkpoint),
      onProgress: ({ step }) => {
        if (step === 50) cancelled.abort();
      },
    });
    await expect(training).rejects.toMatchObject({ code: 'FLOWLINE_ABORTED', message: /after 50 of 240/ });
    expect(handedOut.map(({ step }) => step)).toEqual([50]);
    expect(await trainInterruptibly(kind, { resume: handedOut[0]!.bytes })).toEqual(await trainInterruptibly(kind, {}));
  });

  it('gives its result again when it is resumed after its end, also an early one', async () => {
    const options = { patience: 2, learningRate: 0.2, checkpointEvery: 20 };
    let last: TrainingCheckpoint | undefined;
    const whole = await trainInterruptibly(kind, { ...options, onCheckpoint: (each) => void (last = each) });
    expect(whole.report.stoppedEarly).toBe(true);
    expect(last!.step).toBe(whole.report.steps);
    expect(await trainInterruptibly(kind, { ...options, resume: last!.bytes })).toEqual(whole);
  });
});

describe('a checkpoint', () => {
  const rows = { train: mixtureRows(200, 1), validation: mixtureRows(50, 2) };
  const options: FitOptions = { seed: 1, steps: 12, batchSize: 16, validateEvery: 4 };
  const small = () => realNVP({ features: 2, layers: 2, hidden: [4], seed: 1 });
  const atStep8 = async (): Promise<Uint8Array> => {
    let bytes = new Uint8Array();
    const onCheckpoint = (each: TrainingCheckpoint) => {
      if (each.step === 8) bytes = Uint8Array.from(each.bytes);
    };
    await fit(small(), rows, { ...options, onCheckpoint });
    return bytes;
  };

  it('goes on in the flow that was trained, and in one that is made anew, without a leak', async () => {
    const resume = await atStep8();
    const [trained, anew, used] = [small(), small(), small()];
    await fit(trained, rows, options);
    const before = tf.memory().numTensors;
    await fit(anew, rows, { ...options, resume });
    await fit(used, rows, { ...options, seed: 9 });
    await fit(used, rows, { ...options, resume });
    expect(tf.memory().numTensors).toBe(before);
    expect(saveFlow(anew)).toEqual(saveFlow(trained));
    expect(saveFlow(used)).toEqual(saveFlow(trained));
  });

  it('is a safetensors file that says what it is', async () => {
    const { tensors, metadata } = decodeSafetensors(await atStep8());
    expect(metadata).toMatchObject({ format: 'flowline.training', version: '1' });
    expect(tensors.get('weights')!.shape).toEqual([small().parameterCount]);
    expect(tensors.get('curves')!.shape).toEqual([2, 3]);
  });

  type Attempt = [
    name: string,
    bytes: (valid: Uint8Array) => Uint8Array,
    changes: Partial<FitOptions>,
    code: string,
    message: RegExp,
  ];
  it.each<Attempt>([
    ['another seed', (valid) => valid, { seed: 2 }, 'FLOWLINE_MODEL_INCOMPATIBLE', /seed 1, expected 2/],
    [
      'another rate',
      (valid) => valid,
      { learningRate: 0.1 },
      'FLOWLINE_MODEL_INCOMPATIBLE',
      /learningRate 0.001, expected 0.1/,
    ],
    [
      'other noise',
      (valid) => valid,
      { noise: { gaussian: Float32Array.of(1, 2) } },
      'FLOWLINE_MODEL_INCOMPATIBLE',
      /noise/,
    ],
    ['a cut file', (valid) => valid.subarray(0, -9), {}, 'FLOWLINE_MODEL_CORRUPTED', /safetensors/],
    [
      'a flipped bit',
      (valid) => valid.map((byte, i) => (i === valid.length - 30 ? byte ^ 1 : byte)),
      {},
      'FLOWLINE_MODEL_CORRUPTED',
      /checksum/,
    ],
    [
      'a flow',
      () => saveFlow(small()),
      {},
      'FLOWLINE_MODEL_INCOMPATIBLE',
      /"flowline.flow", expected 'flowline.training'/,
    ],
    [
      'another version',
      (valid) => {
        const { tensors, metadata } = decodeSafetensors(valid);
        return encodeSafetensors(Object.fromEntries(tensors), { ...metadata, version: '9' });
      },
      {},
      'FLOWLINE_MODEL_INCOMPATIBLE',
      /version 9, expected 1/,
    ],
  ])('is refused: %s', async (_name, bytes, changes, code, message) => {
    const resume = bytes(await atStep8());
    await expect(fit(small(), rows, { ...options, ...changes, resume })).rejects.toMatchObject({
      name: 'FlowError',
      code,
      message: expect.stringMatching(message),
    });
  });

  it('is refused by another flow and for other rows, which stay as they were', async () => {
    const resume = await atStep8();
    const others = [
      maf({ features: 2, layers: 2, hidden: [4], seed: 1 }),
      realNVP({ features: 2, layers: 3, hidden: [4], seed: 1 }),
      realNVP({ features: 2, layers: 2, hidden: [4], activation: 'tanh', seed: 1 }),
    ];
    for (const other of others) {
      const before = saveFlow(other);
      await expect(fit(other, rows, { ...options, resume })).rejects.toMatchObject({
        code: 'FLOWLINE_MODEL_INCOMPATIBLE',
        where: 'resume.flow',
        message: expect.stringMatching(/flow realNVP with 2 features.*expected (maf|realNVP) with 2 features/),
      });
      expect(saveFlow(other)).toEqual(before);
    }
    for (const changed of [{ train: mixtureRows(200, 3) }, { validation: mixtureRows(51, 2) }]) {
      const where = `resume.${Object.keys(changed)[0]!}`;
      await expect(fit(small(), { ...rows, ...changed }, { ...options, resume })).rejects.toMatchObject({ where });
    }
  });
});
