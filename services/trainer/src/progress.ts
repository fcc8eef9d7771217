/** Progress of a long-running operation. */
export interface ProgressState {
  /** Share done, 0 to 1. */
  readonly share: number;
  /** Current activity, e.g. `train`. */
  readonly label: string;
  /** Accompanying figures, e.g. `step 250/1000 · validation 3.21 nats`. */
  readonly detail: string;
  /** Steps done and in all, where there are steps. */
  readonly step?: number;
  readonly steps?: number;
}

/** Display of progress; see {@link createProgress}. */
export interface Progress {
  update(state: ProgressState): void;
  /** Ends the bar's line; further updates start a new one. */
  done(): void;
}

/** The parts of an output stream that {@link createProgress} needs. process.stderr has them. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_WIDTH = 28;
/** Minimum interval between two redraws of a terminal. */
const REDRAW_MS = 100;
/** Share of progress per line on other outputs. */
const LINE_SHARE = 0.1;

/** Shows progress as one redrawn bar on a terminal, and otherwise as one plain line per tenth. */
export function createProgress(output: ProgressOutput, now: () => number = Date.now): Progress {
  return byLabel(output.isTTY === true ? createBar(output, now) : createLines(output, now));
}

/** Begins anew with each label: its shares and its pace are its own. */
function byLabel(progress: Progress): Progress {
  let label: string | null = null;
  return {
    update(state) {
      if (label !== null && label !== state.label) progress.done();
      label = state.label;
      progress.update(state);
    },
    done() {
      label = null;
      progress.done();
    },
  };
}

function createBar(output: ProgressOutput, now: () => number): Progress {
  let first: Moment | null = null;
  let drawnMs = -Infinity;
  return {
    update(state) {
      first ??= { share: state.share, ms: now() };
      if (now() - drawnMs < REDRAW_MS && state.share < 1) return;
      drawnMs = now();
      const filled = Math.round(clamp(state.share) * BAR_WIDTH);
      const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
      const line = `${state.label} ${bar} ${percent(state.share)} ${state.detail}${left(first, state.share, now())}`;
      output.write(`\r\u001b[K${line.slice(0, Math.max(20, (output.columns ?? 100) - 1))}`);
    },
    done() {
      if (first !== null) output.write('\n');
      first = null;
      drawnMs = -Infinity;
    },
  };
}

function createLines(output: ProgressOutput, now: () => number): Progress {
  let first: Moment | null = null;
  let next = 0;
  return {
    update(state) {
      first ??= { share: state.share, ms: now() };
      if (state.share < next) return;
      next = Math.floor(clamp(state.share) / LINE_SHARE + 1e-9) * LINE_SHARE + LINE_SHARE - 1e-9;
      const line = `${state.label} ${percent(state.share).trim()} ${state.detail}${left(first, state.share, now())}`;
      output.write(`${line.trimEnd()}\n`);
    },
    done() {
      first = null;
      next = 0;
    },
  };
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share));
const percent = (share: number): string => `${Math.round(clamp(share) * 100)} %`.padStart(5);

/** A share, and the time at which it was reached. */
interface Moment {
  readonly share: number;
  readonly ms: number;
}

/**
 * Estimated time left, at the pace since the first update; empty while the estimate is unreliable.
 */
function left(first: Moment, share: number, nowMs: number): string {
  if (share - first.share < 0.05 || share >= 1) return '';
  const seconds = Math.round(((nowMs - first.ms) / (share - first.share)) * ((1 - share) / 1000));
  return seconds < 60 ? ` · ${seconds} s left` : ` · ${Math.floor(seconds / 60)} min ${seconds % 60} s left`;
}
