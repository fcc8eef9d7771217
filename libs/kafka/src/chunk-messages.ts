/** Cuts a list into runs whose sizes add up to at most `most`; an item larger than that stands alone. Keeps the order. */
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
