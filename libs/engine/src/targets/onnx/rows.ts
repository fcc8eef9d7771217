import type { Steps } from '@flowline/events';

import { OnnxGraph } from './onnx-graph.ts';
import { latentExport, scoreExport } from './plan.ts';
import type { Plan } from '../../plan/plan.ts';

/** Output of an exported plan per row. */
export type RowOutput = 'score' | 'latent';

/**
 * Exports a plan as an ONNX model over rows as the engine has them: input `rows` [n × (d + c)];
 * output `score` [n × 1] or `latent` [n × d]; float32.
 */
export function* rowsExport(plan: Plan, output: RowOutput): Steps<Uint8Array> {
  const { features, context } = plan;
  const graph = new OnnxGraph();
  const rows = graph.input('rows', 'float', features + context, 'encoded features, then context columns');
  const columns = (from: number, to: number): string =>
    graph.node('Slice', [rows, ...[from, to, 1].map((bound) => graph.int64([bound]))]);
  const [x, given] = context === 0 ? [rows, null] : [columns(0, features), columns(features, features + context)];
  if (output === 'score') graph.output(output, yield* scoreExport(graph, plan, x, given), 'float', 1, 'log p in nats');
  else graph.output(output, yield* latentExport(graph, plan, x, given), 'float', features, 'latent z');
  return graph.model('rows', '1', {});
}
