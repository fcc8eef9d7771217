import { at, atOnce, type Steps } from '@flowline/events';
import { writeBaseSlope } from './base.ts';
import { prepareContextualTile } from './contextual.ts';
import { outputWidth, widestValue } from './emission.ts';
import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './assembly/expression.ts';
import type { FunctionReference } from './assembly/function-builder.ts';
import { KernelWriter, panelBytesOf } from './kernel.ts';
import type { EmitOptions, KernelCode } from './kernel.ts';
import { tileLanes } from './lanes.ts';
import { STRIDE, TILE_ROWS } from './layout.ts';
import { prepareLinearTile } from './linear.ts';
import { AdjointBuffers } from './network-reverse.ts';
import { keptSlots } from './network-tile.ts';
import { defineFinish, defineReadRows, defineWriteRows, overTile } from './rows-tile.ts';
import { allocateTile } from './tile-memory.ts';
import type { TileMemory } from './tile-memory.ts';
import { prepareTransformReverse } from './transform-reverse.ts';
import type { ReversibleTile } from './transform-reverse.ts';
import { networksOf } from '../../plan/plan.ts';
import type { Plan, Step } from '../../plan/plan.ts';

/**
 * Emits the gradient module: `gradient(n)` writes ∂ log p / ∂x of the first n rows, in tiles of 32.
 */
export const emitGradient = (plan: Plan, options: EmitOptions): KernelCode => atOnce(gradientEmission(plan, options));

/** {@link emitGradient} in parts. */
export function* gradientEmission(plan: Plan, options: EmitOptions): Steps<KernelCode> {
  const writer = new KernelWriter(plan, options);
  const { emission } = writer;
  const memory = allocateTile(emission);
  const adjoint = emission.layout.allocate(plan.features * STRIDE);
  const buffers = new AdjointBuffers(emission, Math.max(widestValue(plan), ...networksOf(plan).map(outputWidth)));
  const steps: ReversibleTile[] = [];
  for (const step of plan.steps) {
    steps.push(prepareReversible(emission, memory, adjoint, step, buffers));
    yield;
  }
  const [read, finish] = [defineReadRows(emission, memory), defineFinish(emission, memory)];
  const [start, end] = [defineStart(emission, memory, adjoint), defineEnd(emission, memory, adjoint)];
  const write = defineWriteRows(
    emission,
    Int32Array.from({ length: plan.features }, (_, i) => i),
  );
  writer.export('gradient', (f, { remaining, row, score, vector }, count) => {
    const tile = i32.constant(TILE_ROWS);
    f.set(count, i32.select(i32.ltU(remaining, tile), remaining, tile));
    const panelBytes = f.let(panelBytesOf(count));
    f.call(read, row, count);
    for (const step of steps) step.forward(f, panelBytes);
    f.call(finish, score);
    f.call(start);
    for (const step of [...steps].reverse()) step.reverse(f, panelBytes);
    f.call(end);
    f.call(write, i32.constant(adjoint), vector, count);
  });
  yield;
  return writer.build();
}

const prepareReversible = (
  emission: Emission,
  memory: TileMemory,
  adjoint: number,
  step: Step,
  buffers: AdjointBuffers,
): ReversibleTile => {
  switch (step.type) {
    case 'transform':
      return prepareTransformReverse(emission, memory, adjoint, step, buffers);
    case 'linear':
      return prepareLinearTile(emission, memory, step, keptSlots(emission), adjoint);
    default:
      return prepareContextualTile(emission, memory, step, keptSlots(emission), adjoint);
  }
};

/** Start of the reverse pass: ∂ log p / ∂state at the end of the plan, from z. */
const defineStart = (emission: Emission, memory: TileMemory, adjoint: number): FunctionReference =>
  emission.module.define('startReverse', 0, (f) => {
    overTile(f, (offset) => {
      const lanes = tileLanes(emission, f, memory, offset);
      writeBaseSlope(emission, lanes, memory.state, memory.components, adjoint);
    });
  });

/** End of the reverse pass: dimensions that are not observed have no gradient. */
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
