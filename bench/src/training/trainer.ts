import { backendTable } from '@flowline/engine';
import { fit, initBackend } from '@flowline/flows';

import { compiledFit } from './compiled-fit.ts';
import type { OurEngine, Trainer } from './engines.ts';

/**
 * Starts an engine of ours in this process, which has no other: the backend of the tensor library
 * is global. Returns the reason if it cannot run here.
 */
export async function trainerOf(engine: OurEngine, threads: number): Promise<Trainer | string> {
  if (engine === 'tensorflow') {
    const entry = backendTable.find(({ name }) => name === engine);
    const availability = await entry?.probe({ threads, offThread: false });
    if (availability === undefined) return 'not in this build';
    return availability.available ? fit : availability.why;
  }
  await initBackend('wasm');
  return engine === 'tfjs-wasm' ? fit : compiledFit(threads);
}
