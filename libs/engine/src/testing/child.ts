import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * A process of its own, for native modules that mistake the arrays of a test for foreign ones, or whose environment must differ. It
 * says one message when it is ready, then one for each request.
 */
export class Child<Request extends object, Answer> {
  readonly #process: ChildProcess;

  /** Starts a program of this folder; resolves with what it says when it is ready. */
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
    // It ends with the tests, also where these are skipped and nothing stops it: its channel closes with this process.
    started.unref();
    started.channel?.unref();
    return { child: new Child<Request, Answer>(started), ready };
  }

  private constructor(started: ChildProcess) {
    this.#process = started;
  }

  /** The answer to a request; requests must not overlap. Rejects with what the program says went wrong. */
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

/** The other side: says that it is ready, then answers each request. */
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
