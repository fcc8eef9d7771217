import { exportDetector } from '@flowline/engine';
import { type Flow, initBackend, loadFlow } from '@flowline/flows';

import type { ModelBundle } from './bundle.ts';

/**
 * Exports a model as ONNX, for programs other than Flowline: from the values of its features to log
 * p(event) in nats and original units (see {@link exportDetector}). The metadata contain the
 * detector's name, the family, the features in order, and the test that decides: `covers` says that
 * the density is exported, and neither p-values nor the other components of another test.
 * @throws FlowlineError FLOWLINE_BACKEND_UNAVAILABLE for a family without a compiled form;
 * FLOWLINE_MODEL_CORRUPTED.
 */
export async function exportOnnx(bundle: ModelBundle): Promise<Uint8Array> {
  const { metadata, schema, encoding, flows: saved, statistic } = bundle;
  await initBackend('cpu');
  const flows: Flow[] = [];
  try {
    for (const bytes of saved) flows.push(loadFlow(bytes));
    return exportDetector(encoding.plan(), flows, {
      detector: metadata.detector,
      family: metadata.family,
      features: JSON.stringify(schema),
      test: statistic?.test ?? 'density',
      covers: 'log density',
    });
  } finally {
    for (const flow of flows) flow.dispose();
  }
}
