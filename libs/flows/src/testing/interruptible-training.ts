import { readFile, rename, writeFile } from 'node:fs/promises';

import { at } from '../at.ts';
import { initBackend } from '../backend.ts';
import { saveFlow } from '../checkpoint.ts';
import { realNVP } from '../families/real-nvp.ts';
import { Random } from '../random.ts';
import { fit } from '../training/fit.ts';
import type { Rows } from '../rows.ts';
import type { FitOptions, FitReport } from '../training/options.ts';

/** Rows of two features; the first feature is missing in a fifth of them. */
export function rowsWithMissing(size: number, seed: number): Rows & { readonly context: Float32Array } {
  const random = new Random(seed);
  const x = random.normals(2 * size);
  const context = Float32Array.from({ length: size }, () => (random.uniform() < 0.2 ? 0 : 1));
  return { x: x.map((value, i) => (i % 2 === 0 ? (context[i / 2] === 1 ? value : 0) : value ** 2)), context, size };
}

/** One epoch of a stream: the rows in chunks whose lengths cycle through the given ones. */
export async function* inChunks(
  { x, context, size }: Rows & { readonly context: Float32Array },
  lengths: readonly number[],
): AsyncGenerator<Rows> {
  for (let from = 0, i = 0; from < size; i++) {
    const to = Math.min(size, from + at(lengths, i % lengths.length));
    await Promise.resolve();
    yield { x: x.slice(2 * from, 2 * to), context: context.slice(from, to), size: to - from };
    from = to;
  }
}

/** Result of a training run: its report and the saved flow. */
export interface Trained {
  readonly report: FitReport;
  readonly bytes: Uint8Array;
}

/**
 * Runs a training with every stateful part: ActNorm, a context, noise, masking, trimming, a
 * schedule, averaging, early stopping. Rows are in memory or streamed.
 */
export async function trainInterruptibly(kind: 'memory' | 'stream', options: Partial<FitOptions>): Promise<Trained> {
  await initBackend('wasm');
  const flow = realNVP({ features: 2, context: 1, presence: [0, null], layers: 2, hidden: [8], seed: 1 });
  const rows = rowsWithMissing(700, 1);
  const report = await fit(
    flow,
    { train: kind === 'memory' ? rows : () => inChunks(rows, [90, 1, 0, 250]), validation: rowsWithMissing(150, 2) },
    {
      seed: 5,
      steps: 240,
      batchSize: 33,
      shuffleRows: 128,
      learningRate: 0.02,
      warmupSteps: 9,
      weightDecay: 1e-3,
      averaging: 0.9,
      noise: { gaussian: Float32Array.of(0.1, 0.05), uniform: Float32Array.of(0, 0.2) },
      masking: { features: [0], probability: 0.3 },
      robust: true,
      validateEvery: 20,
      ...options,
    },
  );
  const bytes = saveFlow(flow);
  flow.dispose();
  return { report, bytes };
}

// As a program: trains, writes every checkpoint to FILE and reports it on stdout. Tests kill it.
//   interruptible-training.ts memory|stream FILE [RESUME]
if (process.argv[1] === import.meta.filename) {
  const [kind, file = '', from] = process.argv.slice(2);
  await trainInterruptibly(kind === 'stream' ? 'stream' : 'memory', {
    checkpointEvery: 7,
    ...(from === undefined ? {} : { resume: await readFile(from) }),
    onCheckpoint: async ({ step, bytes }) => {
      await writeFile(`${file}.new`, bytes);
      await rename(`${file}.new`, file);
      process.stdout.write(`checkpoint ${step}\n`);
    },
  });
}
