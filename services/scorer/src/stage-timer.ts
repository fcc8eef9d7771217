import type { Metrics } from '@flowline/telemetry';
import { defer, finalize, type Observable } from 'rxjs';

/** The steps of the pipeline that are measured. */
export type Stage = 'decode' | 'score' | 'decide' | 'explain' | 'commit';

/** Wraps steps of the pipeline so that the time of each batch in them is measured. */
export interface Timed {
  step<A, B>(stage: Stage, run: (batch: A) => B): (batch: A) => B;
  async<A, B>(stage: Stage, run: (batch: A) => Promise<B>): (batch: A) => Promise<B>;
  stream<A, B>(stage: Stage, run: (batch: A) => Observable<B>): (batch: A) => Observable<B>;
}

/** Measures into `flowline_score_duration_seconds{stage}`. Waits of a step count as its time; a failure counts too. */
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
