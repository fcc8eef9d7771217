import type { ForwardOps, ReverseOps, TrainingOps } from './vector-ops.ts';

/** Map of all dimensions whose parameters depend only on the context, for every target. */
export interface ContextualMap {
  /** Name that determines the map: its type, and the options in its formulas. */
  readonly key: string;
  /** Parts of the network's outputs, in order: one number per dimension, or a single one. */
  readonly parts: readonly ('vector' | 'scalar')[];
  /** Options that the map needs, in words, and whether the step has them. */
  readonly requires?: { readonly options: string; readonly met: boolean };
  readonly forward: <V, S>(ops: ForwardOps<V, S>) => void;
  /**
   * ∂/∂(state after the step) → ∂/∂u, with the derivative of the step's own log|det|. The
   * parameters get no derivative, because the context gets none.
   */
  readonly reverse: <V, S>(ops: ReverseOps<V, S>) => void;
  /**
   * ∂L/∂(state after the step) and ∂L/∂ log|det| → ∂L/∂u and ∂L/∂ each part of the parameters. What
   * training needs beyond `reverse`.
   */
  readonly pullBack: <V, S>(ops: TrainingOps<V, S>) => void;
}

/** Widths of the parts of a map's parameters over d dimensions. */
export const partWidths = ({ parts }: ContextualMap, d: number): readonly number[] =>
  parts.map((part) => (part === 'vector' ? d : 1));
