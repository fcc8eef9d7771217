import { parseArgs } from 'node:util';

import { FlowlineError, messageOf } from '@flowline/events';

/** Help text of the demo. */
export const HELP = `npm run demo -- [options]

Runs the whole job on real flights: history, training, replay with faults, report.

  --json            print the result (or the error) as one line of JSON on standard output
  --kafka           replay through the brokers that FLOWLINE_KAFKA_BROKERS names
  --keep            leave the Postgres of the demo running
  --serve           show it in the dashboard: the replay goes on slowly, until Ctrl-C
  --port PORT       with --serve: port of the dashboard (default: a free one)
  --feed            use the database and brokers of the environment, and leave the work to the services running there
  --history ROWS    flights of history to learn from (default 150000)
  --events COUNT    later flights to replay (default 60000)
  --rate EVENTS     events per second, with --feed (default 200) or --serve (default 20)

Examples:
  npm run demo
  npm run demo -- --serve      # in the dashboard, with faults arriving
  npm run demo -- --keep       # leave its Postgres running, to look around
  FLOWLINE_KAFKA_BROKERS=localhost:9092 npm run demo -- --kafka
  npm run demo -- --feed       # fill the servers of the environment; services that run there score
`;

/** Command line of the demo. */
export interface Arguments {
  readonly json: boolean;
  readonly kafka: boolean;
  readonly keep: boolean;
  readonly feed: boolean;
  readonly serve: boolean;
  /** Flights of history to learn from. */
  readonly history: number;
  /** Later flights to replay. */
  readonly events: number;
  /** Events per second of `feed` and `serve`. */
  readonly rate: number;
  /** Port of the dashboard; 0 for a free one. */
  readonly port: number;
}

/**
 * Parses the command line; null if help was requested.
 * @throws FlowlineError FLOWLINE_USAGE.
 */
export function readArguments(args: readonly string[]): Arguments | null {
  const { help, history, events, rate, port, ...switches } = parse(args);
  if (help) return null;
  return {
    ...switches,
    history: parseCount('--history', history),
    events: parseCount('--events', events),
    rate: parseCount('--rate', rate ?? (switches.serve ? '20' : '200')),
    port: port === undefined ? 0 : parsePort(port),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        kafka: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        feed: { type: 'boolean', default: false },
        serve: { type: 'boolean', default: false },
        port: { type: 'string' },
        history: { type: 'string', default: '150000' },
        events: { type: 'string', default: '60000' },
        rate: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw usage('npm run demo', messageOf(error));
  }
}

function parseCount(option: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw usage(option, `${option} is "${text}"; expected a whole number of at least 1.`);
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw usage('--port', `--port is "${text}"; expected 0 to 65535.`);
}

function usage(where: string, finding: string): FlowlineError {
  return new FlowlineError('FLOWLINE_USAGE', finding, { where, remedy: 'See `npm run demo -- --help`.' });
}
