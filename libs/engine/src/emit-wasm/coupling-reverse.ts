import { overTable, prepareCouplingTile, readMask } from './coupling-tile.ts';
import type { CouplingSaves } from './coupling-tile.ts';
import { hasPresence } from './emission.ts';
import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './expression.ts';
import type { I32, V128 } from './expression.ts';
import type { FunctionBuilder, FunctionReference } from './function-builder.ts';
import { STRIDE } from './layout.ts';
import { prepareNetworkReverse } from './network-reverse.ts';
import type { AdjointBuffers } from './network-reverse.ts';
import { keptSlots } from './network-tile.ts';
import { Entry } from './table.ts';
import type { TileMemory } from './tile-memory.ts';
import type { AffineCouplingStep } from './affine-coupling.ts';

/** A step over a tile, forwards with what the reverse pass needs kept, and backwards. */
export interface ReversibleTile {
  forward(f: FunctionBuilder, panelBytes: I32): void;
  reverse(f: FunctionBuilder, panelBytes: I32): void;
}

/** Prepares an affine coupling and its reverse pass; `adjoint` holds ∂ log p / ∂ state, a quantity per dimension. */
export const prepareCouplingReverse = (
  emission: Emission,
  memory: TileMemory,
  adjoint: number,
  step: AffineCouplingStep,
  buffers: AdjointBuffers,
): ReversibleTile => {
  const quantities = (count: number): number => emission.layout.allocate(count * STRIDE);
  const width = step.transformed.length;
  const saves: CouplingSaves = {
    slope: quantities(step.conditioning.length),
    factor: quantities(width),
    value: quantities(width),
    bend: quantities(width),
  };
  const tile = prepareCouplingTile(emission, memory, step, keptSlots(emission), saves);
  const network = prepareNetworkReverse(emission, step.network, tile.network, step.conditioning.length, buffers);
  const reverseApply = defineReverseApply(emission, adjoint - memory.state);
  const reverseGather = defineReverseGather(emission, adjoint - memory.state);
  const c = (value: number): I32 => i32.constant(value);
  const { transformed, conditioning } = tile;
  return {
    forward: (f, panelBytes) => {
      tile.forward(f, panelBytes);
    },
    reverse: (f, panelBytes) => {
      const kept = [saves.factor, saves.value, saves.bend].map(c);
      const [scales, shifts] = [c(network.outputs), c(network.outputs + width * STRIDE)];
      f.call(reverseApply, c(transformed.start), c(transformed.end), ...kept, scales, shifts, panelBytes);
      if (network.input === null) return;
      network.reverse(f, panelBytes);
      const input = c(network.input);
      f.call(reverseGather, c(conditioning.start), c(conditioning.end), input, c(saves.slope), panelBytes);
    },
  };
};

/**
 * Back through v ← v·e^s + t with log|det| = s. Parameters: table, its end, e^s, v, ds/dr, where ∂/∂r and ∂/∂t go, bytes of
 * the panels.
 */
const defineReverseApply = (emission: Emission, toAdjoint: number): FunctionReference =>
  emission.module.define('reverseApplyTile', 8, (f) => {
    const entry = f.let(f.parameter(0));
    const factors = f.let(f.parameter(2));
    const values = f.let(f.parameter(3));
    const bends = f.let(f.parameter(4));
    const [scales, shifts] = [f.let(f.parameter(5)), f.let(f.parameter(6))];
    const pointers = [factors, values, bends, scales, shifts];
    overTable(f, entry, f.parameter(1), f.parameter(7), pointers, (offset) => {
      const address = f.let(i32.add(i32.load(entry, Entry.state), offset));
      const mask = hasPresence(emission.plan) ? f.let(readMask(entry, offset)) : null;
      const masked = (value: V128): V128 => (mask === null ? value : f32x4.mul(value, mask));
      const after = f.let(v128.load(address, toAdjoint));
      const scaled = f.let(f32x4.mul(after, v128.load(i32.add(factors, offset))));
      const atScale = masked(f32x4.add(f32x4.mul(scaled, v128.load(i32.add(values, offset))), f32x4.constant(1)));
      f.store(i32.add(scales, offset), f32x4.mul(atScale, v128.load(i32.add(bends, offset))));
      f.store(i32.add(shifts, offset), masked(after));
      f.store(address, f32x4.mul(scaled, v128.loadSplat(entry, Entry.scale)), toAdjoint);
    });
  });

/** Back through the network's input. Parameters: table, its end, ∂/∂input, d input / d v, bytes of the panels. */
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
