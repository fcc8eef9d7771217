import * as engine from '@flowline/engine';
import type { Flow, FitData, FitOptions, FitReport } from '@flowline/flows';

import type { Trainer } from './engines.ts';

/** Training in compiled steps: like `fit` of `@flowline/flows`, on so many threads. */
type FitCompiled = (
  flow: Flow,
  data: FitData,
  options: FitOptions & { readonly threads: number },
) => Promise<FitReport>;

/** Compiled training on so many threads, or the reason why there is none. */
export function compiledFit(threads: number): Trainer | string {
  const exported: object = engine;
  if (!('fitCompiled' in exported)) return '@flowline/engine exports no fitCompiled';
  const fitCompiled = exported.fitCompiled as FitCompiled;
  return (flow, data, options) => fitCompiled(flow, data, { ...options, threads });
}
