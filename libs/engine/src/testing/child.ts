import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Child process, for native modules that mistake the arrays of a test for foreign ones, or that
 * need another environment. It sends one message when it is ready, then one per request.
 */
export class Child<Request extends object, Answer> {
  readonly #process: ChildProcess;

  /** Starts a program of this folder. Resolves with its ready message. */
  static async start<Request extends object, Answer>(
    program: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly child: Child<Request, Answer>; readonly ready: unknown }> {
    const started = fork(fileURLToPath(new URL(program, import.meta.url)), {
      execArgv: ['--conditions=flowline:source', '--import', 'tsx'],
      serialization: 'advanced',
      env: { ...process.env, ...environment },
    });
    const ready = await answerOf(started);
    // The child ends with the tests, even if they are skipped and nothing stops it: its channel
    // closes with this process.
    started.unref();
    started.channel?.unref();
    return { child: new Child<Request, Answer>(started), ready };
  }

  private constructor(started: ChildProcess) {
    this.#process = started;
  }

  /**
   * Sends a request and resolves to its answer. Requests must not overlap. Rejects with the error
   * that the program reports.
   */
  async ask(request: Request): Promise<Answer> {
    const answer = answerOf(this.#process);
    this.#process.send(request);
    const settled = (await answer) as { readonly result: Answer } | { readonly error: string };
    if ('error' in settled) throw new Error(settled.error);
    return settled.result;
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.disconnect();
    await ended;
  }
}

/**
 * Starts a program whose ready message is null, or the reason why it cannot answer, such as a
 * package that is not installed. Then it is null, with a warning; in CI it throws instead.
 */
export const startIfInstalled = async <Request extends object, Answer>(
  program: string,
): Promise<Child<Request, Answer> | null> => {
  const { child, ready } = await Child.start<Request, Answer>(program);
  if (ready === null) return child;
  const reason = ready as string;
  await child.stop();
  if (process.env.CI === 'true') throw new Error(reason);
  console.warn(`skipped: ${reason}`);
  return null;
};

/** Child side: sends the ready message, then answers each request. */
export const serve = (ready: unknown, answer: (request: unknown) => Promise<unknown>): void => {
  process.on('message', (request) => {
    answer(request).then(
      (result) => process.send?.({ result }),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
  process.send?.(ready);
};

const answerOf = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null, signal: string | null): void =>
      reject(new Error(`the child ended: ${code ?? signal}`));
    child.once('exit', ended);
    child.once('message', (answer) => {
      child.off('exit', ended);
      resolve(answer);
    });
  });
