import type { DeferredAnomaly } from '@flowline/db';
import { at, type Explanation, messageOf } from '@flowline/events';
import { tableOfValues } from '@flowline/features';
import { type Logger, pause } from '@flowline/telemetry';

import type { ScoringDetector } from '../champion/champion.ts';
import type { ExplainingBudget } from './explaining-budget.ts';

/** The parts of a detector that explain. */
export type ExplainingDetector = Pick<ScoringDetector, 'bundle' | 'explain'>;

/** Anomalies that wait for their explanation, and the models that scored them. */
export interface DeferredExplanations {
  /**
   * Passes the oldest anomalies that wait to `explain` and stores what it resolves to; resolves to
   * their number.
   */
  readonly explainNext: (
    limit: number,
    explain: (anomalies: readonly DeferredAnomaly[]) => Promise<readonly Explanation[]>,
  ) => Promise<number>;
  /** Detector with the model of that version; null if it cannot be loaded any more. */
  readonly detector: (modelVersion: number) => Promise<ExplainingDetector | null>;
  /** Releases what is held; called once, at the end. */
  readonly close: () => void;
}

/** Anomalies per transaction: few, since their rows are locked meanwhile. */
const PAGE = 8;
/** Delay before the next look for anomalies that wait. */
const IDLE_MS = 5_000;
const FAILED_MS = 10_000;
/** Shares of the time while the stream has few anomalies, and while it has many. */
const QUIET_SHARE = 0.5;
const BUSY_SHARE = 0.05;

/**
 * Explains anomalies that were stored without their explanation, oldest first, until the signal: by
 * the model that scored them, half of the time while there is time, and a twentieth during an
 * incident.
 */
export async function explainLater(
  deferred: DeferredExplanations,
  budget: Pick<ExplainingBudget, 'isFull'>,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  let page = PAGE;
  while (!signal.aborted) {
    let waitMs = IDLE_MS;
    try {
      const startMs = performance.now();
      const explained = await deferred.explainNext(page, (anomalies) => explanationsOf(deferred, anomalies, logger));
      page = PAGE;
      const share = budget.isFull ? QUIET_SHARE : BUSY_SHARE;
      if (explained > 0) waitMs = (performance.now() - startMs) * (1 / share - 1);
    } catch (err) {
      waitMs = FAILED_MS;
      // A page that took too long, or that one anomaly spoils, is repeated in the smallest part.
      page = 1;
      logger.warn({ err, waitMs }, 'explanations wait: anomalies that were stored without one cannot be explained');
    }
    await pause(waitMs, signal);
  }
  deferred.close();
}

/** Explains anomalies in their order: those in a row of the same model version together. */
async function explanationsOf(
  deferred: DeferredExplanations,
  anomalies: readonly DeferredAnomaly[],
  logger: Logger,
): Promise<readonly Explanation[]> {
  const explanations: Explanation[] = [];
  while (explanations.length < anomalies.length) {
    const rest = anomalies.slice(explanations.length);
    const { modelVersion } = at(rest, 0);
    const others = rest.findIndex((each) => each.modelVersion !== modelVersion);
    const run = others < 0 ? rest : rest.slice(0, others);
    const detector = await deferred.detector(modelVersion);
    explanations.push(...(detector === null ? run.map(unloadable) : await explainedOrNot(detector, run, logger)));
  }
  return explanations;
}

/**
 * Explains anomalies together, or one by one if that fails: one that cannot be explained says why,
 * and does not hold up those after it.
 */
async function explainedOrNot(
  detector: ExplainingDetector,
  anomalies: readonly DeferredAnomaly[],
  logger: Logger,
): Promise<readonly Explanation[]> {
  try {
    return await explained(detector, anomalies);
  } catch (err) {
    if (anomalies.length > 1) {
      const alone: Explanation[] = [];
      for (const anomaly of anomalies) alone.push(...(await explainedOrNot(detector, [anomaly], logger)));
      return alone;
    }
    logger.warn({ err, anomalyId: anomalies[0]?.anomalyId }, 'an anomaly cannot be explained');
    return anomalies.map(() => unexplained(messageOf(err)));
  }
}

async function explained(
  detector: ExplainingDetector,
  anomalies: readonly DeferredAnomaly[],
): Promise<readonly Explanation[]> {
  const table = tableOfValues(
    detector.bundle.schema,
    anomalies.map(({ observed }) => observed),
  );
  const found = await detector.explain(table, [...anomalies.keys()], {
    pValues: Float64Array.from(anomalies, ({ pValue }) => pValue),
    pMethods: anomalies.map(({ pMethod }) => pMethod),
  });
  return anomalies.map((_, i) => at(found, i));
}

/** Stands for the explanation of an anomaly whose model is gone. */
function unloadable({ modelVersion }: DeferredAnomaly): Explanation {
  return unexplained(`model version ${modelVersion}, which scored it, cannot be loaded`);
}

function unexplained(reason: string): Explanation {
  return { contributions: [], expected: {}, nearestNormal: null, summary: `not explained: ${reason}` };
}
