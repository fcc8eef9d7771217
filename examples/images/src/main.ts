import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { initBackend, saveFlow, toPixels } from '@flowline/flows';

import { digits, imagesIn } from './image-set.ts';
import { pngGrid } from './png-grid.ts';
import { density, interpolated, sampled, trainImages } from './train-images.ts';

const COLUMNS = 16;
const TEMPERATURE = 0.8;

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string', default: '.flowline/images' },
    steps: { type: 'string', default: '900' },
    batch: { type: 'string', default: '128' },
    levels: { type: 'string', default: '3' },
    couplings: { type: 'string', default: '2' },
    hidden: { type: 'string', default: '32' },
    'learning-rate': { type: 'string', default: '0.005' },
    seed: { type: 'string', default: '1' },
  },
});

await initBackend('wasm');
const images = options.data === undefined ? digits() : imagesIn(options.data);
const seed = Number(options.seed);
const startedAt = performance.now();
const flow = await trainImages(
  images,
  {
    levels: Number(options.levels),
    steps: Number(options.couplings),
    hidden: options.hidden.split(',').map(Number),
  },
  {
    seed,
    steps: Number(options.steps),
    batchSize: Number(options.batch),
    learningRate: Number(options['learning-rate']),
    onProgress: ({ step, steps, trainNll, validationNll }) => {
      if (validationNll === null) return;
      const bits = (nll: number): string => (nll / (images.height * images.width * Math.LN2)).toFixed(3);
      console.log(`step ${step} of ${steps}: ${bits(trainNll)} bits/dim, on validation ${bits(validationNll)}`);
    },
  },
);
const seconds = (performance.now() - startedAt) / 1000;
const { bitsPerDim, standardError } = await density(flow, images, seed);

const grid = { ...images, columns: COLUMNS, zoom: Math.max(1, Math.floor(32 / images.height)) };
const write = (name: string, bytes: Uint8Array): void => writeFileSync(path.join(options.out, name), bytes);
mkdirSync(options.out, { recursive: true });
write('samples.png', pngGrid(toPixels(sampled(flow, 8 * COLUMNS, TEMPERATURE, seed), images.values), grid));
write('interpolations.png', pngGrid(toPixels(interpolated(flow, images, 8, COLUMNS), images.values), grid));
write('flow.safetensors', saveFlow(flow));
console.log(
  `${bitsPerDim.toFixed(3)} ± ${standardError.toFixed(3)} bits/dim on ${images.test.size} test images; ` +
    `${flow.parameterCount} parameters, ${seconds.toFixed(0)} s; pictures in ${options.out}`,
);
