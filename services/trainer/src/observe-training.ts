import type { Metrics } from '@flowline/telemetry';

import type { TrainOutcome } from './train-once.ts';

/** Runs a training and records its duration and outcome in the metrics. */
export async function observeTraining(
  metrics: Metrics,
  detector: string,
  work: () => Promise<TrainOutcome | null>,
): Promise<void> {
  const startedMs = performance.now();
  const note = (outcome: 'promoted' | 'kept' | 'failed'): void => {
    metrics.trainingDuration.observe({ detector, outcome }, (performance.now() - startedMs) / 1000);
  };
  try {
    const outcome = await work();
    if (outcome === null) return;
    note(outcome.promoted ? 'promoted' : 'kept');
    metrics.trainingLastSuccess.set({ detector }, Date.now() / 1000);
    metrics.modelHeld.set({ detector }, outcome.promoted ? 0 : 1);
    const { heldOut, alarms } = outcome.metrics.training;
    metrics.heldOutAlarms.set({ detector, kind: 'expected' }, alarms.expectedRate * alarms.testRows);
    metrics.heldOutAlarms.set({ detector, kind: 'measured' }, alarms.alarms);
    if (heldOut !== null) metrics.heldOutNll.set({ detector }, heldOut.nllNats);
  } catch (error) {
    note('failed');
    throw error;
  }
}
