import type { ExplainedEvent, FeatureDistribution, ReportData } from '@flowline/charts/report';
import {
  type BundleMetadata,
  type Detector,
  formatExpected,
  readableValue,
  type Scores,
  surpriseBits,
} from '@flowline/detector';
import { at, type Explanation } from '@flowline/events';
import { type FeatureTable, rowValues, selectRows } from '@flowline/features';
import { type FeatureFit, featureFit } from '@flowline/operations';

import { formatCount, formatNumber, plural } from '../output.ts';

/** Values of a row by feature. */
type Values = ReturnType<typeof rowValues>;

const MOST_EVENTS = 6;
const MOST_FEATURES = 8;
const MOST_DISTRIBUTIONS = 12;
const CELLS = 20;
/** Rows of the data, and events drawn, that are compared. */
const COMPARED = 2_000;

/** p-values as shares of cells, and as measured shares at or below powers of ten. */
export function pValueParts(pValues: Float64Array, of: string): NonNullable<ReportData['pValues']> {
  const counts = new Float64Array(CELLS);
  for (const p of pValues) addOne(counts, Math.floor(p * CELLS));
  const steps = Array.from({ length: 4 * Math.ceil(Math.log10(pValues.length)) + 1 }, (_, i) => -i / 4);
  const tail = steps.map((x) => ({ x, y: Math.log10(pValues.filter((p) => p <= 10 ** x).length / pValues.length) }));
  return {
    ...{ of, rows: pValues.length },
    shares: Array.from(counts, (count) => count / pValues.length),
    tail: tail.filter(({ y }) => Number.isFinite(y)).reverse(),
  };
}

/** Rows of a table by surprise, the most surprising first. */
export const bySurprise = ({ pValues, logDensityNats }: Scores): readonly number[] =>
  Array.from(pValues.keys()).sort(
    (a, b) => at(pValues, a) - at(pValues, b) || at(logDensityNats, a) - at(logDensityNats, b),
  );

/** The most surprising rows of a table, each explained. */
export const worstEvents = (detector: Detector, table: FeatureTable, scores: Scores, nameOf: NameOf) =>
  explainedEvents(detector, table, { scores, rows: bySurprise(scores), nameOf });

/** Name of a row. */
type NameOf = (row: number) => string;

/** The first of some rows of a table, each explained. */
export async function explainedEvents(
  detector: Detector,
  table: FeatureTable,
  {
    scores,
    rows: ordered,
    nameOf,
  }: { readonly scores: Scores; readonly rows: readonly number[]; readonly nameOf: NameOf },
): Promise<readonly ExplainedEvent[]> {
  const rows = ordered.slice(0, MOST_EVENTS);
  const explained = await detector.explain(table, rows, scores);
  return rows.map((row, i) => {
    const values = rowValues(detector.bundle.schema, table, row);
    const pValue = at(scores.pValues, row);
    const explanation = at(explained, i);
    return {
      name: nameOf(row),
      summary: explanation.summary,
      bits: surpriseBits(pValue),
      pValue,
      features: explainedFeatures(detector, values, explanation),
    };
  });
}

/** Columns that a model learnt, with their types. */
export const learntFeatures = ({ bundle }: Pick<Detector, 'bundle'>): ReportData['features'] =>
  bundle.schema.map(({ name, type, nullable, role }) => ({
    ...{ name, type },
    note: [role === 'context' ? 'context' : '', nullable ? 'may be missing' : '']
      .filter((note) => note !== '')
      .join(', '),
  }));

/** Figures of a model: the rows it was made from, its held-out likelihood and its threshold. */
export function modelFacts({ bundle, alpha }: Pick<Detector, 'bundle' | 'alpha'>): ReportData['facts'] {
  const { history, heldOut, data } = bundle.metadata;
  const nats =
    heldOut === null
      ? 'not measured'
      : `${formatNumber(heldOut.nllNats, 4)} ± ${formatNumber(heldOut.standardError, 2)} nats`;
  return [
    { name: 'trained on', value: `${formatCount(history.train.rows)} rows` },
    { name: 'calibrated on', value: `${formatCount(history.calibration.rows)} rows` },
    { name: 'history', value: data },
    { name: 'held-out −log p', value: nats },
    { name: 'alpha', value: formatNumber(alpha) },
  ];
}

/** A model in words: its families, the base of those that are flows, and its members. */
export const modelWords = ({ family, base, members }: Pick<BundleMetadata, 'base' | 'family' | 'members'>): string =>
  `A ${family}${base === undefined ? '' : ` over a ${base} base`} of ${plural(members, 'flow')}`;

function explainedFeatures(
  { bundle }: Detector,
  values: Values,
  { contributions, expected }: Explanation,
): ExplainedEvent['features'] {
  const specs = new Map(bundle.schema.map((spec) => [spec.name, spec]));
  return contributions.slice(0, MOST_FEATURES).map(({ feature, bits }) => {
    const range = Object.hasOwn(expected, feature) ? expected[feature] : undefined;
    const value = Object.hasOwn(values, feature) ? (values[feature] ?? null) : null;
    const isNumber = typeof value === 'number' && specs.get(feature)?.type !== 'cyclic';
    return {
      ...{ feature, bits, observedText: readableValue(specs.get(feature), value) },
      expectedText: range === undefined ? '' : formatExpected(range),
      observed: isNumber ? value : null,
      median: range === undefined || !isNumber ? null : range.median,
      ranges: range === undefined || !isNumber ? [] : (range.ranges ?? [{ low: range.p05, high: range.p95 }]),
    };
  });
}

/** Distributions of features in the data and in events drawn from the model. */
export async function distributions(detector: Detector, table: FeatureTable): Promise<readonly FeatureDistribution[]> {
  const { schema } = detector.bundle;
  const data = valuesOf(detector, selectRows(table, evenly(table.size, COMPARED)));
  const drawn = valuesOf(detector, await detector.sample({ count: COMPARED, seed: 1, given: {} }));
  return schema
    .filter(({ type }) => type !== 'cyclic')
    .map(({ name }) =>
      distributionOf(
        featureFit(
          name,
          data.map((row) => row[name] ?? null),
          drawn.map((row) => row[name] ?? null),
        ),
      ),
    )
    .sort((a, b) => b.distance - a.distance)
    .slice(0, MOST_DISTRIBUTIONS);
}

const distributionOf = ({ events, drawn, missing, ...rest }: FeatureFit): FeatureDistribution => ({
  ...{ ...rest, data: events, model: drawn },
  missing: { data: missing.events, model: missing.drawn },
});

/** Indices of at most so many rows, evenly spread. */
export function evenly(size: number, most: number): Int32Array {
  const step = Math.max(1, Math.ceil(size / most));
  return Int32Array.from({ length: Math.floor(size / step) }, (_, i) => i * step);
}

const valuesOf = ({ bundle }: Detector, table: FeatureTable): readonly Values[] =>
  Array.from({ length: table.size }, (_, row) => rowValues(bundle.schema, table, row));

/** Counts one in a cell; what lies beyond the cells is counted in the first or the last. */
function addOne(counts: Float64Array | number[], cell: number): void {
  const index = Math.max(0, Math.min(CELLS - 1, cell));
  counts[index] = at(counts, index) + 1;
}
