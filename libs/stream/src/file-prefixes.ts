import { createReadStream } from 'node:fs';

import { LineSplitter } from './line-splitter.ts';
import { unreadable } from './unreadable.ts';

/**
 * Digests of the first n lines of a file (see {@link FilePosition}), for each requested n that the
 * file has. Reads the file once, up to the largest n.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE.
 */
export async function filePrefixes(file: string, counts: Iterable<number>): Promise<ReadonlyMap<number, string>> {
  const wanted = new Set(counts);
  const most = Math.max(-1, ...wanted);
  const found = new Map<number, string>();
  const splitter = new LineSplitter(0);
  const note = (): void => {
    if (wanted.has(splitter.lines)) found.set(splitter.lines, splitter.prefix());
  };
  note();
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Uint8Array>) {
      for (const line of splitter.push(chunk)) {
        note();
        if (line.number + 1 >= most) return found;
      }
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  if (splitter.end() !== null) note();
  return found;
}
