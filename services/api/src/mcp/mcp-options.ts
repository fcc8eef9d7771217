import type { TokenScope } from '@flowline/db';

/** Options of the MCP server. */
export interface McpOptions {
  /** True to serve HTTP to callers with tokens; false for standard input and output. */
  readonly http: boolean;
  /** Port of HTTP; 0 picks a free one. */
  readonly port: number;
  /** Rights of who calls over standard input and output. */
  readonly scope: TokenScope;
  /** The only detectors that they see; null for all. */
  readonly detectors: string[] | null;
  /** Version that the server reports. */
  readonly version: string;
}
