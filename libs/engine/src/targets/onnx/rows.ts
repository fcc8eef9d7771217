import type { Steps } from '@flowline/events';

import { OnnxGraph } from './onnx-graph.ts';
import type { GraphForm, Tensor } from './onnx-graph.ts';
import { latentExport, scoreExport } from './plan.ts';
import type { Plan } from '../../plan/plan.ts';

/** Output of an exported plan per row. */
export type RowOutput = 'score' | 'latent';

/**
 * Exports a plan as an ONNX model over rows as the engine has them: input `rows` [n × (d + c)];
 * output `score` [n × 1] or `latent` [n × d]; float32.
 */
export function* rowsExport(plan: Plan, output: RowOutput, form: GraphForm): Steps<Uint8Array> {
  const { features, context } = plan;
  const graph = new OnnxGraph(form);
  const width = features + context;
  const given = graph.input('rows', 'float', width, 'encoded features, then context columns');
  const rows = form === 'channels' ? asChannels(graph, given, width) : given;
  const columns = (from: number, to: number): Tensor =>
    graph.node('Slice', [rows, ...[from, to, 1].map((bound) => graph.int64([bound]))]);
  const [x, known] = context === 0 ? [rows, null] : [columns(0, features), columns(features, width)];
  if (output === 'score') {
    const score = yield* scoreExport(graph, plan, x, known);
    graph.output(output, asRows(graph, score, 1), 'float', 1, 'log p in nats');
  } else {
    const latent = yield* latentExport(graph, plan, x, known);
    graph.output(output, asRows(graph, latent, features), 'float', features, 'latent z');
  }
  return graph.model('rows', '1', {});
}

/** [n × k] → [1 × k × 1 × n] */
const asChannels = (graph: OnnxGraph, of: Tensor, columns: number): Tensor =>
  graph.node('Reshape', [graph.node('Transpose', [of], { perm: [1, 0] }), graph.int64([1, columns, 1, -1])]);

/** Tensor of a graph → [n × k] */
const asRows = (graph: OnnxGraph, of: Tensor, columns: number): Tensor => {
  if (graph.form !== 'channels') return of;
  if (columns === 1) return graph.node('Reshape', [of, graph.int64([-1, 1])]);
  return graph.node('Transpose', [graph.node('Reshape', [of, graph.int64([columns, -1])])], { perm: [1, 0] });
};
