/** One benchmark: reads its arguments, prints its table, and with --json ends with one line of JSON. */
export interface BenchProgram {
  run(args: readonly string[]): Promise<void>;
}
