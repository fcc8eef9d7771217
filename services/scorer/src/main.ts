import { watchStandardStreams } from '@flowline/telemetry';

import { runScorer } from './run-scorer.ts';

watchStandardStreams();
process.exitCode = await runScorer(process.argv.slice(2));
