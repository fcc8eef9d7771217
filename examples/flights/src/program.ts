import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';

import { loadSettings, requireDatabaseUrl, requireKafkaBrokers } from '@flowline/config';
import { FlowlineError } from '@flowline/events';
import { createKafkaClient } from '@flowline/kafka';
import { createLogger, Shutdown, silentLogger } from '@flowline/telemetry';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { printResult } from '../output.ts';
import { parseCount } from '../parse-options.ts';

interface DemoCommandOptions {
  readonly json?: true;
  readonly kafka?: true;
  readonly keep?: true;
  readonly feed?: true;
  readonly history: string;
  readonly events: string;
  readonly rate: string;
}

/** `flowline demo`: runs the whole job on real flights, in a Postgres of its own. */
export function demoCommand(): Command {
  return command('demo', 'Run the whole job on real flights: history, training, replay with faults, report.', [
    'flowline demo',
    'flowline demo --keep                       # leave its Postgres running, to look around',
    'FLOWLINE_KAFKA_BROKERS=localhost:9092 flowline demo --kafka',
    'flowline demo --feed                       # fill the servers of the environment; services that run there score',
  ])
    .option('--kafka', 'replay through the brokers that FLOWLINE_KAFKA_BROKERS names')
    .option('--keep', 'leave the Postgres of the demo running')
    .option(
      '--feed',
      'use the database and brokers of the environment, and leave the work to the services running there',
    )
    .option('--history <rows>', 'flights of history to learn from', '150000')
    .option('--events <count>', 'later flights to replay', '60000')
    .option('--rate <events>', 'with --feed: events per second', '200')
    .action(
      action(async (options: DemoCommandOptions) => {
        const flights = {
          historyRows: parseCount('--history', options.history),
          events: parseCount('--events', options.events),
          seed: 1,
          // Standard output is reserved for the result.
          say: (line: string) => void process.stderr.write(`${line}\n`),
          signal: stopSignal(),
        };
        if (options.feed === true) await feed(flights, parseCount('--rate', options.rate));
        else await run(flights, options);
      }),
    );
}

interface Flights {
  readonly historyRows: number;
  readonly events: number;
  readonly seed: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

async function run(flights: Flights, { kafka, keep, json }: DemoCommandOptions): Promise<void> {
  const { demoJson, demoReport, makeRunFolder, runDemo } = await import('../demo/index.ts');
  const result = await runDemo({
    ...flights,
    brokers: kafka === true ? requireKafkaBrokers(loadSettings()) : null,
    keep: keep === true,
    folder: await makeRunFolder(path.join(tmpdir(), `flowline-demo-${userInfo().username}`)),
  });
  printResult(demoJson(result), json === true, () => demoReport(result));
}

async function feed(flights: Flights, rate: number): Promise<void> {
  const settings = loadSettings();
  const { feedServers } = await import('../demo/index.ts');
  const access = { ...settings.kafka, brokers: requireKafkaBrokers(settings), log: silentLogger };
  await feedServers({
    ...flights,
    databaseUrl: requireDatabaseUrl(settings),
    kafka: createKafkaClient(access),
    rate,
  });
}

/**
 * AbortSignal of the first SIGINT, SIGTERM or SIGHUP. A second one ends the process and everything
 * that it started.
 */
function stopSignal(): AbortSignal {
  const shutdown = new Shutdown({ logger: createLogger({ name: 'demo', level: 'warn' }) });
  shutdown.listen();
  const stop = new AbortController();
  shutdown.signal.addEventListener('abort', () => {
    stop.abort(new FlowlineError('FLOWLINE_ABORTED', 'The demo was stopped; its Postgres as well.'));
  });
  return stop.signal;
}
