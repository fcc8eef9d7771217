import type { Metrics } from '@flowline/telemetry';
import { defer, finalize, type Observable } from 'rxjs';

/** Measured steps of the pipeline. */
export type Stage = 'decode' | 'score' | 'decide' | 'explain' | 'rules' | 'commit';

/** Wraps steps of the pipeline to measure the time that each batch spends in them. */
export interface Timed {
  step<A, B>(stage: Stage, run: (batch: A) => B): (batch: A) => B;
  async<A, B>(stage: Stage, run: (batch: A) => Promise<B>): (batch: A) => Promise<B>;
  stream<A, B>(stage: Stage, run: (batch: A) => Observable<B>): (batch: A) => Observable<B>;
}

/**
 * Measures into `flowline_score_duration_seconds{stage}`. Waits count as time of their step;
 * failures count, too.
 */
export function createStageTimer(metrics: Pick<Metrics, 'scoreDuration'>, detector: string): Timed {
  const start = (stage: Stage): (() => void) => {
    const startedMs = performance.now();
    return () => metrics.scoreDuration.observe({ detector, stage }, (performance.now() - startedMs) / 1000);
  };
  return {
    step: (stage, run) => (batch) => {
      const stop = start(stage);
      try {
        return run(batch);
      } finally {
        stop();
      }
    },
    async: (stage, run) => async (batch) => {
      const stop = start(stage);
      try {
        return await run(batch);
      } finally {
        stop();
      }
    },
    stream: (stage, run) => (batch) => defer(() => run(batch).pipe(finalize(start(stage)))),
  };
}
