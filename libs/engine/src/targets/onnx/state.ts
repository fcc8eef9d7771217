import { entry, at } from '@flowline/events';
import { exportDense, perColumn } from './columns.ts';
import type { OnnxGraph, Tensor } from './onnx-graph.ts';
import type { Plan, Reading } from '../../plan/plan.ts';

interface Place {
  readonly tensor: Tensor;
  readonly column: number;
  /** Number of columns of the tensor. */
  readonly width: number;
}

/**
 * State of the rows on their way through a plan. Each dimension is a column of some tensor, so
 * moving it is free.
 */
export class StateColumns {
  readonly graph: OnnxGraph;
  readonly plan: Plan;
  /** Context, c columns. Null if there is none. */
  readonly context: Tensor | null;
  /** d columns, 1 where a dimension is observed. Null if all of them always are. */
  readonly #observed: Tensor | null;
  #places: readonly Place[];

  constructor(graph: OnnxGraph, plan: Plan, x: Tensor, context: Tensor | null) {
    this.graph = graph;
    this.plan = plan;
    this.context = context;
    this.#observed = context === null ? null : observedOf(graph, plan, context);
    const known = this.#observed === null ? x : graph.node('Where', [this.isObserved(null) ?? '', x, graph.float([0])]);
    this.#places = plan.presence.map((_, column) => ({ tensor: known, column, width: plan.features }));
  }

  /** u of a reading, a column per dimension. */
  read({ dimensions, scale, shift }: Reading): Tensor {
    const { graph } = this;
    const v = this.#columns(Array.from(dimensions, (dimension) => at(this.#places, dimension)));
    const scaled = scale.every((value) => value === 1) ? v : graph.node('Mul', [v, perColumn(graph, scale)]);
    if (shift.every((value) => value === 0)) return scaled;
    const moved = perColumn(graph, shift);
    const observed = this.observed(dimensions);
    return graph.node('Add', [scaled, observed === null ? moved : graph.node('Mul', [observed, moved])]);
  }

  /** Writes values to dimensions, 0 where not observed. */
  write(dimensions: Int32Array, values: Tensor): void {
    const tensor = this.whereObserved(dimensions, values);
    const places = [...this.#places];
    dimensions.forEach((dimension, column) => {
      places[dimension] = { tensor, column, width: dimensions.length };
    });
    this.#places = places;
  }

  /** Values of dimensions, 0 where not observed. */
  whereObserved(dimensions: Int32Array, values: Tensor): Tensor {
    const isObserved = this.isObserved(dimensions);
    return isObserved === null ? values : this.graph.node('Where', [isObserved, values, this.graph.float([0])]);
  }

  /** 1 where dimensions are observed, else 0. Null if all of them always are. */
  observed(dimensions: Int32Array): Tensor | null {
    const tensor = this.#observed;
    const always = dimensions.every((dimension) => this.plan.presence[dimension] === null);
    if (tensor === null || always) return null;
    return this.#columns(Array.from(dimensions, (column) => ({ tensor, column, width: this.plan.features })));
  }

  /** The same as booleans. `dimensions` null stands for all dimensions. */
  isObserved(dimensions: Int32Array | null): Tensor | null {
    const observed = dimensions === null ? this.#observed : this.observed(dimensions);
    return observed === null ? null : this.graph.node('Greater', [observed, this.graph.float([0.5])]);
  }

  /** Columns side by side: a tensor as it is, a slice of one, or a gather from several. */
  #columns(places: readonly Place[]): Tensor {
    const first = at(places, 0);
    const single = places.every(({ tensor }) => tensor === first.tensor);
    if (single && places.every(({ column }, i) => column === first.column + i)) {
      if (first.column === 0 && first.width === places.length) return first.tensor;
      const bounds = [[first.column], [first.column + places.length], [1]];
      return this.graph.node('Slice', [first.tensor, ...bounds.map((bound) => this.graph.int64(bound))]);
    }
    const tensors = [...new Map(places.map((place) => [place.tensor, place.width]))];
    const starts = new Map<Tensor, number>();
    let width = 0;
    for (const [tensor, columns] of tensors) {
      starts.set(tensor, width);
      width += columns;
    }
    const names = tensors.map(([tensor]) => tensor);
    const all = names.length === 1 ? first.tensor : this.graph.node('Concat', names, { axis: 1 });
    const indices = places.map(({ tensor, column }) => entry(starts, tensor) + column);
    if (indices.length === width && indices.every((index, i) => index === i)) return all;
    return this.graph.node('Gather', [all, this.graph.int64(indices)], { axis: 1 });
  }
}

/** Presence of each dimension: 1 if it is always observed, else its presence column. */
const observedOf = (
  graph: OnnxGraph,
  { presence, context: columns, features }: Plan,
  context: Tensor,
): Tensor | null => {
  if (presence.every((column) => column === null)) return null;
  const present = graph.node('Cast', [graph.node('Greater', [context, graph.float([0.5])])], { to: 1 });
  const weights = new Float64Array(columns * features);
  presence.forEach((column, dimension) => {
    if (column !== null) weights[column * features + dimension] = 1;
  });
  const bias = Float64Array.from(presence, (column) => (column === null ? 1 : 0));
  return exportDense(graph, { inputs: columns, outputs: features, weights, bias }, present);
};
