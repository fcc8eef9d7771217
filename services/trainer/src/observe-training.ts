import type { TrainingCompute } from '@flowline/detector';
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
    const { heldOut, alarms, compute } = outcome.metrics.training;
    await showCompute(metrics, detector, compute);
    metrics.heldOutAlarms.set({ detector, kind: 'expected' }, alarms.expectedRate * alarms.testRows);
    metrics.heldOutAlarms.set({ detector, kind: 'measured' }, alarms.alarms);
    if (heldOut !== null) metrics.heldOutNll.set({ detector }, heldOut.nllNats);
  } catch (error) {
    note('failed');
    throw error;
  }
}

/** Shows the code that trained a detector's last model, in place of that of an earlier one. */
async function showCompute(metrics: Metrics, detector: string, compute: TrainingCompute): Promise<void> {
  const { backend, device, why } = compute;
  const { values } = await metrics.trainingBackendInfo.get();
  for (const { labels } of values) if (labels.detector === detector) metrics.trainingBackendInfo.remove(labels);
  metrics.trainingBackendInfo.set({ detector, backend, device, why }, 1);
}
