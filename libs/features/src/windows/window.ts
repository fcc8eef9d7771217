import {
  type Expression,
  type FeatureSpec,
  FlowlineError,
  operandsOf,
  parseDurationMs,
  type WindowExpression,
  windowExpressions,
} from '@flowline/events';

import type { KnownPast } from './coverage.ts';
import type { Retention, Series, Slide } from './series.ts';
import { exactSum, extreme, ExtremeSlide, SumSlide } from './slide.ts';
import { windowId } from './window-values.ts';

/** One window of a schema: its operand, and the function from an entity's past to its value. */
export interface Window {
  readonly id: string;
  /** Operand whose value is remembered per event; null remembers only that the event occurred. */
  readonly of: Expression | null;
  readonly needs: Retention;
  /**
   * Value for an event at `timeMs`, from the values before it. NaN is a missing value: the value of
   * a window is missing unless its whole length was observed.
   */
  readonly valueFor: (series: Series, timeMs: number, known: KnownPast) => number;
}

/**
 * Windows of a schema, without duplicates, in order of first use. If a feature over a window is not
 * nullable (counts once were not), the window counts from where it began, since a missing value
 * would reject the event.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for a window over a window, or one without an
 * operand to compute.
 */
export function windowsOf(schema: readonly FeatureSpec[]): readonly Window[] {
  const found = new Map<string, Window>();
  for (const spec of schema) {
    for (const expression of windowExpressions(spec.from)) {
      const window = compileWindow(expression, spec.name, found.size);
      const known = found.get(window.id) ?? window;
      found.set(window.id, spec.nullable ? known : { ...known, valueFor: asIfWhole(known.valueFor) });
    }
  }
  return [...found.values()];
}

/**
 * Operands of windows without duplicates: a series of past values each. Null remembers only that
 * events occurred.
 */
export const seriesOf = (windows: readonly Window[]): readonly (Expression | null)[] => [
  ...new Map(windows.map(({ of }) => [JSON.stringify(of), of])).values(),
];

const WHOLE: KnownPast = { seenFromMs: -Infinity, isNew: true };

const asIfWhole =
  (valueFor: Window['valueFor']): Window['valueFor'] =>
  (series, timeMs) =>
    valueFor(series, timeMs, WHOLE);

/** @param slot number of the window, under which a series keeps the state of its statistic. */
function compileWindow(expression: WindowExpression, feature: string, slot: number): Window {
  const [of = null] = operandsOf(expression);
  if (of !== null && windowExpressions(of).length > 0) throw invalid(feature, 'has a window over a window');
  const id = windowId(expression);
  if ('lag' in expression) {
    const { events = 1 } = expression.lag;
    return {
      id,
      of,
      needs: { events, ms: 0 },
      valueFor: (series, timeMs) => {
        const position = series.position(timeMs) - events;
        return position < 0 ? NaN : series.valueAt(position);
      },
    };
  }
  const { statistic, over } = expression.rolling;
  if (of === null && statistic !== 'count') throw invalid(feature, `has a rolling ${statistic} of nothing`);
  const compute = statistics[statistic];
  if (typeof over === 'number') {
    return {
      id,
      of,
      needs: { events: over, ms: 0 },
      valueFor: (series, timeMs, { isNew }) => {
        const end = series.position(timeMs);
        return isNew || end >= over ? compute(series, Math.max(0, end - over), end, slot) : NaN;
      },
    };
  }
  const ms = parseDurationMs(over);
  if (ms === undefined) throw invalid(feature, `has a window over ${over}, which is no duration`);
  return {
    id,
    of,
    needs: { events: 0, ms },
    valueFor: (series, timeMs, { seenFromMs }) =>
      timeMs - ms >= seenFromMs ? compute(series, series.position(timeMs - ms), series.position(timeMs), slot) : NaN,
  };
}

/** Statistic of the values at positions start ≤ position < end, for the window of a slot. */
type Statistic = (series: Series, start: number, end: number, slot: number) => number;

/** Length up to which a window is folded at each event; a longer one slides. */
const FOLDED = 16;

/** Folds a short window, and slides a long one. Both give the same number. NaN for an empty one. */
const sliding =
  (fold: (series: Series, start: number, end: number) => number, make: () => Slide): Statistic =>
  (series, start, end, slot) => {
    if (start >= end) return NaN;
    return end - start <= FOLDED ? fold(series, start, end) : series.slide(slot, make).over(series, start, end);
  };

const extremeOf = (sign: 1 | -1): Statistic =>
  sliding(
    (series, start, end) => extreme(series, start, end, sign),
    () => new ExtremeSlide(sign),
  );

const sum = sliding(exactSum, () => new SumSlide());

const statistics = {
  mean: (series, start, end, slot) => sum(series, start, end, slot) / (end - start),
  min: extremeOf(-1),
  max: extremeOf(1),
  count: (_series, start, end) => end - start,
} as const satisfies Record<string, Statistic>;

function invalid(feature: string, finding: string): FlowlineError {
  return new FlowlineError('FLOWLINE_FEATURES_INVALID', `Feature ${feature} ${finding}.`, {
    where: `features.${feature}`,
    remedy: 'A window is over a field or a value derived from fields of one event; only a count may be of nothing.',
  });
}
