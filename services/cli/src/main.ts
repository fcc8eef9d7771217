import { unknownVariables } from '@flowline/config';
import { FlowlineError } from '@flowline/events';
import { reportError, watchStandardStreams } from '@flowline/telemetry';
import { CommanderError } from 'commander';

import { exitCodes, printWarning } from './output.ts';
import { createProgram } from './program.ts';

watchStandardStreams();
// The services' programs print these warnings themselves.
const runsService = ['serve', 'train'].includes(process.argv.at(2) ?? '');
if (!runsService) unknownVariables().forEach(printWarning);
const program = await createProgram(process.argv.slice(2));
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and version end with 0; every other error of commander is about usage.
    if (error.exitCode === 0) process.exitCode = exitCodes.ok;
    else if (error.code === 'commander.help') process.exitCode = exitCodes.usage;
    else {
      const message = error.message.replace(/^error: /, '');
      process.exitCode = reportError(
        new FlowlineError('FLOWLINE_USAGE', message, {
          where: `flowline ${process.argv.slice(2).join(' ')}`,
          remedy: 'See `flowline --help`, or --help after a command.',
        }),
        process.argv.includes('--json'),
      );
    }
  } else {
    process.exitCode = reportError(error, process.argv.includes('--json'));
  }
}
