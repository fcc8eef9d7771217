import type { EncodingPlan } from '@flowline/features';
import type { Flow } from '@flowline/flows';

import { exportEncoding } from './encoding.ts';
import { OnnxGraph } from './onnx-graph.ts';
import { exportPlan, logSumExp } from './plan.ts';
import { lowerFlow } from '../../lower/flow.ts';

/** ONNX element type of float64. */
const DOUBLE = 11;

/**
 * Exports a detector as an ONNX model. Each feature is an input [n × 1]: float64, NaN if missing,
 * or for levels text, empty if missing. The output is logDensity [n × 1] in float64: log p(event)
 * in nats and original units, −∞ outside the domain. Several flows form an equal mixture. The
 * inputs are the values of the features, so the expression in a feature's `from` is not part of the
 * model.
 * @throws FlowlineError FLOWLINE_BACKEND_UNAVAILABLE for a flow without a lowering.
 */
export const exportDetector = (
  encoding: EncodingPlan,
  flows: readonly Flow[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array => {
  const plans = flows.map(lowerFlow);
  const graph = new OnnxGraph();
  const { x, context, logTerms, outside } = exportEncoding(graph, encoding);
  const members = plans.map((plan) => graph.node('Cast', [exportPlan(graph, plan, x, context)], { to: DOUBLE }));
  const mixture =
    members.length === 1
      ? members
      : [graph.node('Sub', [logSumExp(graph, members, 'double'), graph.double([Math.log(members.length)])])];
  const total = [...mixture, ...logTerms].reduce((sum, term) => graph.node('Add', [sum, term]));
  const nowhere = graph.double([-Infinity]);
  // A value beyond the range of float32 has no density, as in the product.
  const defined = graph.node('Where', [graph.node('Equal', [total, total]), total, nowhere]);
  const density = outside === null ? defined : graph.node('Where', [outside, nowhere, defined]);
  graph.output('logDensity', density, 'double', 1, 'log p(event) in nats and original units');
  return graph.model('detector', '1', metadata);
};
