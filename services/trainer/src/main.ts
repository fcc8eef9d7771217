import { runTrainer } from './run-trainer.ts';

process.exitCode = await runTrainer(process.argv.slice(2));
