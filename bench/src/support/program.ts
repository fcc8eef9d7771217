/**
 * A benchmark: it parses its arguments, prints its table, and with --json prints one line of JSON
 * at the end.
 */
export interface BenchProgram {
  run(args: readonly string[]): Promise<void>;
}
