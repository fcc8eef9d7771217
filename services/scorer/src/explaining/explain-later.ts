import type { DeferredAnomaly, ExplainedPage } from '@flowline/db';
import { at, type Explanation, messageOf, testComponents, type Unexplained } from '@flowline/events';
import { tableOfValues } from '@flowline/features';
import { type Logger, pause } from '@flowline/telemetry';

import type { ScoringDetector } from '../champion/champion.ts';
import type { ExplainingBudget } from './explaining-budget.ts';
import type { WorkSignal } from './work-signal.ts';

/** The parts of a detector that explain. */
export type ExplainingDetector = Pick<ScoringDetector, 'bundle' | 'explain'>;

/** Anomalies that wait for their explanation, and the models that scored them. */
export interface DeferredExplanations {
  /**
   * Passes anomalies that wait to `explain`, first those for which messages wait, and stores what
   * it resolves to.
   */
  readonly explainNext: (
    limit: number,
    explain: (anomalies: readonly DeferredAnomaly[]) => Promise<readonly (Explanation | Unexplained)[]>,
  ) => Promise<ExplainedPage>;
  /** Detector with the model of that version; null if it cannot be loaded any more. */
  readonly detector: (modelVersion: number) => Promise<ExplainingDetector | null>;
  /** Releases what is held; called once, at the end. */
  readonly close: () => void;
}

/** Anomalies per transaction: few, since their rows are locked meanwhile. */
const PAGE = 8;
/** Longest delay before the next look: another process may have left anomalies that wait. */
const IDLE_MS = 5_000;
const FAILED_MS = 10_000;
/** Longest pause after a page: one that had to load its model leaves no message unexplained. */
const MAX_PAUSE_MS = 10_000;
/**
 * Shares of the time: while the stream has few anomalies, while it has many, and then for those for
 * which messages wait, of which storms leave few.
 */
const QUIET_SHARE = 0.5;
const BUSY_SHARE = 0.05;
const AWAITED_SHARE = 0.25;

/** Bounds of the time for explanations that follow, and the signal that there are some to find. */
export interface ExplainingPace {
  readonly budget: Pick<ExplainingBudget, 'isFull'>;
  readonly work: Pick<WorkSignal, 'wait'>;
}

/**
 * Explains anomalies that were stored without their explanation, until the signal, by the model
 * that scored them: first those for which messages wait, then the others, oldest first. Takes half
 * of the time while there is time; during an incident a twentieth, or a quarter while messages
 * wait.
 */
export async function explainLater(
  deferred: DeferredExplanations,
  { budget, work }: ExplainingPace,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  let page = PAGE;
  while (!signal.aborted) {
    const startMs = performance.now();
    try {
      const { explained, wereAwaited } = await deferred.explainNext(page, (anomalies) =>
        explanationsOf(deferred, anomalies, logger),
      );
      page = PAGE;
      if (explained === 0) {
        await work.wait(IDLE_MS, signal);
        continue;
      }
      const share = budget.isFull ? QUIET_SHARE : wereAwaited ? AWAITED_SHARE : BUSY_SHARE;
      await pause(Math.min(MAX_PAUSE_MS, (performance.now() - startMs) * (1 / share - 1)), signal);
    } catch (err) {
      // A page that took too long, or that one anomaly spoils, is repeated in the smallest part.
      page = 1;
      logger.warn(
        { err, waitMs: FAILED_MS },
        'explanations wait: anomalies that were stored without one cannot be explained',
      );
      await pause(FAILED_MS, signal);
    }
  }
  deferred.close();
}

/** Explains anomalies in their order: those in a row of the same model version together. */
async function explanationsOf(
  deferred: DeferredExplanations,
  anomalies: readonly DeferredAnomaly[],
  logger: Logger,
): Promise<readonly (Explanation | Unexplained)[]> {
  const explanations: (Explanation | Unexplained)[] = [];
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
): Promise<readonly (Explanation | Unexplained)[]> {
  try {
    return await explained(detector, anomalies);
  } catch (err) {
    if (anomalies.length > 1) {
      const alone: (Explanation | Unexplained)[] = [];
      for (const anomaly of anomalies) alone.push(...(await explainedOrNot(detector, [anomaly], logger)));
      return alone;
    }
    logger.warn({ err, anomalyId: anomalies[0]?.anomalyId }, 'an anomaly cannot be explained');
    return anomalies.map(() => ({ explanationError: messageOf(err) }));
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
    // Of a value outside its domain, the explanation says so by itself.
    raisedBy: Uint8Array.from(anomalies, ({ reason }) =>
      Math.max(
        0,
        testComponents.findIndex((component) => component === reason),
      ),
    ),
  });
  return anomalies.map((_, i) => at(found, i));
}

/** Stands for the explanation of an anomaly whose model is gone. */
function unloadable({ modelVersion }: DeferredAnomaly): Unexplained {
  return { explanationError: `model version ${modelVersion}, which scored it, cannot be loaded` };
}
