import type { FitOptions, FitProgress } from './options.ts';

/** Part of a terminal stream that a progress line needs. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Receiver of the progress of a training run, and its cleanup. */
export interface Reporters {
  readonly show: (progress: FitProgress) => void;
  /** Ends the output: the last line stays on the terminal. */
  readonly close: () => void;
}

const DEFAULT_COLUMNS = 80;

/** Reporters that the options ask for; `name` begins the line. */
export function reportersOf(
  name: string,
  { onProgress, progress }: Pick<FitOptions, 'onProgress' | 'progress'>,
  terminal: Terminal = process.stderr,
): Reporters {
  const line = progress === true && terminal.isTTY === true ? lineOn(name, terminal) : undefined;
  return {
    show: (at) => {
      line?.show(at);
      if (typeof progress === 'function') progress(at);
      onProgress?.(at);
    },
    close: () => line?.close(),
  };
}

/** Reporters that rewrite one line of a terminal. */
function lineOn(name: string, terminal: Terminal): Reporters {
  let best = Infinity;
  let isOpen = false;
  return {
    show: (at) => {
      if (at.validationNll !== null && at.validationNll < best) best = at.validationNll;
      // A line as wide as the terminal would wrap.
      const width = (terminal.columns ?? DEFAULT_COLUMNS) - 1;
      terminal.write(`\r\u001b[2K${progressText(name, at, best).slice(0, width)}`);
      isOpen = true;
    },
    close: () => {
      if (isOpen) terminal.write('\n');
      isOpen = false;
    },
  };
}

/** Progress as one line: steps, training NLL and, once there is one, the best validation NLL. */
function progressText(name: string, { step, steps, trainNll }: FitProgress, best: number): string {
  const share = Math.floor((100 * step) / steps);
  const validation = Number.isFinite(best) ? `, best validation ${best.toFixed(3)}` : '';
  return `${name}: step ${step} of ${steps} (${share} %), NLL ${trainNll.toFixed(3)}${validation} nats`;
}
