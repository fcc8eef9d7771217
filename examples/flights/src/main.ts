import { watchStandardStreams } from '@flowline/telemetry';

import { runProgram } from './program.ts';

watchStandardStreams();
process.exitCode = await runProgram(process.argv.slice(2));
