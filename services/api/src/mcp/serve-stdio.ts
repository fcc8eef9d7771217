import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

import type { Caller } from '../caller.ts';
import type { ApiParts } from '../route.ts';
import { createMcpServer } from './create-mcp-server.ts';

/** Standard streams of the process. */
export interface StandardStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
}

/** Serves MCP to one caller over standard input and output, until the input ends or the signal. */
export async function serveStdio(
  { stdin, stdout }: StandardStreams,
  {
    caller,
    parts,
    version,
    signal,
  }: {
    readonly caller: Caller;
    readonly parts: ApiParts;
    readonly version: string;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const server = createMcpServer(caller, parts, version);
  server.server.onerror = (err) => parts.logger.warn({ err }, 'a message could not be read');
  const closed = new Promise<void>((resolve) => {
    server.server.onclose = resolve;
  });
  await server.connect(new StdioServerTransport(stdin, stdout));
  const aborted = signal.aborted ? Promise.resolve() : once(signal, 'abort');
  await Promise.race([once(stdin, 'end'), closed, aborted]);
  await server.close();
}
