import type { Logger, Metrics } from '@flowline/telemetry';

import { ChampionHolder, type ChampionLoader } from './champion-holder.ts';
import type { Champion } from './champion.ts';
import { setModelGauges } from '../metrics/batch-metrics.ts';
import type { RunStatus } from '../metrics/run-status.ts';
import type { ScoringReporter } from '../metrics/scoring-reporter.ts';

/** Run that holds a champion, and everything that is told of its models. */
export interface HolderParts {
  readonly name: string;
  readonly loader: ChampionLoader;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly status: RunStatus;
  readonly reporter: ScoringReporter;
  /** Interval between checks for a new champion. */
  readonly pollMs?: number;
}

/** Creates a holder whose models are logged, measured, reported and part of the run's health. */
export function createObservedHolder({
  name,
  loader,
  metrics,
  logger,
  status,
  reporter,
  pollMs,
}: HolderParts): ChampionHolder {
  return new ChampionHolder({
    loader,
    logger,
    ...(pollMs === undefined ? {} : { pollMs }),
    onModel: (model, replaced) => {
      setModelGauges(metrics, model, replaced);
      reporter.scores(model);
      status.uses(model);
      const event =
        replaced === undefined ? 'scoring begins' : `model swapped: version ${replaced.modelVersion} is retired`;
      logger.info(logFields(model), event);
    },
    onGone: () => {
      reporter.waits();
      status.gone();
    },
    onRejected: (version, error) => {
      metrics.modelSwaps.inc({ detector: name, outcome: 'rejected' });
      reporter.rejected(version, error);
      status.rejects(version, error);
    },
  });
}

const logFields = ({ modelVersion, detectorVersion, detector, fdr, alphaNote, computeDecidedBy }: Champion) => ({
  modelVersion,
  detectorVersion,
  ...(fdr === null ? { alpha: detector.alpha } : { fdr }),
  alphaNote,
  backend: detector.compute.backend,
  reason: detector.compute.reason,
  decidedBy: computeDecidedBy,
});
