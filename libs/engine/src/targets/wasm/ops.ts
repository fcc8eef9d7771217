import { at } from '@flowline/events';
import { f32x4 } from './assembly/expression.ts';
import type { V128 } from './assembly/expression.ts';
import type { Emission } from './emission.ts';
import { writeFormulas } from './formula.ts';
import { readLanes, times } from './lanes.ts';
import type { Lanes } from './lanes.ts';
import type { Reading } from '../../plan/plan.ts';
import type { ForwardOps, ReverseOps, TrainingOps, VectorOps } from '../../steps/vector-ops.ts';

/** Emits the i-th vector of all dimensions. */
type Vector = (i: number) => V128;

/** Blocks of a step beside the state. */
export interface StepBlocks {
  /** Parts of the step's parameters. */
  readonly parts: readonly number[];
  /** u, kept by the forward pass for the reverse pass. Null if there is none. */
  readonly saves: number | null;
}

/**
 * Operations that emit code over lanes: four rows of a tile, or four dimensions of a single row.
 * Both take the same operations in the same order, so they give the same bits.
 */
export const forwardOps = (
  emission: Emission,
  lanes: Lanes,
  reading: Reading,
  { parts, saves }: StepBlocks,
): ForwardOps<Vector, V128> => {
  const { f, vectors } = lanes;
  let before: V128 | null = null;
  const { ops, startVector } = arithmetic(emission, lanes, reading, parts);
  return {
    ...ops,
    u: (i) => before ?? readLanes(emission, lanes, reading, i),
    write: (v) => {
      for (let i = 0; i < vectors; i++) {
        startVector();
        before = f.let(readLanes(emission, lanes, reading, i));
        if (saves !== null) lanes.store(saves, i, before);
        lanes.setState(reading.dimensions, i, v(i));
        before = null;
      }
    },
    addLogDet: (s) => lanes.addLogDet(s),
  };
};

/** Operations that emit the reverse pass. `adjoint` is the block of ∂ log p / ∂state. */
export const reverseOps = (
  emission: Emission,
  lanes: Lanes,
  reading: Reading,
  blocks: StepBlocks & { readonly saves: number },
  adjoint: number,
): ReverseOps<Vector, V128> => {
  const { startVector: _, ...ops } = reversing(emission, lanes, reading, blocks, adjoint);
  return ops;
};

const reversing = (
  emission: Emission,
  lanes: Lanes,
  reading: Reading,
  { parts, saves }: StepBlocks & { readonly saves: number },
  adjoint: number,
): ReverseOps<Vector, V128> & { readonly startVector: () => void } => {
  const { dimensions, scale } = reading;
  const { ops, startVector } = arithmetic(emission, lanes, reading, parts);
  return {
    ...ops,
    startVector,
    u: (i) => lanes.load(saves, i),
    adjoint: (i) => lanes.state(dimensions, i, adjoint),
    writeAdjoint: (v) => {
      for (let i = 0; i < lanes.vectors; i++) {
        startVector();
        lanes.setState(dimensions, i, f32x4.mul(v(i), lanes.constants(scale, i)), adjoint);
      }
    },
  };
};

/** Blocks that the reverse pass of training writes, and the block of ∂L/∂ log p of the rows. */
export interface AdjointBlocks {
  readonly adjoint: number;
  readonly parts: readonly number[];
  readonly score: number;
}

/** Operations that emit the reverse pass of training. */
export const trainingOps = (
  emission: Emission,
  lanes: Lanes,
  reading: Reading,
  blocks: StepBlocks & { readonly saves: number },
  { adjoint, parts, score }: AdjointBlocks,
): TrainingOps<Vector, V128> => {
  const { startVector, ...ops } = reversing(emission, lanes, reading, blocks, adjoint);
  return {
    ...ops,
    scoreAdjoint: lanes.loadShared(score),
    writeVector: (part, v) => {
      for (let i = 0; i < lanes.vectors; i++) {
        startVector();
        lanes.store(at(parts, part), i, v(i));
      }
    },
    writeScalar: (part, s) => lanes.storeShared(at(parts, part), 0, s),
  };
};

/** Operations that neither read nor write the state. */
type Arithmetic = Omit<VectorOps<Vector, V128>, 'u'>;

const arithmetic = (
  emission: Emission,
  lanes: Lanes,
  { dimensions }: Reading,
  parts: readonly number[],
): { ops: Arithmetic; startVector: () => void } => {
  const { plan, math } = emission;
  const { f } = lanes;
  /** Counts the vectors that were begun: what is kept holds for one of them. */
  let current = 0;
  const startVector = (): void => {
    current++;
  };
  const sum = (term: (i: number, total: V128) => V128): V128 =>
    f.let(
      lanes.sum((i, total) => {
        startVector();
        return term(i, total);
      }),
    );
  const ones = new Float64Array(plan.features).fill(1);
  const ops: Arithmetic = {
    vector: (part) => (i) => lanes.load(at(parts, part), i),
    scalar: (part) => lanes.loadShared(at(parts, part)),
    countObserved: () =>
      plan.presence.every((column) => column === null)
        ? f32x4.constant(plan.features)
        : sum((i, total) => f32x4.add(times(lanes.constants(ones, i), lanes.mask(dimensions, i)), total)),
    each: (s) => () => s,
    observed: (v) => (i) => times(v(i), lanes.mask(dimensions, i)),
    kept: (v) => {
      let held: { readonly of: number; readonly value: V128 } | null = null;
      return (i) => {
        if (held?.of !== current) held = { of: current, value: f.let(v(i)) };
        return held.value;
      };
    },
    add: (a, b) => (i) => f32x4.add(a(i), b(i)),
    sub: (a, b) => (i) => f32x4.sub(a(i), b(i)),
    mul: (a, b) => (i) => f32x4.mul(a(i), b(i)),
    multiplyAdd: (a, b, c) => (i) => math.multiplyAdd(a(i), b(i), c(i)),
    dot: (a, b) => sum((i, total) => math.multiplyAdd(a(i), b(i), total)),
    addScalars: (a, b) => f.let(f32x4.add(a, b)),
    formulas: (outputs, inputs) => writeFormulas(f, math, outputs, (i) => at(inputs, i)),
  };
  return { ops, startVector };
};
