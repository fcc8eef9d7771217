import { watchStandardStreams } from '@flowline/telemetry';

import { runApi } from './run-api.ts';

watchStandardStreams();
process.exitCode = await runApi(process.argv.slice(2));
