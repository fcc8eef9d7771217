import { parseArgs } from 'node:util';

import { FlowlineError, messageOf } from '@flowline/events';

/** Help text of the API service. */
export const HELP = `flowline api: serves detectors, models, anomalies and alerts over HTTP
  --port PORT                port to listen on (default: FLOWLINE_HTTP_PORT, or 7070)
  --host HOST                interface to listen on (default: FLOWLINE_HTTP_HOST, which is 127.0.0.1)
`;

/** Command line of the API service; null for what the environment decides. */
export interface Arguments {
  readonly port: number | null;
  readonly host: string | null;
}

/**
 * Parses the command line; null if help was requested.
 * @throws FlowlineError FLOWLINE_USAGE.
 */
export function readArguments(args: readonly string[]): Arguments | null {
  const { port, host, help } = parse(args);
  if (help) return null;
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535))
    throw usage(`--port is "${port}"; expected 0 to 65535.`);
  if (host !== undefined && !/^\S+$/.test(host)) throw usage('--host is empty; expected an address such as 127.0.0.1.');
  return { port: port === undefined ? null : Number(port), host: host ?? null };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw usage(messageOf(error));
  }
}

function usage(finding: string): FlowlineError {
  return new FlowlineError('FLOWLINE_USAGE', finding, { where: 'flowline serve api', remedy: 'See --help.' });
}
