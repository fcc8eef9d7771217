import { emitPortable, type FrozenFlow, type PortableKernels } from '@flowline/engine';
import { encodeSafetensors, type SafeTensor } from '@flowline/flows';

import type { ModelBundle } from '../bundle/bundle.ts';
import { savedCalibrations } from '../bundle/saved-calibrations.ts';
import { savedStatistic } from '../bundle/saved-statistic.ts';
import {
  BROWSER_FORMAT,
  BROWSER_VERSION,
  type BrowserManifest,
  type KernelAddresses,
  kernelName,
} from './browser-bundle.ts';

/**
 * Exports a model for browsers, as one file: the emitted WebAssembly modules of its flows, with
 * their weights; the encoding of its features; the calibration from scores to p-values; and the
 * combined statistic, if one decides. `openBrowserBundle` scores with it as {@link Detector.score}
 * does, within the tolerance of the engine. The same model gives the same bytes.
 * @throws FlowlineError FLOWLINE_BACKEND_UNAVAILABLE for a family without a compiled form.
 */
export async function exportBrowser(
  { encoding, calibration, statistic }: Pick<ModelBundle, 'encoding' | 'calibration' | 'statistic'>,
  flows: readonly FrozenFlow[],
): Promise<Uint8Array> {
  const tensors: Record<string, SafeTensor> = {};
  const kernel = (name: string, { bytes, ...addresses }: PortableKernels['score']): KernelAddresses => {
    tensors[name] = { dtype: 'U8', shape: [bytes.length], data: bytes };
    return addresses;
  };
  const members: BrowserManifest['members'][number][] = [];
  for (const [i, flow] of flows.entries()) {
    const { shape, score, gradient } = await emitPortable(flow, { gradient: statistic !== null });
    members.push({
      shape,
      score: kernel(kernelName(i, 'score'), score),
      gradient: gradient && kernel(kernelName(i, 'gradient'), gradient),
    });
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
