import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { at, FlowlineError } from '@flowline/events';
import type { Rows } from '@flowline/flows';
import { Random } from '@flowline/flows';

import { decodeNpy } from './npy.ts';

/**
 * A data set with its splits. Images have whole-numbered pixels; those of the test set have noise
 * in [−½, ½).
 */
export interface DensityData {
  readonly name: DataName;
  readonly kind: 'toy' | 'rows' | 'image';
  readonly features: number;
  /** Grey levels of an image; 0 for other data. */
  readonly values: number;
  readonly train: Rows;
  readonly validation: Rows;
  readonly test: Rows;
  /** Mean −log p of the true density on the test rows, in nats; null if unknown. */
  readonly trueTestNll: number | null;
  /** Training steps, and rows per step, the same for every library. */
  readonly steps: number;
  readonly batch: number;
}

/** Step budgets by data set. */
const budgets = {
  power_2007h1: { steps: 5000, batch: 512 },
  magic10: { steps: 2500, batch: 512 },
  digits8x8: { steps: 2000, batch: 128 },
  toy_two_moons: { steps: 3000, batch: 512 },
  toy_eight_gaussians: { steps: 3000, batch: 512 },
  toy_checkerboard: { steps: 3000, batch: 512 },
  toy_banana: { steps: 3000, batch: 512 },
  toy_two_spirals: { steps: 3000, batch: 512 },
} as const;

export type DataName = keyof typeof budgets;

/** Names of the data sets, as --data takes them. */
export const dataNames = Object.keys(budgets) as DataName[];

/** Folder of the reference data, beside the checkout. */
export const defaultFolder = fileURLToPath(new URL('../../../../shared/data/flows', import.meta.url));

interface ManifestEntry {
  readonly levels?: number;
  readonly true_test_nll?: number;
}

/**
 * Reads a data set from a folder with manifest.json and NAME/{train,val,test}.npy. Throws
 * FLOWLINE_FILE_UNREADABLE.
 */
export async function readData(folder: string, name: DataName): Promise<DensityData> {
  const manifest = JSON.parse((await read(path.join(folder, 'manifest.json'))).toString()) as Partial<
    Record<string, ManifestEntry>
  >;
  const entry = manifest[name] ?? {};
  const values = entry.levels ?? 0;
  const part = async (file: string) => {
    const where = path.join(folder, name, `${file}.npy`);
    const { shape, values: found } = decodeNpy(await read(where), where);
    return { x: Float32Array.from(found), size: at(shape, 0) };
  };
  const [train, validation, test] = await Promise.all([part('train'), part('val'), part('test')]);
  const features = train.x.length / train.size;
  return {
    name,
    kind: values > 0 ? 'image' : name.startsWith('toy_') ? 'toy' : 'rows',
    features,
    values,
    train,
    validation,
    test: values > 0 ? dequantized(test, 2) : test,
    trueTestNll: entry.true_test_nll ?? null,
    ...budgets[name],
  };
}

/** Adds uniform noise in [−½, ½) to pixels. */
export function dequantized({ x, size }: Rows, seed: number): Rows {
  const random = new Random(seed);
  return { x: x.map((pixel) => pixel + random.uniform() - 0.5), size };
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', 'the data of the benchmark are not there', {
      where: file,
      remedy: 'Name a folder that has them with --from.',
      cause,
    });
  }
}
