import { at } from '@flowline/events';
import { hasPresence } from './emission.ts';
import type { Emission } from './emission.ts';
import { f32, f32x4, i32, v128 } from './assembly/expression.ts';
import type { F32, I32, Local, V128 } from './assembly/expression.ts';
import type { FunctionBuilder } from './assembly/function-builder.ts';
import { STRIDE, VECTOR_BYTES } from './layout.ts';
import type { SingleMemory } from './single-memory.ts';
import { PARTIAL_SUMS } from './tile-memory.ts';
import type { TileMemory } from './tile-memory.ts';
import type { Reading } from '../../plan/plan.ts';

const FLOAT_BYTES = 4;
const LANES = 4;

/** A value of a vector; 0 in the lanes beyond the last. */
const padded = (values: ArrayLike<number>, i: number): number => (i < values.length ? at(values, i) : 0);

/**
 * Dimensions of rows as the vectors of a kernel. In a tile a vector is one dimension of four rows;
 * in a single row it is four dimensions. A kernel written once over lanes gives the same bits for
 * both.
 */
export interface Lanes {
  readonly f: FunctionBuilder;
  /** Number of vectors that hold all dimensions. */
  readonly vectors: number;
  /** The i-th vector of a block of one float per dimension. */
  load(block: number, i: number): V128;
  store(block: number, i: number, value: V128): void;
  /** Loads one float per row, shared by all its dimensions, from a block of such floats. */
  loadShared(block: number, index?: number): V128;
  storeShared(block: number, index: number, value: V128): void;
  /** Constants per dimension. 0 in lanes without a dimension. */
  constants(values: ArrayLike<number>, i: number): V128;
  /** The state, or a block of the same shape, at the i-th vector of the given dimensions. */
  state(dimensions: Int32Array, i: number, block?: number): V128;
  setState(dimensions: Int32Array, i: number, value: V128, block?: number): void;
  /** 1 where the dimensions are observed. Null if all of them always are. */
  mask(dimensions: Int32Array, i: number): V128 | null;
  /** 1 if one dimension is observed, in all lanes of a row. */
  maskOf(dimension: number): V128;
  /**
   * Σ over the dimensions, in the same order for tiles and single rows. `term` adds to the sum so
   * far.
   */
  sum(term: (i: number, sum: V128) => V128): V128;
  addLogDet(value: V128): void;
}

/** Quantities whose lanes are rows: their distance in bytes, and those that every step shares. */
export interface RowQuantities {
  readonly stride: number;
  readonly state: number;
  readonly logDet: number;
  /** 1 where a dimension is observed, at an offset. */
  readonly observed: (dimension: number, offset: I32) => V128;
}

/** Lanes of a tile, at a byte offset within its quantities. */
export const tileLanes = (emission: Emission, f: FunctionBuilder, memory: TileMemory, offset: Local<'i32'>): Lanes =>
  rowLanes(emission, f, offset, {
    stride: STRIDE,
    state: memory.state,
    logDet: memory.logDet,
    observed: (dimension, from) => v128.load(from, at(memory.masks, dimension)),
  });

/** Lanes of quantities at a byte offset: a vector is one dimension of four rows. */
export const rowLanes = (
  { plan }: Pick<Emission, 'plan'>,
  f: FunctionBuilder,
  offset: Local<'i32'>,
  { stride, state: own, logDet, observed }: RowQuantities,
): Lanes => ({
  f,
  vectors: plan.features,
  load: (block, i) => v128.load(offset, block + i * stride),
  store: (block, i, value) => f.store(offset, value, block + i * stride),
  loadShared: (block, index = 0) => v128.load(offset, block + index * stride),
  storeShared: (block, index, value) => f.store(offset, value, block + index * stride),
  constants: (values, i) => f32x4.constant(at(values, i)),
  state: (dimensions, i, block = own) => v128.load(offset, block + at(dimensions, i) * stride),
  setState: (dimensions, i, value, block = own) => f.store(offset, value, block + at(dimensions, i) * stride),
  mask: (dimensions, i) => (at(plan.presence, at(dimensions, i)) === null ? null : observed(at(dimensions, i), offset)),
  maskOf: (dimension) => observed(dimension, offset),
  sum: (term) => {
    const sums = Array.from({ length: PARTIAL_SUMS }, () => f.let(f32x4.constant(0)));
    for (let i = 0; i < plan.features; i++) {
      const sum = at(sums, i % PARTIAL_SUMS);
      f.set(sum, term(i, sum));
    }
    return pairwise(sums);
  },
  addLogDet: (value) => f.store(offset, f32x4.add(v128.load(offset, logDet), value), logDet),
});

/** Lanes of a single row. */
export const singleLanes = ({ plan }: Emission, f: FunctionBuilder, memory: SingleMemory): Lanes => {
  const zero: I32 = i32.constant(0);
  const firstDimension = (dimensions: Int32Array, i: number): number | null => {
    const first = at(dimensions, i * LANES);
    const own = dimensions.subarray(i * LANES, (i + 1) * LANES);
    return first % LANES === 0 && own.every((dimension, lane) => dimension === first + lane) ? first : null;
  };
  const gather = (block: number, dimensions: Int32Array, i: number): V128 => {
    const first = firstDimension(dimensions, i);
    if (first !== null) return v128.load(zero, block + first * FLOAT_BYTES);
    const lanes = f.let(f32x4.constant(0));
    dimensions.subarray(i * LANES, (i + 1) * LANES).forEach((dimension, lane) => {
      f.set(lanes, v128.loadLane(zero, lanes, lane, block + dimension * FLOAT_BYTES));
    });
    return lanes;
  };
  return {
    f,
    vectors: Math.ceil(plan.features / LANES),
    load: (block, i) => v128.load(zero, block + i * VECTOR_BYTES),
    store: (block, i, value) => f.store(zero, value, block + i * VECTOR_BYTES),
    loadShared: (block, index = 0) => v128.loadSplat(zero, block + index * FLOAT_BYTES),
    storeShared: (block, index, value) => f.storeFloat(zero, f32x4.extract(value, 0), block + index * FLOAT_BYTES),
    constants: (values, i) => f32x4.lanes(Array.from({ length: LANES }, (_, lane) => padded(values, i * LANES + lane))),
    state: (dimensions, i, block = memory.state) => gather(block, dimensions, i),
    setState: (dimensions, i, value, block = memory.state) => {
      const kept = f.let(value);
      dimensions.subarray(i * LANES, (i + 1) * LANES).forEach((dimension, lane) => {
        f.storeLane(zero, kept, lane, block + dimension * FLOAT_BYTES);
      });
    },
    mask: (dimensions, i) => (hasPresence(plan) ? gather(memory.masks, dimensions, i) : null),
    maskOf: (dimension) => v128.loadSplat(zero, memory.masks + dimension * FLOAT_BYTES),
    sum: (term) => {
      const sum = f.let(f32x4.constant(0));
      for (let i = 0; i < Math.ceil(plan.features / LANES); i++) f.set(sum, term(i, sum));
      return f32x4.splat(acrossLanes(sum));
    },
    addLogDet: (value) => {
      const first = f32.add(f32.load(zero, memory.logDet), f32x4.extract(value, 0));
      f.storeFloat(zero, first, memory.logDet);
    },
  };
};

/** (a + b) + (c + d) of four partial sums. */
export const pairwise = (sums: readonly V128[]): V128 =>
  f32x4.add(f32x4.add(at(sums, 0), at(sums, 1)), f32x4.add(at(sums, 2), at(sums, 3)));

/** The same for the four lanes of a vector. */
export const acrossLanes = (sums: V128): F32 =>
  f32.add(
    f32.add(f32x4.extract(sums, 0), f32x4.extract(sums, 1)),
    f32.add(f32x4.extract(sums, 2), f32x4.extract(sums, 3)),
  );

/** Value times the mask, if there is one. */
export const times = (value: V128, mask: V128 | null): V128 => (mask === null ? value : f32x4.mul(value, mask));

/** u = scale·v + shift·o of a reading. */
export const readLanes = ({ math }: Emission, lanes: Lanes, { dimensions, scale, shift }: Reading, i: number): V128 => {
  const offset = lanes.constants(shift, i);
  const own = shift.some((value) => value !== 0) ? times(offset, lanes.mask(dimensions, i)) : offset;
  return math.multiplyAdd(lanes.state(dimensions, i), lanes.constants(scale, i), own);
};
