import { at } from '@flowline/events';
import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './assembly/expression.ts';
import type { I32 } from './assembly/expression.ts';
import { writeFormulas } from './formula.ts';
import type { FunctionBuilder, FunctionReference } from './assembly/function-builder.ts';
import { STRIDE } from './layout.ts';
import { prepareNetworkReverse } from './network-reverse.ts';
import type { AdjointBuffers } from './network-reverse.ts';
import { keptSlots } from './network-tile.ts';
import { masked } from './read-tile.ts';
import { Entry, overTable } from './table.ts';
import type { TileMemory } from './tile-memory.ts';
import { prepareTransformTile } from './transform-tile.ts';
import type { TileStep } from './transform-tile.ts';
import type { Transformer, TransformStep } from '../../plan/plan.ts';
import { transformFormulas } from '../../steps/transform.ts';

/**
 * Step over a tile with a forward pass, which keeps what the reverse pass needs, and a reverse
 * pass.
 */
export interface ReversibleTile extends TileStep {
  reverse(f: FunctionBuilder, panelBytes: I32): void;
}

/**
 * Prepares a transform step and its reverse pass. `adjoint` is the block of ∂ log p / ∂state, one
 * quantity per dimension.
 */
export const prepareTransformReverse = (
  emission: Emission,
  memory: TileMemory,
  adjoint: number,
  step: TransformStep,
  buffers: AdjointBuffers,
): ReversibleTile => {
  const quantities = (count: number): number => emission.layout.allocate(count * STRIDE);
  const width = step.transformed.dimensions.length;
  const count = step.conditioning.dimensions.length;
  const saves = { slope: quantities(count), value: quantities(width) };
  const tile = prepareTransformTile(emission, memory, step, keptSlots(emission), saves);
  const network = prepareNetworkReverse(emission, step.network, tile.network, count, buffers);
  const reverseApply = defineReverseApply(emission, adjoint - memory.state, step.transformer, width);
  const reverseGather = defineReverseGather(emission, adjoint - memory.state);
  const c = (value: number): I32 => i32.constant(value);
  const { transformed, conditioning } = tile;
  return {
    forward: (f, panelBytes) => tile.forward(f, panelBytes),
    reverse: (f, panelBytes) => {
      const [values, parameters, to] = [c(saves.value), c(tile.network.output), c(network.outputs)];
      f.call(reverseApply, c(transformed.start), c(transformed.end), values, parameters, to, panelBytes);
      if (network.input === null) return;
      network.reverse(f, panelBytes);
      const from = c(network.input);
      f.call(reverseGather, c(conditioning.start), c(conditioning.end), from, c(saves.slope), panelBytes);
    },
  };
};

/**
 * Reverse pass through v ← o·g(u; θ) and its log-determinant. Parameters: table, its end, u, θ,
 * destination of ∂/∂θ, bytes of the panels.
 */
const defineReverseApply = (
  emission: Emission,
  toAdjoint: number,
  transformer: Transformer,
  width: number,
): FunctionReference =>
  emission.module.define(`reverseApplyTile ${JSON.stringify(transformer)} ${width}`, 6, (f) => {
    const { parameters, reverse } = transformFormulas(transformer);
    const [entry, value, own, to] = [f.parameter(0), f.parameter(2), f.parameter(3), f.parameter(4)].map((of) =>
      f.let(of),
    );
    if (entry === undefined || value === undefined || own === undefined || to === undefined) return;
    overTable(f, entry, f.parameter(1), f.parameter(5), [value, own, to], (offset) => {
      const address = f.let(i32.add(i32.load(entry, Entry.state), offset));
      const from = f.let(i32.add(own, offset));
      const inputs = [
        f.let(v128.load(i32.add(value, offset))),
        ...Array.from({ length: parameters }, (_, k) => v128.load(from, k * width * STRIDE)),
        f.let(v128.load(address, toAdjoint)),
      ];
      const [atValue, ...atParameters] = writeFormulas(f, emission.math, reverse, (i) => at(inputs, i)).map(
        (derivative) => masked(emission, derivative, entry, offset),
      );
      if (atValue === undefined) return;
      f.store(address, f32x4.mul(atValue, v128.loadSplat(entry, Entry.scale)), toAdjoint);
      const into = f.let(i32.add(to, offset));
      atParameters.forEach((derivative, k) => f.store(into, derivative, k * width * STRIDE));
    });
  });

/**
 * Reverse pass through the network's input. Parameters: table, its end, ∂/∂input, d input / dv,
 * bytes of the panels.
 */
const defineReverseGather = (emission: Emission, toAdjoint: number): FunctionReference =>
  emission.module.define('reverseGatherTile', 5, (f) => {
    const entry = f.let(f.parameter(0));
    const [inputs, slopes] = [f.let(f.parameter(2)), f.let(f.parameter(3))];
    overTable(f, entry, f.parameter(1), f.parameter(4), [inputs, slopes], (offset) => {
      const address = f.let(i32.add(i32.load(entry, Entry.state), offset));
      const through = f32x4.mul(v128.load(i32.add(inputs, offset)), v128.load(i32.add(slopes, offset)));
      f.store(address, f32x4.add(v128.load(address, toAdjoint), through), toAdjoint);
    });
  });
