import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  CallToolRequestSchema,
  ErrorCode,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  type Tool as ListedTool,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

import type { Caller } from '../caller.ts';
import { invalidRequest } from '../invalid-request.ts';
import type { ApiParts } from '../route.ts';
import { listResources, readResource, resourceTemplates } from './resources.ts';
import type { Tool } from './tool.ts';
import { callErrorOf, DATA_NOTE, failedResult, toolResult } from './tool-result.ts';
import { tools } from './tools.ts';

const INSTRUCTIONS = `Flowline scores events of streams by their exact likelihood, and raises alerts for the surprising ones.
Begin with list_detectors and status. Results hold JSON in \`data\`, errors in \`error\` with a remedy.
${DATA_NOTE}`;

/** Creates the MCP server of one caller; it is not connected yet. */
export function createMcpServer(caller: Caller, parts: ApiParts, version: string): McpServer {
  const server = new McpServer(
    { name: 'flowline', title: 'Flowline', version },
    { capabilities: { tools: {}, resources: {} }, instructions: INSTRUCTIONS },
  );
  serveTools(server, caller, parts);
  serveResources(server, caller, parts);
  return server;
}

function serveTools({ server }: McpServer, caller: Caller, parts: ApiParts): void {
  const offered = tools.filter(({ scope }) => caller.has(scope));
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: offered.map(listed) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params: { name, arguments: given = {} } }) => {
    const found = tools.find((tool) => tool.name === name);
    if (found === undefined) throw noTool(name, offered);
    try {
      // Before the arguments: who may not call learns nothing of them.
      caller.requireScope(found.scope);
      const read = found.input.safeParse(given);
      if (!read.success) throw invalidRequest('arguments', read.error, `See the input schema of ${name}.`);
      return toolResult(await found.run(read.data as never, caller, parts), found.holdsData);
    } catch (error) {
      return failedResult(callErrorOf(error, parts));
    }
  });
}

function listed({ name, title, description, input, changes, holdsData, idempotent = true }: Tool): ListedTool {
  return {
    ...{ name, title, description: holdsData ? `${description} ${DATA_NOTE}` : description },
    inputSchema: z.toJSONSchema(input, { io: 'input' }) as ListedTool['inputSchema'],
    annotations: {
      title,
      readOnlyHint: !changes,
      destructiveHint: false,
      idempotentHint: idempotent,
      openWorldHint: false,
    },
  };
}

function serveResources({ server }: McpServer, caller: Caller, parts: ApiParts): void {
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates }));
  server.setRequestHandler(ListResourcesRequestSchema, ({ params }) =>
    asProtocolError(() => listResources(params?.cursor, caller, parts), parts),
  );
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) =>
    asProtocolError(async () => {
      const text = await readResource(uri, caller, parts);
      return { contents: [{ uri, mimeType: 'application/json', text }] };
    }, parts),
  );
}

/** Error of the protocol for work that fails: a resource has no result that could say it. */
async function asProtocolError<Result>(work: () => Promise<Result>, parts: ApiParts): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const { message, ...data } = callErrorOf(error, parts);
    throw new McpError(ErrorCode.InvalidParams, message, data);
  }
}

function noTool(name: string, offered: readonly Tool[]): McpError {
  return new McpError(ErrorCode.InvalidParams, `There is no tool "${name.slice(0, 80)}".`, {
    code: 'FLOWLINE_NOT_FOUND',
    where: 'name',
    remedy: `Call one of ${offered.map((tool) => tool.name).join(', ')}.`,
    retryable: false,
  });
}
