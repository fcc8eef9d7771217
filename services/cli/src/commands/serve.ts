import { FlowlineError } from '@flowline/events';
import { Command } from 'commander';

import { action } from '../command.ts';

/** `flowline serve trainer|scorer|api`: runs a service in this terminal until a signal ends it. */
export function serveCommand(): Command {
  return new Command('serve')
    .argument('<service>', 'trainer (trains on schedule), scorer (scores events and raises alerts) or api (HTTP)')
    .argument('[arguments...]', "the service's own arguments, after --")
    .description('Run a service until it is stopped (SIGTERM shuts it down cleanly).')
    .passThroughOptions()
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  flowline serve trainer',
        '  flowline serve scorer',
        '  flowline serve api --port 7070',
        '  flowline serve scorer -- --detector checkout-latency --source kafka --alerts stdout',
      ].join('\n'),
    )
    .action(
      action(async (service: string, written: string[]) => {
        const args = written[0] === '--' ? written.slice(1) : written;
        if (service === 'trainer') return (await import('@flowline/trainer')).runTrainer(['serve', ...args]);
        if (service === 'scorer') return (await import('@flowline/scorer')).runScorer(args);
        if (service === 'api') return (await import('@flowline/api')).runApi(args);
        throw new FlowlineError('FLOWLINE_USAGE', `There is no service "${service}".`, {
          where: 'flowline serve <service>',
          remedy: 'Name trainer, scorer or api.',
        });
      }),
    );
}
