import { fileURLToPath } from 'node:url';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';

/** Result of a tool: its JSON, and whether it is an error. */
export interface ToolOutcome {
  readonly isError: boolean;
  readonly json: {
    readonly note?: string;
    readonly data?: unknown;
    readonly error?: Readonly<Record<string, unknown>>;
  };
}

/** A client of the protocol's own library. */
export interface TestMcp {
  readonly client: Client;
  /** Calls a tool. */
  call(name: string, args?: Readonly<Record<string, unknown>>): Promise<ToolOutcome>;
  close(): Promise<void>;
}

export const commandLine = fileURLToPath(new URL('../../services/cli/bin/flowline.mjs', import.meta.url));

/** Starts `flowline mcp` and connects to its standard streams. */
export function startMcp(databaseUrl: string, args: readonly string[] = []): Promise<TestMcp> {
  const env = { ...processEnv(), FLOWLINE_DATABASE_URL: databaseUrl, FLOWLINE_LOG_LEVEL: 'error' };
  return connected(
    new StdioClientTransport({
      command: process.execPath,
      args: [commandLine, 'mcp', ...args],
      env,
      stderr: 'inherit',
    }),
  );
}

/** Connects to a server over HTTP. */
export function connectMcp(url: string, token: string): Promise<TestMcp> {
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  return connected(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
}

async function connected(transport: Transport): Promise<TestMcp> {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  return {
    client,
    call: async (name, args = {}) => {
      const { content, isError = false } = await client.callTool({ name, arguments: args });
      const [first] = content as readonly { readonly text: string }[];
      return { isError: isError === true, json: JSON.parse(first?.text ?? '') as ToolOutcome['json'] };
    },
    close: () => client.close(),
  };
}

const processEnv = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
