import type { EventValues, KnownFeature } from '../client/model-program.ts';

/** Feature whose values lie along an axis. */
export interface AxisFeature {
  readonly name: string;
  readonly isInteger: boolean;
  /** Period of a cyclic feature; null for a number. */
  readonly period: number | null;
  /** Increasing map from values to the scale of the axis, and its inverse. */
  readonly toScale: (value: number) => number;
  readonly fromScale: (at: number) => number;
  /** Values that the feature had in training. */
  readonly range: readonly [number, number];
}

/** Axis: a feature, and the part of its scale that is shown. */
export interface Axis {
  readonly feature: AxisFeature;
  readonly from: number;
  readonly to: number;
}

const identity = (value: number): number => value;

/** Features that an axis can show: numbers, on the scale of the model, and cycles. */
export function axisFeatures(features: readonly KnownFeature[]): readonly AxisFeature[] {
  return features.flatMap(({ spec: { name, type }, values }): readonly AxisFeature[] => {
    if (values.kind === 'number') {
      const { range, toEncoded, fromEncoded } = values;
      return [{ name, isInteger: type === 'integer', period: null, toScale: toEncoded, fromScale: fromEncoded, range }];
    }
    if (values.kind !== 'cycle') return [];
    const { period } = values;
    const toScale = (value: number): number => ((value % period) + period) % period;
    return [{ name, isInteger: false, period, toScale, fromScale: identity, range: [0, period] }];
  });
}

/** Share of the drawn values that lie beyond each end of an axis, at most. */
const BEYOND = 0.002;
/** Room beside the values, as a share of their extent. */
const ROOM = 0.12;
/** Distance from the values, in extents of them, up to which an axis reaches for a point. */
const REACH = 0.8;

/** Axis over the values that a feature has among events, and a point that is not too far out. */
export function axisOf(feature: AxisFeature, events: readonly EventValues[], point: EventValues): Axis {
  if (feature.period !== null) return { feature, from: 0, to: feature.period };
  const numbers = events.flatMap(({ [feature.name]: value }) => (typeof value === 'number' ? [value] : []));
  const places = (numbers.length === 0 ? feature.range : numbers).map(feature.toScale).sort((a, b) => a - b);
  const skipped = Math.floor(BEYOND * places.length);
  const [low = 0, high = 1] = [places.at(skipped), places.at(-1 - skipped)];
  const extent = high - low || 1;
  const given = point[feature.name];
  const at = typeof given === 'number' ? feature.toScale(given) : low;
  const reached = Math.min(high + REACH * extent, Math.max(low - REACH * extent, at));
  const [from, to] = [Math.min(low, reached), Math.max(high, reached)];
  const room = ROOM * (to - from || 1);
  return { feature, from: from - room, to: to + room };
}

/** Value at a share of the length of an axis, 0 to 1. */
export function valueAlong({ feature, from, to }: Axis, share: number): number {
  const value = feature.fromScale(from + share * (to - from));
  return feature.isInteger ? Math.round(value) : value;
}

/** Share of the length of an axis at which a value lies; below 0 or above 1 beyond its ends. */
export const shareOf = ({ feature, from, to }: Axis, value: number): number =>
  (feature.toScale(value) - from) / (to - from);

/** Labels of an axis, about. */
const LABELS = 5;
/** Distance of the middle value from the mean of the ends, as a share, in an even scale. */
const EVEN = 0.08;

/** Round values along an axis, with their places. The scale may be of any kind. */
export function axisTicks(axis: Axis): readonly { readonly value: number; readonly share: number }[] {
  const [low, middle, high] = [0, 0.5, 1].map((share) =>
    axis.feature.fromScale(axis.from + share * (axis.to - axis.from)),
  );
  if (low === undefined || middle === undefined || high === undefined || !(high > low)) return [];
  const isEven = Math.abs(middle - (low + high) / 2) <= EVEN * (high - low);
  const values = isEven ? multiples(low, high, stepOf(axis, high - low)) : unevenValues(axis);
  return values
    .map((value) => ({ value, share: shareOf(axis, value) }))
    .filter(({ share }) => share > 0.01 && share < 0.99);
}

/** Round step of an even scale; of a cycle, a part of it. */
function stepOf({ feature: { period } }: Axis, extent: number): number {
  if (period !== null) return period / (LABELS - 1);
  const power = 10 ** Math.floor(Math.log10(extent / LABELS));
  return ([1, 2, 5].find((factor) => extent / (factor * power) <= LABELS + 1.5) ?? 10) * power;
}

function multiples(low: number, high: number, step: number): readonly number[] {
  const first = Math.ceil(low / step);
  const count = Math.max(0, Math.floor(high / step) - first + 1);
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Round values near places that are evenly spaced on an uneven scale. */
function unevenValues(axis: Axis): readonly number[] {
  const values = Array.from({ length: LABELS }, (_, i) => {
    const share = (i + 0.5) / LABELS;
    const gap = valueAlong(axis, share + 0.25 / LABELS) - valueAlong(axis, share - 0.25 / LABELS);
    return roundedWithin(valueAlong(axis, share), gap);
  });
  return [...new Set(values)];
}

/** Roundest number within a gap around a value. */
function roundedWithin(value: number, gap: number): number {
  if (!(gap > 0)) return value;
  const power = 10 ** Math.floor(Math.log10(gap));
  const step = ([5, 2, 1].find((factor) => factor * power <= gap) ?? 1) * power;
  return Number((Math.round(value / step) * step).toPrecision(12));
}
