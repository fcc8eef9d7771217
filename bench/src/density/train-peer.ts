import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { runPeer } from '../support/python.ts';
import type { DensityData } from './data.ts';
import { dequantized } from './data.ts';
import type { PeerModel } from './models.ts';
import type { Scored } from './train-ours.ts';

/** Calls `use` with a folder that holds the rows in the Python peers' format. */
export async function withRowsOnDisk<T>(data: DensityData, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'flowline-density-'));
  try {
    const { features, values, train, test } = data;
    const validation = values > 0 ? dequantized(data.validation, 1) : data.validation;
    for (const [name, { x }] of Object.entries({ train, validation, test })) {
      await writeFile(path.join(folder, `${name}.f32`), new Uint8Array(x.buffer, x.byteOffset, x.byteLength));
    }
    await writeFile(path.join(folder, 'meta.json'), JSON.stringify({ features, values }));
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Trains a PyTorch flow on the same rows by the same protocol, and scores the same test rows. */
export async function trainPeer(
  folder: string,
  { library, family, layers, hidden, bins = 8 }: PeerModel,
  { batch, kind }: DensityData,
  steps: number,
): Promise<Scored> {
  const scores = path.join(folder, 'scores.f64');
  const options = { folder, library, family, layers, hidden: hidden.join(','), bins, steps, batch, scores };
  const every = kind === 'image' ? 50 : 250;
  const args = Object.entries({ ...options, every }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const result = await runPeer<Omit<Scored, 'logProb'>>('density.py', args);
  const bytes = await readFile(scores);
  return { ...result, logProb: new Float64Array(Uint8Array.from(bytes).buffer) };
}
