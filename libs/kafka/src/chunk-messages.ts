/**
 * Splits a list into chunks whose sizes add up to at most `most`; a larger item forms a chunk of
 * its own. Keeps the order.
 */
export function chunkBySize<T>(items: readonly T[], sizeOf: (item: T) => number, most: number): T[][] {
  const chunks: T[][] = [];
  let chunk: T[] = [];
  let total = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (chunk.length > 0 && total + size > most) {
      chunks.push(chunk);
      chunk = [];
      total = 0;
    }
    chunk.push(item);
    total += size;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}
