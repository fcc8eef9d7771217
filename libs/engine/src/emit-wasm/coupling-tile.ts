import { hasPresence, inputEndOf } from './emission.ts';
import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './expression.ts';
import type { I32, Local, V128 } from './expression.ts';
import type { FunctionBuilder, FunctionReference } from './function-builder.ts';
import { STRIDE, VECTOR_BYTES } from './layout.ts';
import { prepareNetworkTile } from './network-tile.ts';
import type { NetworkTile, ValueSlots } from './network-tile.ts';
import { logScale, logScaleSlope, squash, squashSlope } from './squash.ts';
import { ENTRY_BYTES, Entry, placeTable } from './table.ts';
import type { Table } from './table.ts';
import { PARTIAL_SUMS } from './tile-memory.ts';
import type { TileMemory } from './tile-memory.ts';
import { at } from '../at.ts';
import type { AffineCouplingStep } from './affine-coupling.ts';
import type { ScaleFunction } from '../plan.ts';

/** What the gradient reads again of a coupling that was applied to a tile. */
export interface CouplingSaves {
  /** Per conditioning dimension: d input / d v. */
  readonly slope: number;
  /** Per transformed dimension: e^s, the value before the coupling, and ds / dr. */
  readonly factor: number;
  readonly value: number;
  readonly bend: number;
}

/** An affine coupling made ready for a tile. */
export interface CouplingTile {
  readonly network: NetworkTile;
  readonly conditioning: Table;
  readonly transformed: Table;
  forward(f: FunctionBuilder, panelBytes: I32): void;
}

/** Prepares one affine coupling over a tile; with `saves` it also keeps what its backward pass needs. */
export const prepareCouplingTile = (
  emission: Emission,
  memory: TileMemory,
  step: AffineCouplingStep,
  slots: ValueSlots,
  saves: CouplingSaves | null,
): CouplingTile => {
  const table = (dimensions: Int32Array, scale: Float64Array, shift: Float64Array): Table =>
    placeTable(
      emission,
      Array.from(dimensions, (dimension, i) => ({
        state: memory.state + dimension * STRIDE,
        mask: at(memory.masks, dimension),
        scale: at(scale, i),
        shift: at(shift, i),
      })),
    );
  const conditioning = table(step.conditioning, step.conditioningScale, step.conditioningShift);
  const transformed = table(step.transformed, step.transformedScale, step.transformedShift);
  const input = inputEndOf(memory.inputEnds, step.inputClip) - step.conditioning.length * STRIDE;
  const network = prepareNetworkTile(emission, step.network, input, slots);
  const gather = defineGather(emission, step.inputClip, saves !== null);
  const apply = defineApply(emission, memory, step.scale, saves !== null);
  const shifts = network.output + step.transformed.length * STRIDE;
  const c = (value: number): I32 => i32.constant(value);
  const kept = saves === null ? [] : [saves.factor, saves.value, saves.bend].map(c);
  return {
    network,
    conditioning,
    transformed,
    forward: (f, panelBytes) => {
      f.call(gather, c(conditioning.start), c(conditioning.end), c(input), panelBytes, c(saves?.slope ?? 0));
      network.forward(f, panelBytes);
      f.call(apply, c(transformed.start), c(transformed.end), c(network.output), c(shifts), panelBytes, ...kept);
    },
  };
};

/** α·v + β·o of the dimension of a table entry, at a byte offset inside the quantity. */
const readDimension = (emission: Emission, entry: I32, offset: I32): V128 => {
  const { plan, math } = emission;
  const shift = v128.loadSplat(entry, Entry.shift);
  return math.multiplyAdd(
    v128.loadSplat(entry, Entry.scale),
    v128.load(i32.add(i32.load(entry, Entry.state), offset)),
    hasPresence(plan) ? f32x4.mul(shift, readMask(entry, offset)) : shift,
  );
};

/** o of the dimension of a table entry. */
export const readMask = (entry: I32, offset: I32): V128 => v128.load(i32.add(i32.load(entry, Entry.mask), offset));

/** The network's input of a tile. Parameters: table, its end, destination, bytes of the panels, where the slopes go. */
const defineGather = (emission: Emission, clip: number | null, saves: boolean): FunctionReference => {
  const { module, math } = emission;
  return module.define(`gatherTile ${clip} ${saves}`, 5, (f) => {
    const [entry, end, to] = [f.let(f.parameter(0)), f.parameter(1), f.let(f.parameter(2))];
    const slope = f.let(f.parameter(4));
    overTable(f, entry, end, f.parameter(3), [to, slope], (offset) => {
      const value = f.let(readDimension(emission, entry, offset));
      const squashed = f.let(squash(f, math, clip, value));
      f.store(i32.add(to, offset), squashed);
      if (!saves) return;
      const bend = squashSlope(f, clip, squashed);
      f.store(i32.add(slope, offset), f32x4.mul(bend, v128.loadSplat(entry, Entry.scale)));
    });
  });
};

/**
 * v ← v·e^s + t over a tile. Parameters: table, its end, scales r, shifts t, bytes of the panels; with saves also where
 * e^s, v and ds/dr go.
 */
const defineApply = (
  emission: Emission,
  memory: TileMemory,
  scale: ScaleFunction,
  saves: boolean,
): FunctionReference => {
  const { module, math, plan } = emission;
  return module.define(`applyTile ${scale.kind} ${scale.bound} ${saves}`, saves ? 8 : 5, (f) => {
    const [entry, end] = [f.let(f.parameter(0)), f.parameter(1)];
    const [scales, shifts] = [f.let(f.parameter(2)), f.let(f.parameter(3))];
    const kept = saves ? [5, 6, 7].map((index) => f.let(f.parameter(index))) : [];
    const sum = f.let(i32.constant(memory.logDet));
    const body = (offset: I32): void => {
      const mask = hasPresence(plan) ? f.let(readMask(entry, offset)) : null;
      const masked = (value: V128): V128 => (mask === null ? value : f32x4.mul(value, mask));
      const unmasked = f.let(logScale(f, math, scale, f.let(v128.load(i32.add(scales, offset)))));
      const s = f.let(masked(unmasked));
      const factor = f.let(math.exp(f, s));
      const value = f.let(readDimension(emission, entry, offset));
      const shift = masked(v128.load(i32.add(shifts, offset)));
      f.store(i32.add(i32.load(entry, Entry.state), offset), math.multiplyAdd(value, factor, shift));
      f.store(i32.add(sum, offset), f32x4.add(v128.load(i32.add(sum, offset)), s));
      if (!saves) return;
      for (const [index, quantity] of [factor, value, logScaleSlope(f, scale, unmasked)].entries()) {
        f.store(i32.add(at(kept, index), offset), quantity);
      }
    };
    overTable(f, entry, end, f.parameter(4), [scales, shifts, ...kept], body, () => {
      f.set(sum, i32.add(sum, i32.constant(STRIDE)));
      const past = i32.constant(memory.logDet + PARTIAL_SUMS * STRIDE);
      f.set(sum, i32.select(i32.ltU(sum, past), sum, i32.constant(memory.logDet)));
    });
  });
};

/** Runs a body for every vector of every table entry; the pointers move on by one quantity with each entry. */
export const overTable = (
  f: FunctionBuilder,
  entry: Local<'i32'>,
  end: I32,
  panelBytes: I32,
  pointers: readonly Local<'i32'>[],
  body: (offset: I32) => void,
  next: () => void = () => undefined,
): void => {
  const offset = f.local('i32');
  f.while(
    () => i32.ltU(entry, end),
    () => {
      f.set(offset, i32.constant(0));
      f.doWhile(
        () => {
          body(offset);
          f.advance(offset, VECTOR_BYTES);
        },
        () => i32.ltU(offset, panelBytes),
      );
      f.advance(entry, ENTRY_BYTES);
      for (const pointer of pointers) f.advance(pointer, STRIDE);
      next();
    },
  );
};
