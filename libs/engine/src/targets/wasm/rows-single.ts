import { writeBase, writeLatent } from './base.ts';
import type { Emission } from './emission.ts';
import { hasPresence } from './emission.ts';
import { f32, f32x4, i32, v128 } from './assembly/expression.ts';
import type { I32 } from './assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from './assembly/function-builder.ts';
import { acrossLanes, singleLanes } from './lanes.ts';
import type { SingleMemory } from './single-memory.ts';
import { squash } from './squash.ts';

const FLOAT_BYTES = 4;
const LANES = 4;

/**
 * Reads one row: x with 0 where not observed, the masks, and the context. Parameters: address of
 * the row.
 */
export const defineReadRow = ({ module, plan, math }: Emission, memory: SingleMemory): FunctionReference =>
  module.define('readRow', 1, (f) => {
    const row = f.parameter(0);
    const zero = i32.constant(0);
    copyFloats(f, row, 0, memory.state, plan.features);
    copyFloats(f, row, plan.features, memory.context, plan.context);
    plan.presence.forEach((column, dimension) => {
      const offset = dimension * FLOAT_BYTES;
      if (column === null) {
        if (hasPresence(plan)) f.storeFloat(zero, f32.constant(1), memory.masks + offset);
        return;
      }
      const present = f.let(f32.gt(f32.load(row, (plan.features + column) * FLOAT_BYTES), f32.constant(0.5)));
      f.storeFloat(zero, f32.select(present, f32.constant(1), f32.constant(0)), memory.masks + offset);
      f.storeFloat(zero, f32.select(present, f32.load(row, offset), f32.constant(0)), memory.state + offset);
    });
    for (const [clip, end] of memory.inputEnds) {
      for (let i = 0; i < plan.context; i += LANES) {
        const offset = i * FLOAT_BYTES;
        f.store(zero, squash(f, math, clip, f.let(v128.load(zero, memory.context + offset))), end + offset);
      }
    }
    f.store(zero, f32x4.constant(0), memory.logDet);
  });

const copyFloats = (f: FunctionBuilder, row: I32, first: number, to: number, count: number): void => {
  const whole = Math.floor(count / LANES) * LANES;
  const target = i32.constant(to);
  for (let i = 0; i < whole; i += LANES) {
    f.store(target, v128.load(row, (first + i) * FLOAT_BYTES), i * FLOAT_BYTES);
  }
  for (let i = whole; i < count; i++) f.storeFloat(target, f32.load(row, (first + i) * FLOAT_BYTES), i * FLOAT_BYTES);
};

/** Finishes a row, as defineFinish does for a tile. Parameters: address of the result. */
export const defineFinishRow = (emission: Emission, memory: SingleMemory): FunctionReference =>
  emission.module.define('finishRow', 1, (f) => {
    const lanes = singleLanes(emission, f, memory);
    writeLatent(emission, lanes, memory.state);
    const base = f.let(writeBase(emission, lanes, memory.state, memory.components));
    const logDet = f.let(v128.load(i32.constant(0), memory.logDet));
    f.storeFloat(f.parameter(0), f32.add(acrossLanes(logDet), f32x4.extract(base, 0)));
  });

/** Writes the latent z of the row. Parameters: address of the result. */
export const defineWriteRow = ({ module, plan }: Emission, memory: SingleMemory): FunctionReference =>
  module.define('writeRow', 1, (f) => {
    plan.order.forEach((dimension, i) => {
      const latent = f32.load(i32.constant(memory.state), dimension * FLOAT_BYTES);
      f.storeFloat(f.parameter(0), latent, i * FLOAT_BYTES);
    });
  });
