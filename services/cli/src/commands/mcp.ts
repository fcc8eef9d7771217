import { tokenScopes } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { parseChoice } from '../parse-options.ts';
import { versionOfPackage } from '../version.ts';

interface McpOptions {
  readonly http?: boolean;
  readonly port?: string;
  readonly scope?: string;
  readonly detector?: string[];
}

/** Port of HTTP unless another is given. */
const DEFAULT_PORT = 7071;

/** `flowline mcp`: serves detectors, anomalies and alerts to agents over MCP. */
export function mcpCommand(): Command {
  return command('mcp', 'Serve agents over the Model Context Protocol: standard input and output, or HTTP.', [
    'flowline mcp                                # for the agent that starts it; reads only',
    'flowline mcp --scope operate                # may also acknowledge alerts and give feedback',
    'flowline mcp --http --port 7071             # on loopback, for callers with a token',
  ])
    .option('--http', 'serve http://127.0.0.1:PORT/mcp to callers with a token of `flowline tokens`')
    .option('--port <port>', `port of --http (default: ${DEFAULT_PORT})`)
    .option('--scope <scope>', 'without --http: read (default), operate or admin')
    .option(
      '--detector <name>',
      'without --http: only this detector; may be repeated',
      (name: string, names: string[] | undefined) => [...(names ?? []), name],
    )
    .action(
      action(async ({ http = false, ...options }: McpOptions) => {
        requireFitting(http, options);
        const { port, scope, detector = null } = options;
        const { runMcp } = await import('@flowline/api');
        await runMcp({
          http,
          port: port === undefined ? DEFAULT_PORT : parsePort(port),
          scope: scope === undefined ? 'read' : parseChoice('--scope', scope, tokenScopes),
          detectors: detector,
          version: versionOfPackage(),
        });
      }),
    );
}

/** @throws FlowlineError FLOWLINE_USAGE for an option that has no meaning beside the others. */
function requireFitting(http: boolean, options: Omit<McpOptions, 'http'>): void {
  const unfitting = http ? (['scope', 'detector'] as const) : (['port'] as const);
  const given = unfitting.find((name) => options[name] !== undefined);
  if (given === undefined) return;
  throw new FlowlineError('FLOWLINE_USAGE', `--${given} means nothing ${http ? 'with' : 'without'} --http.`, {
    where: `--${given}`,
    remedy: http ? 'The token of each caller says what it may do.' : 'Add --http, or leave it out.',
  });
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new FlowlineError('FLOWLINE_USAGE', `--port is "${text}"; expected 0 to 65535.`, {
    where: '--port',
    remedy: 'See --help.',
  });
}
