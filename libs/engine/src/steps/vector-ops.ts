import type { Node } from '../formula/graph.ts';

/**
 * Operations of a target on a step that maps all dimensions at once. A vector V holds one number
 * per dimension, a scalar S one number per row. What they are is up to the target: numbers, or the
 * code that computes them for one row or for a tile of rows.
 *
 * A vector may be computed anew wherever it is used, dimension by dimension.
 */
export interface VectorOps<V, S> {
  /** u of the step's reading. */
  readonly u: V;
  /** Part of the step's parameters with one number per dimension. */
  vector(part: number): V;
  /** Part of the step's parameters that is a single number. */
  scalar(part: number): S;
  /** Number of observed dimensions. */
  countObserved(): S;

  /** A scalar as a vector: the same number in every dimension. */
  each(s: S): V;
  /** v where a dimension is observed, 0 elsewhere. */
  observed(v: V): V;
  /** v, computed once per dimension within one operation. For a vector that is used twice. */
  kept(v: V): V;
  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  mul(a: V, b: V): V;
  /** a·b + c, rounded once where the target can. */
  multiplyAdd(a: V, b: V, c: V): V;

  /** Σ a_d·b_d over the dimensions. */
  dot(a: V, b: V): S;
  addScalars(a: S, b: S): S;
  /** Values of formulas whose i-th input is the i-th of `inputs`. */
  formulas(outputs: readonly Node[], inputs: readonly S[]): readonly S[];
}

/** Operations of the forward pass. */
export interface ForwardOps<V, S> extends VectorOps<V, S> {
  /** Writes the new state. */
  write(v: V): void;
  /** Adds the step's log|det|. */
  addLogDet(s: S): void;
}

/** Operations of the reverse pass. Its reading `u` is the one of the forward pass. */
export interface ReverseOps<V, S> extends VectorOps<V, S> {
  /** ∂ log p / ∂state after the step. */
  readonly adjoint: V;
  /** Writes ∂ log p / ∂u. The target takes it on to the state before the step. */
  writeAdjoint(v: V): void;
}

/**
 * Operations of the reverse pass of training, over a loss L of the scores of rows: `adjoint` and
 * `writeAdjoint` are of L, and the parts of the step's parameters have derivatives, too. Whatever
 * is written reads the values before it, so `writeAdjoint` comes last.
 */
export interface TrainingOps<V, S> extends ReverseOps<V, S> {
  /** ∂L/∂ log p of the row, which is also ∂L/∂ log|det| of the step. */
  readonly scoreAdjoint: S;
  /** Writes ∂L/∂ a part with one number per dimension. */
  writeVector(part: number, v: V): void;
  /** Writes ∂L/∂ a part that is a single number. */
  writeScalar(part: number, s: S): void;
}
