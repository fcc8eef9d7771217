import { advisedCalibrationRows } from '../calibration/calibration.ts';
import type { MovedFeature } from './moved-features.ts';
import { movedWords } from './moved-words.ts';
import type { TrainingData } from './recipe.ts';
import type { AlarmReport, CalibrationReport } from './training-report.ts';

/** Multiple of the requested rate from which events that always alarm are pointed out. */
const BEYOND = 2;

/**
 * Sentence on events that always raise an alarm, if they make the expected rate at least twice the
 * requested one; null if not.
 */
export function beyondAsked({ alpha, alwaysRate, expectedRate }: AlarmReport): string | null {
  if (expectedRate < BEYOND * alpha || alwaysRate === 0) return null;
  const times = Number((expectedRate / alpha).toPrecision(2));
  return `${percent(alwaysRate, 2)} of the events will always alarm, ${times} times the rate asked for in all`;
}

/** Warnings about the rows behind the p-values, one sentence each. */
export function calibrationWarnings(
  { alpha, data }: { readonly alpha: number; readonly data: TrainingData },
  { rows, hasTail, trimmedRows, trimmedShare, undefinedRows }: CalibrationReport,
  alarms: AlarmReport,
): readonly string[] {
  const { interval } = alarms;
  const shownAlpha = Number(alpha.toPrecision(3));
  const warnings: string[] = [];
  if (interval === null) {
    warnings.push(
      `No rate can be promised for alpha ${shownAlpha}: ${rows} calibration rows have no tail to fit. Only events far beyond all of them alarm.`,
    );
  } else if (rows < advisedCalibrationRows) {
    const range = `${interval.low.toPrecision(2)} and ${interval.high.toPrecision(2)}`;
    warnings.push(
      `Only ${rows} calibration rows (20,000 are good): for alpha ${shownAlpha} the realised alarm rate lies between ${range}.`,
    );
  }
  if (!hasTail) {
    warnings.push(
      `The calibration scores have no tail to fit: p-values end at 1/${rows + 1}, except for events far beyond them.`,
    );
  }
  if (data === 'unlabelled' && trimmedShare > alpha) {
    warnings.push(
      `${(100 * trimmedShare).toPrecision(2)} % of the calibration rows look like outliers and were left out: as many of the events will ` +
        'alarm. If the history is known to be normal, set training.data: clean.',
    );
  }
  if (data === 'clean' && trimmedRows > 0) {
    warnings.push(
      `${trimmedRows} calibration rows lie far apart from all training rows and were left out; events like them are anomalies.`,
    );
  }
  if (undefinedRows > 0) warnings.push(`${undefinedRows} calibration rows lie outside their domain and were left out.`);
  const beyond = beyondAsked(alarms);
  if (beyond !== null && data === 'clean') {
    warnings.push(
      `${beyond}: values like those left out are usual in this history. Make them null in the history query and in the events, ` +
        'with the feature under missing.nullable, or give the feature a type whose domain has them.',
    );
  }
  return warnings;
}

/**
 * Warnings about an alarm rate that deviates from the expected one, with the features that may
 * explain it.
 */
export function alarmWarnings(
  { verdict, expectedRate, measuredRate, testRows }: AlarmReport,
  moved: readonly MovedFeature[],
): readonly string[] {
  if (verdict === 'inside' || verdict === 'untested') return [];
  const because =
    moved.length === 0
      ? 'No feature moved by itself.'
      : `Since the training rows these moved, the farthest first: ${movedWords(moved)}.`;
  const rate = `${percent(measuredRate ?? 0)} of the ${testRows} newest rows alarm, ${percent(expectedRate)} were expected`;
  const finding =
    verdict === 'unclear'
      ? 'The alarm rate may not hold (the alarms come in bursts, which chance may explain)'
      : 'The alarm rate does not hold';
  return [`${finding}: ${rate}. ${because}`];
}

function percent(rate: number, digits = 3): string {
  return `${Number((100 * rate).toPrecision(digits))} %`;
}
