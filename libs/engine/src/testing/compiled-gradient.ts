import { at } from '@flowline/events';

import type { TrainingBatch } from './training-batch.ts';
import { PANEL_ROWS } from '../targets/wasm/layout.ts';
import { wasmTarget } from '../targets/wasm/runtime/wasm-target.ts';
import { webAssembly } from '../targets/wasm/runtime/web-assembly.ts';
import { emitTraining } from '../targets/wasm/training/emit-training.ts';
import type { TrainingGradient } from '../targets/reference/training.ts';

/** Scores and gradient of a batch by the emitted training module, on the calling thread. */
export const compiledGradient = (
  { plan, values, rows, weights }: TrainingBatch,
  fused = wasmTarget().fused,
): TrainingGradient => {
  const n = weights.length;
  const { features, context } = plan.places;
  const panels = Math.ceil(n / PANEL_ROWS);
  const sizes = { rows: n, batches: 1, threads: 1, shards: 1, tilePanels: panels, tiles: 1 };
  const { bytes, pages, memory, sources } = emitTraining(plan, { fused, ...sizes, draws: null });
  const shared = new webAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { exports } = new webAssembly.Instance(new webAssembly.Module(bytes), { env: { memory: shared } });
  const call = (name: string, ...numbers: readonly number[]): void => {
    const entry = exports[name];
    if (typeof entry !== 'function') throw new TypeError(`the module does not export ${name}`);
    entry(...numbers);
  };
  const floats = (address: number, length: number): Float32Array => new Float32Array(shared.buffer, address, length);
  const width = features + context;
  for (let i = 0; i < n; i++) {
    const row = rows.subarray(i * width, (i + 1) * width);
    floats(memory.batches + 4 * i * features, features).set(row.subarray(0, features));
    floats(memory.batches + memory.contextOffset + 4 * i * context, context).set(row.subarray(features));
  }
  sources.forEach((source, i) => {
    floats(memory.values + 4 * i, 1)[0] = source < 0 ? 0 : at(values, source);
    floats(memory.trained + 4 * i, 1)[0] = source < 0 ? 0 : 1;
  });
  floats(memory.weights, n).set(weights);
  call('read', memory.tiles, panels, memory.batches, memory.batches + memory.contextOffset, n, 0, 0);
  call('forward', memory.tiles, panels, memory.values, memory.logProb);
  call('backward', memory.tiles, panels, memory.values, memory.shards, memory.weights);
  call('reduce', 0, memory.vectorBytes, 1, memory.squares);
  const gradient = new Float64Array(plan.parameters);
  sources.forEach((source, i) => {
    if (source >= 0) gradient[source] = -at(floats(memory.shards + 4 * i, 1), 0);
  });
  return { logP: Float64Array.from(floats(memory.logProb, n)), gradient };
};
