import { watchStandardStreams } from '@flowline/telemetry';

import { runTrainer } from './run-trainer.ts';

watchStandardStreams();
process.exitCode = await runTrainer(process.argv.slice(2));
