import { hasPresence, inputEndOf, place } from './emission.ts';
import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './expression.ts';
import type { I32, Local, V128 } from './expression.ts';
import type { FunctionBuilder, FunctionReference } from './function-builder.ts';
import { VECTOR_BYTES } from './layout.ts';
import { prepareNetworkSingle } from './network-single.ts';
import type { SingleBuffers } from './network-single.ts';
import type { SingleMemory } from './single-memory.ts';
import { padded } from './single-memory.ts';
import { logScale, squash } from './squash.ts';
import { at } from '../at.ts';
import type { AffineCouplingStep } from './affine-coupling.ts';
import type { ScaleFunction } from '../plan.ts';

const FLOAT_BYTES = 4;
const LANES = 4;

/** Prepares one affine coupling of a single row; the same operations as coupling-tile.ts, with dimensions as lanes. */
export const prepareCouplingSingle = (
  emission: Emission,
  memory: SingleMemory,
  step: AffineCouplingStep,
  buffers: SingleBuffers,
  widest: number,
): ((f: FunctionBuilder) => void) => {
  const conditioning = placeVectors(
    emission,
    memory,
    step.conditioning,
    step.conditioningScale,
    step.conditioningShift,
  );
  const transformed = placeVectors(emission, memory, step.transformed, step.transformedScale, step.transformedShift);
  const count = step.conditioning.length;
  const inputEnd = inputEndOf(memory.inputEnds, step.inputClip);
  const network = prepareNetworkSingle(
    emission,
    step.network,
    count,
    inputEnd,
    step.transformed.length,
    buffers,
    widest,
  );
  const gather = defineGather(emission, step.inputClip);
  const apply = defineApply(emission, memory, step.scale);
  const input = inputEnd - padded(count) * FLOAT_BYTES;
  const c = (value: number): I32 => i32.constant(value);
  return (f) => {
    f.call(gather, c(conditioning.start), c(conditioning.end), c(input));
    network.forward(f);
    f.call(apply, c(transformed.start), c(transformed.end), c(network.scales), c(network.shifts));
  };
};

/** Four dimensions of a step: the addresses of their state and masks, the folded affine map, and which lanes are real. */
const Vector = { state: 0, mask: 16, scale: 32, shift: 48, real: 64 } as const;
const VECTOR_ENTRY_BYTES = 80;

const placeVectors = (
  emission: Emission,
  memory: SingleMemory,
  dimensions: Int32Array,
  scale: Float64Array,
  shift: Float64Array,
): { start: number; end: number } => {
  const vectors = padded(dimensions.length) / LANES;
  const view = new DataView(new ArrayBuffer(vectors * VECTOR_ENTRY_BYTES));
  for (let i = 0; i < vectors * LANES; i++) {
    const entry = Math.floor(i / LANES) * VECTOR_ENTRY_BYTES + (i % LANES) * FLOAT_BYTES;
    const real = i < dimensions.length;
    const offset = real ? at(dimensions, i) * FLOAT_BYTES : 0;
    view.setInt32(entry + Vector.state, real ? memory.state + offset : memory.nothing, true);
    view.setInt32(entry + Vector.mask, real ? memory.masks + offset : memory.nothing, true);
    view.setFloat32(entry + Vector.scale, real ? at(scale, i) : 0, true);
    view.setFloat32(entry + Vector.shift, real ? at(shift, i) : 0, true);
    view.setInt32(entry + Vector.real, real ? -1 : 0, true);
  }
  const start = place(emission, new Uint8Array(view.buffer));
  return { start, end: start + view.byteLength };
};

/** The floats at the four addresses that an entry holds. */
const gatherLanes = (f: FunctionBuilder, entry: I32, field: number): Local<'v128'> => {
  const lanes = f.let(f32x4.constant(0));
  for (let lane = 0; lane < LANES; lane++) {
    f.set(lanes, v128.loadLane(i32.load(entry, field + lane * FLOAT_BYTES), lanes, lane));
  }
  return lanes;
};

const readDimensions = (emission: Emission, f: FunctionBuilder, entry: I32, mask: V128 | null): V128 => {
  const shift = v128.load(entry, Vector.shift);
  return emission.math.multiplyAdd(
    v128.load(entry, Vector.scale),
    gatherLanes(f, entry, Vector.state),
    mask === null ? shift : f32x4.mul(shift, mask),
  );
};

const readMasks = (emission: Emission, f: FunctionBuilder, entry: I32): V128 | null =>
  hasPresence(emission.plan) ? gatherLanes(f, entry, Vector.mask) : null;

/** The network's input of a row. Parameters: entries, their end, destination. */
const defineGather = (emission: Emission, clip: number | null): FunctionReference =>
  emission.module.define(`gatherSingle ${clip}`, 3, (f) => {
    const { math } = emission;
    const [entry, end, to] = [f.let(f.parameter(0)), f.parameter(1), f.let(f.parameter(2))];
    f.while(
      () => i32.ltU(entry, end),
      () => {
        const value = f.let(readDimensions(emission, f, entry, readMasks(emission, f, entry)));
        f.store(to, squash(f, math, clip, value));
        f.advance(entry, VECTOR_ENTRY_BYTES);
        f.advance(to, VECTOR_BYTES);
      },
    );
  });

/** v ← v·e^s + t of a row. Parameters: entries, their end, scales r, shifts t. */
const defineApply = (emission: Emission, memory: SingleMemory, scale: ScaleFunction): FunctionReference =>
  emission.module.define(`applySingle ${scale.kind} ${scale.bound}`, 4, (f) => {
    const { math } = emission;
    const [entry, end, scales, shifts] = [
      f.let(f.parameter(0)),
      f.parameter(1),
      f.let(f.parameter(2)),
      f.let(f.parameter(3)),
    ];
    const sums = i32.constant(memory.logDet);
    const sum = f.let(v128.load(sums));
    f.while(
      () => i32.ltU(entry, end),
      () => {
        const mask = readMasks(emission, f, entry);
        const masked = (value: V128): V128 => (mask === null ? value : f32x4.mul(value, mask));
        const real = f.let(v128.load(entry, Vector.real));
        const unmasked = logScale(f, math, scale, f.let(v128.load(scales)));
        const s = f.let(v128.and(masked(unmasked), real));
        const factor = f.let(math.exp(f, s));
        const value = f.let(readDimensions(emission, f, entry, mask));
        const result = f.let(v128.and(math.multiplyAdd(value, factor, masked(v128.load(shifts))), real));
        for (let lane = 0; lane < LANES; lane++) {
          f.storeLane(i32.load(entry, Vector.state + lane * FLOAT_BYTES), result, lane);
        }
        f.set(sum, f32x4.add(sum, s));
        f.advance(entry, VECTOR_ENTRY_BYTES);
        f.advance(scales, VECTOR_BYTES);
        f.advance(shifts, VECTOR_BYTES);
      },
    );
    f.store(sums, sum);
  });
