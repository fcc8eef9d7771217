import { FlowlineError, type ScoringBackend, turn } from '@flowline/events';

import { createOn } from './create-on.ts';
import { measuredRate } from './measured-rate.ts';
import { type Sample, worstErrorOf } from './verification.ts';
import type { FrozenFlow } from '../frozen-flow.ts';
import type { Scorer } from '../scorer.ts';
import type { BackendEntry, BackendOptions } from '../targets/backend-entry.ts';

/** Result of trying one backend under `auto`. */
export interface BackendTrial {
  readonly backend: ScoringBackend;
  /** Device in words. Null if the backend cannot run. */
  readonly device: string | null;
  /**
   * Reason in words why the backend cannot be used. Null if it ran and agreed with the reference.
   */
  readonly problem: string | null;
  /**
   * Largest difference from the reference, in units of the tolerance. Null if the backend did not
   * run.
   */
  readonly worstError: number | null;
  /**
   * Throughput on this model and batch size, measured now or earlier on this host. Null if not
   * measured.
   */
  readonly eventsPerSecond: number | null;
}

/** Flows that backends are tried on, and how. */
export interface Search {
  readonly flows: readonly FrozenFlow[];
  readonly options: BackendOptions;
  readonly batch: number;
  readonly sample: Sample;
}

/** Backend that runs and is exact. */
export interface Usable {
  readonly entry: BackendEntry;
  readonly scorer: Scorer;
  readonly trial: BackendTrial;
}

/**
 * Creates a backend, compares it with the reference and measures it, unless its rate is known. The
 * trial says why a backend cannot be used.
 */
export const tryBackend = async (
  entry: BackendEntry,
  { flows, options, batch, sample }: Search,
  knownRate: number | null,
): Promise<{ readonly trial: BackendTrial; readonly usable: Usable | null }> => {
  const failed = (problem: string, device: string | null, worstError: number | null = null) => ({
    trial: { backend: entry.name, device, problem, worstError, eventsPerSecond: null },
    usable: null,
  });
  const obstacle = flows.map(({ flow }) => entry.obstacle(flow)).find((reason) => reason !== null) ?? null;
  if (obstacle !== null) return failed(obstacle, null);
  if (entry.name === 'wasm-pool' && options.threads === 1 && !options.offThread) {
    return failed('one thread has nothing to share', null);
  }
  const availability = await entry.probe(options);
  if (!availability.available) return failed(availability.why, null);
  const { device, software } = availability;
  if (software) return failed('it is a program on the processor, not a device of its own', device);
  let scorer: Scorer;
  try {
    scorer = await createOn(entry, flows, options);
  } catch (error) {
    if (error instanceof FlowlineError) return failed(error.message, device);
    throw error;
  }
  await turn();
  const worstError = await worstErrorOf(scorer, sample);
  if (worstError > 1) {
    scorer.dispose();
    return failed(`it is off from the reference by ${worstError.toFixed(1)} times the tolerance`, device, worstError);
  }
  const eventsPerSecond = knownRate ?? (await measuredRate(scorer, sample.rows, sample.width, batch)).eventsPerSecond;
  const trial = { backend: entry.name, device, problem: null, worstError, eventsPerSecond };
  return { trial, usable: { entry, scorer, trial } };
};

/**
 * Result of a backend in words. Empty if it has no device, e.g. because it is not installed: nobody
 * expects it then.
 */
export const inWords = ({ backend, device, problem, eventsPerSecond, worstError }: BackendTrial): readonly string[] => {
  if (device === null && problem !== null) return [];
  if (problem !== null) return [`${backend} (${device ?? ''}) cannot be used, ${problem}`];
  const rate = Math.round(eventsPerSecond ?? 0).toLocaleString('en');
  return [
    `${backend} (${device ?? ''}) ${rate} events/s, off by ${((worstError ?? 0) * 100).toFixed(1)} % of the tolerance`,
  ];
};
