import { parseArgs } from 'node:util';

import { FlowlineError, messageOf } from '@flowline/events';

/** Help text of the demo. */
export const HELP = `npm run demo -- [options]

Runs the whole job on real flights: history, training, replay with faults, report.

  --json            print the result (or the error) as one line of JSON on standard output
  --kafka           replay through the brokers that FLOWLINE_KAFKA_BROKERS names
  --keep            leave the Postgres of the demo running
  --feed            use the database and brokers of the environment, and leave the work to the services running there
  --history ROWS    flights of history to learn from (default 150000)
  --events COUNT    later flights to replay (default 60000)
  --rate EVENTS     with --feed: events per second (default 200)

Examples:
  npm run demo
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
  /** Flights of history to learn from. */
  readonly history: number;
  /** Later flights to replay. */
  readonly events: number;
  /** Events per second of `feed`. */
  readonly rate: number;
}

/**
 * Parses the command line; null if help was requested.
 * @throws FlowlineError FLOWLINE_USAGE.
 */
export function readArguments(args: readonly string[]): Arguments | null {
  const { help, history, events, rate, ...switches } = parse(args);
  if (help) return null;
  return {
    ...switches,
    history: parseCount('--history', history),
    events: parseCount('--events', events),
    rate: parseCount('--rate', rate),
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
        history: { type: 'string', default: '150000' },
        events: { type: 'string', default: '60000' },
        rate: { type: 'string', default: '200' },
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

function usage(where: string, finding: string): FlowlineError {
  return new FlowlineError('FLOWLINE_USAGE', finding, { where, remedy: 'See `npm run demo -- --help`.' });
}
