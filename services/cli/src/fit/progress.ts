import type { TrainDetectorOptions } from '@flowline/detector';
import { createProgress, showTraining } from '@flowline/trainer';

/** Runs a training with its progress on standard error. */
export async function showingProgress<Result>(
  work: (onProgress: NonNullable<TrainDetectorOptions['onProgress']>) => Promise<Result>,
): Promise<Result> {
  const progress = createProgress(process.stderr);
  try {
    return await work(showTraining(progress));
  } finally {
    progress.done();
  }
}
