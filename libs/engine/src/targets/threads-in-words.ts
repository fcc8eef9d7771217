/** Scoring threads in words: `2 threads beside the calling one`. */
export const threadsInWords = (threads: number, offThread: boolean): string => {
  const workers = offThread ? Math.max(1, threads) : threads;
  return `${workers} ${workers === 1 ? 'thread' : 'threads'}${offThread ? ' beside the calling one' : ''}`;
};
