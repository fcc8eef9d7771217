import type { FeatureSampleRow } from '@flowline/db';
import { at, type FeatureSpec } from '@flowline/events';
import { isLevelFeature, tableColumns } from '@flowline/features';

import { rangeOf, type UsualRange } from './usual-ranges.ts';

/** Sampled values of a feature within an interval. */
export interface FeatureCell {
  /** Start of the interval. */
  readonly at: Date;
  /** Events of the sample, with those whose value is missing. */
  readonly events: number;
  readonly missing: number;
  /** Null if all values are missing. */
  readonly values: UsualRange | null;
}

/** Values of a feature over time, beside those that the model takes for usual. */
export interface FeatureTimeline {
  readonly feature: string;
  readonly type: string;
  /** Null of a feature that is not scored, and without a model. */
  readonly expected: UsualRange | null;
  /** Share of the values outside of the expected range, of which 0.1 is usual; null without one. */
  readonly outside: number | null;
  /** Intervals with events, in order. */
  readonly cells: readonly FeatureCell[];
}

/** Intervals of equal length from a time on. */
export interface Intervals {
  readonly from: Date;
  readonly lengthMs: number;
  readonly count: number;
}

/** Features of a detector: those in force, and those of the versions that the sample is of. */
export interface FeatureSchemas {
  readonly inForce: readonly FeatureSpec[];
  readonly byVersion: ReadonlyMap<number, readonly FeatureSpec[]>;
}

/** Share of the values that a model takes for usual which lie outside of the range. */
const USUALLY_OUTSIDE = 0.1;

/**
 * Sums a sample of events up to the values of each numeric feature by interval. Those whose values
 * lie outside of the expected range more or less often than usual come first. Features of other
 * versions count by their names; cyclic ones are times themselves, and are left out.
 */
export function featureTimelines(
  rows: readonly FeatureSampleRow[],
  schemas: FeatureSchemas,
  intervals: Intervals,
  usual: ReadonlyMap<string, UsualRange>,
): readonly FeatureTimeline[] {
  const columns = new Map([...schemas.byVersion].map(([version, schema]) => [version, tableColumns(schema).numeric]));
  const cellOf = ({ eventTime }: FeatureSampleRow): number =>
    Math.min(intervals.count - 1, Math.floor((eventTime.getTime() - intervals.from.getTime()) / intervals.lengthMs));
  const cells = rows.map(cellOf);
  const shown = schemas.inForce.filter((spec) => !isLevelFeature(spec) && spec.type !== 'cyclic');
  const timelines = shown.map(({ name, type }): FeatureTimeline => {
    const values = rows.map(({ detectorVersion, numbers }) => {
      const column = columns.get(detectorVersion)?.indexOf(name) ?? -1;
      return column < 0 ? undefined : (numbers.at(column) ?? null);
    });
    const expected = usual.get(name) ?? null;
    return {
      ...{ feature: name, type, expected, outside: outsideOf(values, expected) },
      cells: cellsOf(values, cells, intervals),
    };
  });
  return timelines.toSorted((a, b) => departure(b) - departure(a));
}

const departure = ({ outside }: FeatureTimeline): number =>
  outside === null ? -1 : Math.abs(outside - USUALLY_OUTSIDE);

/** Value of a feature: null if it is missing, undefined of an event that has no such feature. */
type Value = number | null | undefined;

function outsideOf(values: readonly Value[], expected: UsualRange | null): number | null {
  const known = values.filter((value) => value != null);
  if (expected === null || known.length === 0) return null;
  return known.filter((value) => value < expected.p05 || value > expected.p95).length / known.length;
}

function cellsOf(values: readonly Value[], cells: readonly number[], { from, lengthMs }: Intervals): FeatureCell[] {
  const byCell = new Map<number, (number | null)[]>();
  for (const [i, value] of values.entries()) {
    if (value === undefined) continue;
    const cell = at(cells, i);
    const own = byCell.get(cell) ?? [];
    own.push(value);
    byCell.set(cell, own);
  }
  return [...byCell]
    .toSorted(([a], [b]) => a - b)
    .map(([cell, own]) => {
      const known = own.filter((value) => value !== null);
      return {
        ...{ at: new Date(from.getTime() + cell * lengthMs), events: own.length, missing: own.length - known.length },
        values: rangeOf(Float64Array.from(known)),
      };
    });
}
