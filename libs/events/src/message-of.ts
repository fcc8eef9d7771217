/** Message of anything that was thrown: that of an Error, otherwise the value as text. */
export function messageOf(thrown: unknown): string {
  // Connecting to a name with several addresses fails with one error per address and no message of
  // its own.
  if (thrown instanceof AggregateError && thrown.message === '') return thrown.errors.map(messageOf).join('; ');
  return thrown instanceof Error ? thrown.message : String(thrown);
}
