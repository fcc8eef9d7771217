import type { McpOptions } from './mcp/mcp-options.ts';

/**
 * Serves MCP until a signal comes or the input ends. The library of the protocol is loaded only
 * here.
 * @throws FlowlineError of the settings, the database and the address.
 */
export async function runMcp(options: McpOptions): Promise<void> {
  const { serveMcp } = await import('./mcp/serve-mcp.ts');
  await serveMcp(options);
}
