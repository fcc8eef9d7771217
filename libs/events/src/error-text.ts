/** Message of an error, or the text of anything else that was thrown. */
export function errorText(error: unknown): string {
  // Connecting to a name with several addresses fails with one error per address and no message of
  // its own.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(errorText).join('; ');
  return error instanceof Error ? error.message : String(error);
}
