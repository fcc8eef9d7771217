import type { ScoringBackend } from '@flowline/events';
import { initBackend, realNVP } from '@flowline/flows';

import { chooseTrainer, type TrainingCompute } from './choose-training.ts';
import { recipe } from './recipe.ts';

/** Code that `compute.training: auto` would train detectors with on this machine. */
export async function surveyTraining(tensors: ScoringBackend): Promise<TrainingCompute> {
  await initBackend(tensors === 'tfjs-cpu' ? 'cpu' : 'wasm');
  const flow = realNVP({ ...recipe.flow, features: 2, seed: 1 });
  try {
    return (await chooseTrainer(flow, { tensors })).compute;
  } finally {
    flow.dispose();
  }
}
