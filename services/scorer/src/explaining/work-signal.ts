import { pause } from '@flowline/telemetry';

/** Tells a worker that rests between two looks for work that there is some. */
export class WorkSignal {
  #isGiven = false;
  #ending: AbortController | undefined;

  /** Ends the wait in progress, or else the next one. */
  give(): void {
    this.#isGiven = true;
    this.#ending?.abort();
  }

  /** Waits for work, at most `ms` milliseconds, or until the signal. Never rejects. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const ending = new AbortController();
    const end = (): void => ending.abort();
    if (signal.aborted || this.#isGiven) end();
    this.#ending = ending;
    signal.addEventListener('abort', end);
    await pause(ms, ending.signal);
    signal.removeEventListener('abort', end);
    this.#isGiven = false;
  }
}
