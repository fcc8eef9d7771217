export { runTrainer } from './run-trainer.ts';
export { missedRun } from './missed-run.ts';
export { trainOnce, type TrainedModel, type TrainerParts, type TrainOutcome, type TrainRequest } from './train-once.ts';
export { TrainingSchedule, type ScheduledDetector, type ScheduleParts } from './schedule.ts';
export { createProgress, type Progress } from './progress.ts';
export { trainingLines } from './training-lines.ts';
export { showTraining } from './training-progress.ts';
