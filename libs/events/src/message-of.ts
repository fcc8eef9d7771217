/** Message of anything that was thrown: that of an Error, otherwise the value as text. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
