import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** A child process that answers line by line. */
export interface LineServer {
  /** Its first line, printed when it is ready. */
  readonly greeting: string;
  /** Sends a line and resolves to the answer. One question at a time. */
  ask(line: string): Promise<string>;
  /** Ends its input, and resolves when it has ended. */
  stop(): Promise<void>;
}

/**
 * Waits for the first line of a child. `failed` resolves to the error of a child that ends without
 * the answer that it owes.
 */
export async function lineServer(
  child: ChildProcessByStdio<Writable, Readable, null>,
  failed: () => Promise<Error>,
): Promise<LineServer> {
  const ended = endOf(child);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const answer: IteratorResult<string, unknown> = await answers.next();
    if (answer.done === true) throw await failed();
    return answer.value;
  };
  return {
    greeting: await next(),
    ask: (line) => {
      child.stdin.write(`${line}\n`);
      return next();
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** Resolves to the exit status of a child, null after a signal. Rejects if it does not start. */
export function endOf(child: ChildProcess): Promise<number | null> {
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  ended.catch(() => undefined); // awaited after the last line
  return ended;
}
