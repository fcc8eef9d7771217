import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';

import { loadSettings, requireKafkaBrokers } from '@flowline/config';
import { FlowlineError } from '@flowline/events';
import { createLogger, Shutdown } from '@flowline/telemetry';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { parseCount } from '../parse-options.ts';

interface DemoCommandOptions {
  readonly json?: true;
  readonly kafka?: true;
  readonly keep?: true;
  readonly history: string;
  readonly events: string;
}

/** `flowline demo`: the whole job on real flights, in a Postgres of its own. */
export function demoCommand(): Command {
  return command('demo', 'Run the whole job on real flights: history, training, replay with faults, report.', [
    'flowline demo',
    'flowline demo --keep                       # leave its Postgres running, to look around',
    'FLOWLINE_KAFKA_BROKERS=localhost:9092 flowline demo --kafka',
  ])
    .option('--kafka', 'replay through the brokers that FLOWLINE_KAFKA_BROKERS names')
    .option('--keep', 'leave the Postgres of the demo running')
    .option('--history <rows>', 'flights of history to learn from', '150000')
    .option('--events <count>', 'later flights to replay', '60000')
    .action(
      action(async (options: DemoCommandOptions) => {
        const json = options.json === true;
        const { demoJson, demoReport, makeRunFolder, runDemo } = await import('../demo/index.ts');
        const settings = loadSettings();
        const shutdown = new Shutdown({ logger: createLogger({ name: 'demo', level: 'warn' }) });
        shutdown.listen();
        const stop = new AbortController();
        shutdown.signal.addEventListener('abort', () => {
          stop.abort(new FlowlineError('FLOWLINE_ABORTED', 'The demo was stopped; its Postgres as well.'));
        });
        const result = await runDemo({
          brokers: options.kafka === true ? requireKafkaBrokers(settings) : null,
          keep: options.keep === true,
          folder: await makeRunFolder(path.join(tmpdir(), `flowline-demo-${userInfo().username}`)),
          historyRows: parseCount('--history', options.history),
          events: parseCount('--events', options.events),
          seed: 1,
          // Standard output is for the result.
          say: (line) => process.stderr.write(`${line}\n`),
          signal: stop.signal,
        });
        process.stdout.write(json ? `${JSON.stringify(demoJson(result))}\n` : `${demoReport(result)}\n`);
      }),
    );
}
