import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { stderr, stdout } from 'node:process';

import { showsTextCharts } from '@flowline/charts/text';
import { loadSettings, requireDatabaseUrl, requireKafkaBrokers, unknownVariables } from '@flowline/config';
import { FlowlineError, printable, printableJson, printableLines } from '@flowline/events';
import { createKafkaClient } from '@flowline/kafka';
import { createLogger, reportError, Shutdown, silentLogger } from '@flowline/telemetry';

import { type Arguments, HELP, readArguments } from './arguments.ts';
import { feedServers } from './feed-servers.ts';
import { demoJson, demoReport } from './report.ts';
import { runDemo } from './run-demo.ts';
import { makeRunFolder } from './run-folder.ts';
import { serveDemo } from './serve-demo.ts';

const WARNING_CHARACTERS = 2_000;
const SEED = 1;

/**
 * Program of the demo: the whole job on real flights, in a Postgres of its own or, with `--feed`,
 * in the servers of the environment. Prints the result, or the error that ended it. Resolves to the
 * exit code of the process.
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  for (const warning of unknownVariables()) say(`warning: ${printable(warning, WARNING_CHARACTERS)}`);
  try {
    const args = readArguments(argv);
    if (args === null) stdout.write(HELP);
    else if (args.feed) await feed(args);
    else if (args.serve) await serve(args);
    else await run(args);
    return 0;
  } catch (error) {
    return reportError(error, argv.includes('--json'));
  }
}

async function run(args: Arguments): Promise<void> {
  const result = await runDemo({
    ...flightsOf(args),
    brokers: args.kafka ? requireKafkaBrokers(loadSettings()) : null,
    keep: args.keep,
    folder: await makeRunFolder(runFolders()),
  });
  const text = args.json
    ? printableJson(JSON.stringify(demoJson(result)))
    : printableLines(demoReport(result, showsTextCharts(stdout, process.env)));
  stdout.write(`${text}\n`);
}

async function serve(args: Arguments): Promise<void> {
  await serveDemo({
    ...flightsOf(args),
    rate: args.rate,
    port: args.port,
    folder: await makeRunFolder(runFolders()),
  });
}

async function feed(args: Arguments): Promise<void> {
  const settings = loadSettings();
  const access = { ...settings.kafka, brokers: requireKafkaBrokers(settings), log: silentLogger };
  await feedServers({
    ...flightsOf(args),
    databaseUrl: requireDatabaseUrl(settings),
    kafka: createKafkaClient(access),
    rate: args.rate,
  });
}

const runFolders = (): string => path.join(tmpdir(), `flowline-demo-${userInfo().username}`);

/** Options that all kinds of demo share. */
function flightsOf({ history, events }: Arguments) {
  return { historyRows: history, events, seed: SEED, say, signal: stopSignal() };
}

/** Prints a line of progress. Standard output is reserved for the result. */
function say(line: string): void {
  stderr.write(`${line}\n`);
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
