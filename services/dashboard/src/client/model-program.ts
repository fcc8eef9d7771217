import { type BrowserDetector, openBrowserBundle } from '@flowline/detector/browser';

import { callForBytes } from './call.ts';

export { type BrowserDetector, type EventValues, type KnownFeature } from '@flowline/detector/browser';

/** Model by its place and content. */
export interface ModelAddress {
  readonly detector: string;
  readonly version: number;
  readonly sha256: string;
}

/**
 * Loads a model to score with in this page. The browser keeps the file, whose address names its
 * content.
 * @throws ApiProblem; FlowlineError FLOWLINE_BACKEND_UNAVAILABLE if this browser runs no
 * WebAssembly SIMD.
 */
export async function openModel(
  { detector, version, sha256 }: ModelAddress,
  signal?: AbortSignal,
): Promise<BrowserDetector> {
  const bytes = await callForBytes('GET /v1/detectors/{detector}/models/{version}/browser', {
    params: { detector, version },
    query: { sha256 },
    ...(signal === undefined ? {} : { signal }),
  });
  return openBrowserBundle(bytes);
}
