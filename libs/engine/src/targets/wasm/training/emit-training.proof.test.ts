import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { initBackend, Random } from '@flowline/flows';
import type { Flow } from '@flowline/flows';

import { emitTraining } from './emit-training.ts';
import { wasmTarget } from '../runtime/wasm-target.ts';
import { webAssembly } from '../runtime/web-assembly.ts';
import { lowerTraining } from '../../../lower/training-plan.ts';
import { trainingGradient } from '../../reference/training.ts';
import { familyCases } from '../../../testing/family-cases.ts';
import { flatValues, normalRows, randomizeWeights } from '../../../testing/random-flow.ts';

const ROWS = 37;

/**
 * Splines and planar maps lose digits in float32: their shares of an interval, and 1 + w·û, are
 * differences.
 */
const toleranceOf = (name: string): number => (/^(neuralSpline|planar)/.test(name) ? 5e-5 : 1e-5);

describe.each(familyCases)('the training module of $name', ({ name, make, size }) => {
  const flows: Flow[] = [];
  beforeAll(() => initBackend('cpu'));
  afterAll(() => flows.forEach((flow) => flow.dispose()));

  it.each([
    { features: 5, context: 0, presence: [null, null, null, null, null] },
    { features: 1, context: 2, presence: [null] },
    { features: 4, context: 3, presence: [null, 0, 2, null] },
  ])('has the gradient of the reference, %j', (shape) => {
    const flow = make({ ...shape, seed: 3 });
    flows.push(flow);
    randomizeWeights(flow, 4, size);
    const plan = lowerTraining(flow);
    const values = flatValues(flow);
    const width = shape.features + shape.context;
    const rows = normalRows(ROWS, width, new Random(5));
    for (let i = 0; i < ROWS; i++) {
      for (const column of shape.presence)
        if (column !== null) rows[i * width + shape.features + column] = (i + column) % 2;
    }
    const weights = Float32Array.from({ length: ROWS }, (_, i) => (i % 5 === 3 ? 0 : 1));
    const expected = trainingGradient(plan, values, rows, ROWS, weights);

    const { fused } = wasmTarget();
    const panels = Math.ceil(ROWS / 16);
    const code = emitTraining(plan, {
      fused,
      rows: ROWS,
      batches: 1,
      threads: 1,
      shards: 1,
      tilePanels: panels,
      tiles: 1,
      draws: null,
    });
    const memory = new webAssembly.Memory({ initial: code.pages, maximum: code.pages, shared: true });
    const instance = new webAssembly.Instance(new webAssembly.Module(code.bytes), { env: { memory } });
    const call = (name: string, ...numbers: number[]): void =>
      (instance.exports[name] as (...n: number[]) => void)(...numbers);
    const view = (address: number, length: number) => new Float32Array(memory.buffer, address, length);
    const at = code.memory;
    view(at.values, code.sources.length).set(
      Float32Array.from(code.sources, (source) => (source < 0 ? 0 : values[source]!)),
    );
    for (let i = 0; i < ROWS; i++) {
      const row = rows.subarray(i * width, (i + 1) * width);
      view(at.batches + 4 * i * shape.features, shape.features).set(row.subarray(0, shape.features));
      view(at.batches + at.contextOffset + 4 * i * shape.context, shape.context).set(row.subarray(shape.features));
    }
    view(at.weights, ROWS).set(weights);
    view(at.trained, code.sources.length).set(Float32Array.from(code.sources, (source) => (source < 0 ? 0 : 1)));
    call('draw', at.tiles, panels, at.batches, at.batches + at.contextOffset, ROWS, 0, 0);
    call('forward', at.tiles, panels, at.values, at.logProb);
    const logP = view(at.logProb, ROWS);
    for (let i = 0; i < ROWS; i++) {
      expect(Math.abs(logP[i]! - expected.logP[i]!)).toBeLessThan(3e-4 + 3e-6 * Math.abs(expected.logP[i]!));
    }
    call('backward', at.tiles, panels, at.values, at.shards, at.weights);
    call('reduce', 0, at.vectorBytes, 1, at.squares);
    const gradient = new Float64Array(values.length);
    view(at.shards, code.sources.length).forEach((value, place) => {
      const source = code.sources[place]!;
      if (source >= 0) gradient[source] = -value;
    });
    const scale = Math.sqrt(expected.gradient.reduce((sum, value) => sum + value * value, 0) / values.length);
    gradient.forEach((value, i) => {
      const error = Math.abs(value - expected.gradient[i]!) / (scale + Math.abs(expected.gradient[i]!));
      expect(error).toBeLessThan(toleranceOf(name));
    });
  });
});
