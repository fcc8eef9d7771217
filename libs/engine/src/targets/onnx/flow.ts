import type { Flow } from '@flowline/flows';

import { OnnxGraph } from './onnx-graph.ts';
import { exportPlan } from './plan.ts';
import { lowerFlow } from '../../lower/flow.ts';

/**
 * Exports a flow as an ONNX model: inputs x [n × d] and, if the flow has one, context [n × c];
 * output logDensity [n × 1]; all float32. Throws FLOWLINE_BACKEND_UNAVAILABLE for a flow without a
 * lowering.
 */
export const exportFlow = (flow: Flow): Uint8Array => {
  const plan = lowerFlow(flow);
  const graph = new OnnxGraph();
  const x = graph.input('x', 'float', plan.features, 'encoded features');
  const context = plan.context === 0 ? null : graph.input('context', 'float', plan.context, 'context columns');
  graph.output('logDensity', exportPlan(graph, plan, x, context), 'float', 1, 'log p(x | context) in nats');
  return graph.model('flow', '1', { family: flow.config.family });
};
