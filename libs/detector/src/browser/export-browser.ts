import { emitPortable, type FrozenFlow } from '@flowline/engine';
import { encodeSafetensors, type SafeTensor } from '@flowline/flows';

import type { ModelBundle } from '../bundle/bundle.ts';
import { savedCalibrations } from '../bundle/saved-calibrations.ts';
import { savedStatistic } from '../bundle/saved-statistic.ts';
import { BROWSER_FORMAT, BROWSER_VERSION, type BrowserManifest, kernelName } from './browser-bundle.ts';

/**
 * Exports a model for browsers, as one file: the emitted WebAssembly modules of its flows, with
 * their weights; the encoding of its features; the calibration from scores to p-values; and the
 * statistic, if one decides. `openBrowserBundle` scores with it as {@link Detector.score}
 * does, within the tolerance of the engine. The same model gives the same bytes.
 * @throws FlowlineError FLOWLINE_BACKEND_UNAVAILABLE for a family without a compiled form.
 */
export async function exportBrowser(
  { encoding, calibration, statistic }: Pick<ModelBundle, 'encoding' | 'calibration' | 'statistic'>,
  flows: readonly FrozenFlow[],
): Promise<Uint8Array> {
  const tensors: Record<string, SafeTensor> = {};
  const members: BrowserManifest['members'][number][] = [];
  for (const [i, flow] of flows.entries()) {
    const { shape, score } = await emitPortable(flow);
    const { bytes, ...addresses } = score;
    tensors[kernelName(i)] = { dtype: 'U8', shape: [bytes.length], data: bytes };
    members.push({ shape, score: addresses });
  }
  const saved = savedCalibrations(calibration);
  const decides = statistic && savedStatistic(statistic);
  Object.assign(tensors, saved.tensors, decides?.tensors);
  const manifest: BrowserManifest = {
    ...saved.manifest,
    ...{ encoding: encoding.toJSON(), statistic: decides?.manifest ?? null, members },
  };
  return encodeSafetensors(tensors, {
    ...{ format: BROWSER_FORMAT, version: String(BROWSER_VERSION), manifest: JSON.stringify(manifest) },
  });
}
