import type { PortableKernels } from '@flowline/engine';
import type { FeatureEncodingConfig } from '@flowline/features';

import type { CalibrationManifest } from '../bundle/saved-calibrations.ts';
import type { StatisticManifest } from '../bundle/saved-statistic.ts';

/** Format of a browser bundle, a safetensors file. */
export const BROWSER_FORMAT = 'flowline.browser';
/** Format version that this release writes and reads. */
export const BROWSER_VERSION = 1;

/** Addresses of an emitted kernel, whose bytes are a tensor. */
export type KernelAddresses = Omit<PortableKernels['score'], 'bytes'>;

/** JSON part of a browser bundle: all that scores depend on, besides the tensors. */
export interface BrowserManifest extends CalibrationManifest {
  readonly encoding: FeatureEncodingConfig;
  readonly statistic: StatisticManifest | null;
  readonly members: readonly {
    readonly shape: PortableKernels['shape'];
    readonly score: KernelAddresses;
  }[];
}

/** Name of the tensor with the bytes of a member's kernel. */
export const kernelName = (member: number): string => `member${member}/score.wasm`;
