import { at } from '@flowline/events';
import { inputEndOf } from './emission.ts';
import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './assembly/expression.ts';
import type { I32 } from './assembly/expression.ts';
import { writeFormulas } from './formula.ts';
import type { FunctionBuilder, FunctionReference } from './assembly/function-builder.ts';
import { STRIDE } from './layout.ts';
import { prepareNetworkTile } from './network-tile.ts';
import type { NetworkTile, ValueSlots } from './network-tile.ts';
import { defineGather, masked, readDimension } from './read-tile.ts';
import { Entry, overTable, placeTable } from './table.ts';
import type { Table } from './table.ts';
import { PARTIAL_SUMS } from './tile-memory.ts';
import type { TileMemory } from './tile-memory.ts';
import type { Transformer, TransformStep } from '../../plan/plan.ts';
import { transformFormulas } from '../../steps/transform.ts';

/** Step over a tile. */
export interface TileStep {
  forward(f: FunctionBuilder, panelBytes: I32): void;
}

/** Addresses of the values of a transform step that the gradient reads again. */
export interface TransformSaves {
  /** Per conditioning dimension: d input / dv. */
  readonly slope: number;
  /** Per transformed dimension: u, the value before the step. */
  readonly value: number;
}

/** Transform step prepared for a tile. */
export interface TransformTile extends TileStep {
  readonly network: NetworkTile;
  readonly conditioning: Table;
  readonly transformed: Table;
}

/**
 * Prepares a coupling or autoregressive map over a tile. With `saves` it also keeps what its
 * reverse pass needs.
 */
export const prepareTransformTile = (
  emission: Emission,
  memory: TileMemory,
  step: TransformStep,
  slots: ValueSlots,
  saves: TransformSaves | null,
): TransformTile => {
  const conditioning = placeTable(emission, memory, step.conditioning);
  const transformed = placeTable(emission, memory, step.transformed);
  const width = step.transformed.dimensions.length;
  const input = inputEndOf(memory.inputEnds, step.inputClip) - step.conditioning.dimensions.length * STRIDE;
  const network = prepareNetworkTile(emission, step.network, input, slots, memory.list);
  const gather = defineGather(emission, step.inputClip, saves !== null);
  const apply = defineApply(emission, memory, step.transformer, width, saves !== null);
  const c = (value: number): I32 => i32.constant(value);
  return {
    network,
    conditioning,
    transformed,
    forward: (f, panelBytes) => {
      const slope = saves === null ? [] : [c(saves.slope)];
      f.call(gather, c(conditioning.start), c(conditioning.end), c(input), panelBytes, ...slope);
      network.forward(f, panelBytes);
      const value = saves === null ? [] : [c(saves.value)];
      f.call(apply, c(transformed.start), c(transformed.end), c(network.output), panelBytes, ...value);
    },
  };
};

/**
 * Applies v ← o·g(u; θ) over a tile. Parameters: table, its end, the first parameter of the first
 * dimension, bytes of the panels, and with `saves` the destination of u.
 */
const defineApply = (
  emission: Emission,
  memory: TileMemory,
  transformer: Transformer,
  width: number,
  saves: boolean,
): FunctionReference => {
  const { module, math } = emission;
  return module.define(`applyTile ${JSON.stringify(transformer)} ${width} ${saves}`, saves ? 5 : 4, (f) => {
    const { parameters: count, forward } = transformFormulas(transformer);
    const [entry, parameters] = [f.let(f.parameter(0)), f.let(f.parameter(2))];
    const kept = saves ? f.let(f.parameter(4)) : parameters;
    const sum = f.let(i32.constant(memory.logDet));
    const body = (offset: I32): void => {
      const u = f.let(readDimension(emission, entry, offset));
      if (saves) f.store(i32.add(kept, offset), u);
      const own = f.let(i32.add(parameters, offset));
      const inputs = [u, ...Array.from({ length: count }, (_, k) => v128.load(own, k * width * STRIDE))];
      const [result, logSlope] = writeFormulas(f, math, forward, (i) => at(inputs, i));
      if (result === undefined || logSlope === undefined) return;
      f.store(i32.add(i32.load(entry, Entry.state), offset), masked(emission, result, entry, offset));
      const total = i32.add(sum, offset);
      f.store(total, f32x4.add(v128.load(total), masked(emission, logSlope, entry, offset)));
    };
    overTable(f, entry, f.parameter(1), f.parameter(3), saves ? [parameters, kept] : [parameters], body, () => {
      f.set(sum, i32.add(sum, i32.constant(STRIDE)));
      const past = i32.constant(memory.logDet + PARTIAL_SUMS * STRIDE);
      f.set(sum, i32.select(i32.ltU(sum, past), sum, i32.constant(memory.logDet)));
    });
  });
};
