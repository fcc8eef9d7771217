import type { FitOptions, FitProgress } from './options.ts';

/** The part of a terminal that a progress line needs. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Where the progress of a training goes. */
export interface Reporters {
  readonly show: (progress: FitProgress) => void;
  /** Ends what was begun: a line on the terminal stays as it was last. */
  readonly close: () => void;
}

const DEFAULT_COLUMNS = 80;

/** Tells everyone whom the options name; `name` begins the line. */
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

/** One line of a terminal that is written again and again. */
function lineOn(name: string, terminal: Terminal): Reporters {
  let best = Infinity;
  let isOpen = false;
  return {
    show: (at) => {
      if (at.validationNll !== null && at.validationNll < best) best = at.validationNll;
      // A line that is as wide as the terminal would wrap, and no longer be one.
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

/** How far a training is, in one line: steps, NLL of training and, once there is one, the best of validation. */
export function progressText(name: string, { step, steps, trainNll }: FitProgress, best: number): string {
  const share = Math.floor((100 * step) / steps);
  const validation = Number.isFinite(best) ? `, best validation ${best.toFixed(3)}` : '';
  return `${name}: step ${step} of ${steps} (${share} %), NLL ${trainNll.toFixed(3)}${validation} nats`;
}
