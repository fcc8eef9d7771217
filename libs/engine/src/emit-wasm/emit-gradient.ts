import { couplingsOf } from './affine-coupling.ts';
import { prepareCouplingReverse } from './coupling-reverse.ts';
import type { Emission } from './emission.ts';
import { panelBytesOf, widestValue } from './emit-score.ts';
import type { EmitOptions, KernelCode } from './emit-score.ts';
import { f32x4, i32, v128 } from './expression.ts';
import type { FunctionReference } from './function-builder.ts';
import { Layout, STRIDE, TILE_ROWS } from './layout.ts';
import { VectorMath } from './math.ts';
import { ModuleBuilder } from './module-builder.ts';
import { AdjointBuffers } from './network-reverse.ts';
import { defineFinish, defineReadRows, defineWriteRows, overTile } from './rows-tile.ts';
import { allocateTile } from './tile-memory.ts';
import type { TileMemory } from './tile-memory.ts';
import { at } from '../at.ts';
import type { Plan } from '../plan.ts';

const FLOAT_BYTES = 4;

/** Emits the module of the gradient: `gradient(n)` leaves ∂ log p / ∂ x of the first n rows. Rows go in tiles of 32. */
export const emitGradient = (plan: Plan, options: EmitOptions): KernelCode => {
  const emission: Emission = {
    plan,
    module: new ModuleBuilder(),
    math: new VectorMath(options.fused),
    layout: new Layout(),
  };
  const { module, layout } = emission;
  const rowBytes = (plan.features + plan.context) * FLOAT_BYTES;
  const rowsAddress = layout.allocate(options.capacity * rowBytes);
  const scoresAddress = layout.allocate((options.capacity + TILE_ROWS) * FLOAT_BYTES);
  const vectorsAddress = layout.allocate(options.capacity * plan.features * FLOAT_BYTES);
  const memory = allocateTile(emission);
  const adjoint = layout.allocate(plan.features * STRIDE);
  const widest = Math.max(
    plan.features * 2,
    widestValue(plan),
    ...couplingsOf(plan).map((step) => step.network.inputs),
  );
  const buffers = new AdjointBuffers(emission, widest);
  const steps = couplingsOf(plan).map((step) => prepareCouplingReverse(emission, memory, adjoint, step, buffers));
  const [read, finish] = [defineReadRows(emission, memory), defineFinish(emission, memory)];
  const [start, end] = [defineStart(emission, memory, adjoint), defineEnd(emission, memory, adjoint)];
  const write = defineWriteRows(
    emission,
    Int32Array.from({ length: plan.features }, (_, i) => i),
  );

  const run = module.define('gradient', 1, (f) => {
    const remaining = f.let(f.parameter(0));
    const row = f.let(i32.constant(rowsAddress));
    const vector = f.let(i32.constant(vectorsAddress));
    const [count, panelBytes] = [f.local('i32'), f.local('i32')];
    const tile = i32.constant(TILE_ROWS);
    f.while(
      () => i32.ltU(i32.constant(0), remaining),
      () => {
        f.set(count, i32.select(i32.ltU(remaining, tile), remaining, tile));
        f.set(panelBytes, panelBytesOf(count));
        f.call(read, row, count);
        for (const step of steps) step.forward(f, panelBytes);
        f.call(finish, i32.constant(scoresAddress));
        f.call(start);
        for (const step of [...steps].reverse()) step.reverse(f, panelBytes);
        f.call(end);
        f.call(write, i32.constant(adjoint), vector, count);
        f.set(remaining, i32.sub(remaining, count));
        f.set(row, i32.add(row, i32.mul(count, i32.constant(rowBytes))));
        f.set(vector, i32.add(vector, i32.mul(count, i32.constant(plan.features * FLOAT_BYTES))));
      },
    );
  });
  module.export('gradient', run);
  return { bytes: module.build(layout.size), capacity: options.capacity, rowsAddress, scoresAddress, vectorsAddress };
};

/** ∂ log p / ∂ state at the end of the plan: −z·scale. */
const defineStart = ({ module, plan }: Emission, memory: TileMemory, adjoint: number): FunctionReference =>
  module.define('startReverse', 0, (f) => {
    overTile(f, (offset) => {
      plan.scale.forEach((scale, dimension) => {
        const z = v128.load(offset, memory.state + dimension * STRIDE);
        f.store(offset, f32x4.mul(z, f32x4.constant(-scale)), adjoint + dimension * STRIDE);
      });
    });
  });

/** What is not observed has no influence. */
const defineEnd = ({ module, plan }: Emission, memory: TileMemory, adjoint: number): FunctionReference =>
  module.define('endReverse', 0, (f) => {
    overTile(f, (offset) => {
      plan.presence.forEach((column, dimension) => {
        if (column === null) return;
        const address = adjoint + dimension * STRIDE;
        f.store(offset, f32x4.mul(v128.load(offset, address), v128.load(offset, at(memory.masks, dimension))), address);
      });
    });
  });
