import { at } from '@flowline/events';
import { hasPresence, inputEndOf, place } from './emission.ts';
import type { Emission } from './emission.ts';
import { f32x4, i32, v128 } from './assembly/expression.ts';
import type { I32, Local, V128 } from './assembly/expression.ts';
import { writeFormulas } from './formula.ts';
import type { FunctionBuilder, FunctionReference } from './assembly/function-builder.ts';
import { times } from './lanes.ts';
import { VECTOR_BYTES } from './layout.ts';
import { prepareNetworkSingle } from './network-single.ts';
import type { SingleBuffers } from './network-single.ts';
import type { SingleMemory } from './single-memory.ts';
import { padded } from './single-memory.ts';
import { squash } from './squash.ts';
import { parametersOf } from '../../plan/plan.ts';
import type { Reading, Transformer, TransformStep } from '../../plan/plan.ts';
import { transformFormulas } from '../../steps/transform.ts';

const FLOAT_BYTES = 4;
const LANES = 4;

/** Emits a step of a single row. */
export type SingleStep = (f: FunctionBuilder) => void;

/**
 * Prepares a coupling or autoregressive map of a single row: the operations of transform-tile.ts,
 * with dimensions as lanes.
 */
export const prepareTransformSingle = (
  emission: Emission,
  memory: SingleMemory,
  step: TransformStep,
  buffers: SingleBuffers,
  widest: number,
): SingleStep => {
  const conditioning = placeVectors(emission, memory, step.conditioning);
  const transformed = placeVectors(emission, memory, step.transformed);
  const count = step.conditioning.dimensions.length;
  const width = step.transformed.dimensions.length;
  const inputEnd = inputEndOf(memory.inputEnds, step.inputClip);
  const partWidths = Array.from({ length: parametersOf(step.transformer) }, () => width);
  const network = prepareNetworkSingle(emission, step.network, count, inputEnd, partWidths, buffers, widest);
  const gather = defineGatherSingle(emission, step.inputClip);
  const apply = defineApply(emission, memory, step.transformer, network.parts);
  const input = inputEnd - padded(count) * FLOAT_BYTES;
  const c = (value: number): I32 => i32.constant(value);
  return (f) => {
    f.call(gather, c(conditioning.start), c(conditioning.end), c(input));
    network.forward(f);
    f.call(apply, c(transformed.start), c(transformed.end), c(network.parts.at(0) ?? 0));
  };
};

/**
 * Entry of four dimensions of a step: the addresses of their state and masks, the folded affine
 * map, and the lanes that hold a dimension.
 */
const Vector = { state: 0, mask: 16, scale: 32, shift: 48, real: 64 } as const;
const VECTOR_ENTRY_BYTES = 80;

/** Places the dimensions of a reading in memory, four by four. */
export const placeVectors = (
  emission: Emission,
  memory: SingleMemory,
  { dimensions, scale, shift }: Reading,
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

/** Gathers the floats at the four addresses in an entry. */
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

/**
 * Gathers squash(u) of a row's entries, side by side. Parameters: entries, their end, destination.
 */
export const defineGatherSingle = (emission: Emission, clip: number | null): FunctionReference =>
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

/**
 * Scatters values into the state at a row's entries, 0 where not observed. Parameters: entries,
 * their end, from.
 */
export const defineScatterSingle = (emission: Emission): FunctionReference =>
  emission.module.define('scatterSingle', 3, (f) => {
    const [entry, from] = [f.let(f.parameter(0)), f.let(f.parameter(2))];
    f.while(
      () => i32.ltU(entry, f.parameter(1)),
      () => {
        writeDimensions(f, entry, times(v128.load(from), readMasks(emission, f, entry)));
        f.advance(entry, VECTOR_ENTRY_BYTES);
        f.advance(from, VECTOR_BYTES);
      },
    );
  });

const writeDimensions = (f: FunctionBuilder, entry: I32, value: V128): void => {
  const result = f.let(v128.and(value, v128.load(entry, Vector.real)));
  for (let lane = 0; lane < LANES; lane++) {
    f.storeLane(i32.load(entry, Vector.state + lane * FLOAT_BYTES), result, lane);
  }
};

/** Applies v ← o·g(u; θ) to a row. Parameters: entries, their end, the first parameter. */
const defineApply = (
  emission: Emission,
  memory: SingleMemory,
  transformer: Transformer,
  parts: readonly number[],
): FunctionReference => {
  const offsets = parts.map((part) => part - at(parts, 0));
  return emission.module.define(`applySingle ${JSON.stringify(transformer)} ${offsets.join()}`, 3, (f) => {
    const { math } = emission;
    const { forward } = transformFormulas(transformer);
    const [entry, parameters] = [f.let(f.parameter(0)), f.let(f.parameter(2))];
    const sums = i32.constant(memory.logDet);
    const sum = f.let(v128.load(sums));
    f.while(
      () => i32.ltU(entry, f.parameter(1)),
      () => {
        const mask = readMasks(emission, f, entry);
        const u = f.let(readDimensions(emission, f, entry, mask));
        const inputs = [u, ...offsets.map((offset) => v128.load(i32.add(parameters, i32.constant(offset))))];
        const [result, logSlope] = writeFormulas(f, math, forward, (i) => at(inputs, i));
        if (result === undefined || logSlope === undefined) return;
        writeDimensions(f, entry, times(result, mask));
        f.set(sum, f32x4.add(sum, v128.and(times(logSlope, mask), v128.load(entry, Vector.real))));
        f.advance(entry, VECTOR_ENTRY_BYTES);
        f.advance(parameters, VECTOR_BYTES);
      },
    );
    f.store(sums, sum);
  });
};
