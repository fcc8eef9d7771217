import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { WorkerLane } from './worker-lane.ts';

/** Package whose score is the first value of a row, with accidents: 7 fails, 13 ends the thread. */
const fakePackage = `
exports.Tensor = class {
  constructor(type, data, dims) { Object.assign(this, { type, data, dims }); }
};
exports.InferenceSession = {
  create: async (model) => {
    if (model[0] === 1) throw new Error('the model is damaged\\nand more');
    const run = async ({ rows: { data, dims } }) => {
      if (data[0] === 7) throw new Error('out of memory');
      if (data[0] === 13) process.exit(5);
      return { score: { data: data.filter((_, i) => i % dims[1] === 0) } };
    };
    return { run, release: async () => undefined };
  },
};
`;

describe('a lane on a thread of its own', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'flowline-lane-'));
    writeFileSync(path.join(folder, 'fake.cjs'), fakePackage);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const start = (): Promise<WorkerLane> => WorkerLane.start({ version: '0.0.1', path: path.join(folder, 'fake.cjs') });
  const unavailable = (message: string) => ({ code: 'FLOWLINE_BACKEND_UNAVAILABLE', message });

  it('answers runs in order, and leaves the rows to the caller', async () => {
    const lane = await start();
    await lane.open('score', Uint8Array.of(0));
    const rows = Float32Array.of(1, 2, 3, 4);
    const scores = new Float64Array(3);
    await Promise.all([
      lane.run('score', rows, 2, scores.subarray(0, 2)),
      lane.run('score', rows.subarray(2), 1, scores.subarray(2)),
    ]);
    expect([...scores]).toEqual([1, 3, 3]);
    expect([...rows]).toEqual([1, 2, 3, 4]);
    lane.close();
  });

  it('rejects a model and a run that fail, and goes on', async () => {
    const lane = await start();
    await expect(lane.open('score', Uint8Array.of(1))).rejects.toMatchObject(
      unavailable('ONNX Runtime cannot run the model: the model is damaged'),
    );
    await lane.open('score', Uint8Array.of(0));
    await expect(lane.run('score', Float32Array.of(7), 1, new Float64Array(1))).rejects.toMatchObject(
      unavailable('ONNX Runtime cannot run the model: out of memory'),
    );
    const scores = new Float64Array(1);
    await lane.run('score', Float32Array.of(5), 1, scores);
    expect([...scores]).toEqual([5]);
    lane.close();
  });

  it('rejects every run once its thread has ended', async () => {
    const lane = await start();
    await lane.open('score', Uint8Array.of(0));
    const ended = unavailable('ONNX Runtime cannot run the model: its thread ended with code 5');
    const run = (value: number): Promise<void> => lane.run('score', Float32Array.of(value), 1, new Float64Array(1));
    const runs = [run(13), run(1)];
    for (const outcome of await Promise.allSettled(runs)) expect(outcome).toMatchObject({ reason: ended });
    await expect(run(1)).rejects.toMatchObject(ended);
    lane.close();
  });
});
