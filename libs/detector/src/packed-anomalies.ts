import {
  type Alert,
  type AnomalyBatch,
  type AnomalyReason,
  at,
  type FeatureSpec,
  type PValueMethod,
} from '@flowline/events';
import { type FeatureTable, isLevelFeature, rowValues } from '@flowline/features';

import { alertOf, anomalyReason, modelOf } from './alert.ts';
import type { ModelBundle } from './bundle/bundle.ts';
import type { Scores } from './scores.ts';

/** Rows of a scored batch, and what their alerts have in common. */
export interface PackedParts extends Pick<AnomalyBatch, 'detector' | 'detectorVersion' | 'modelVersion' | 'topic'> {
  readonly topicId: string | null;
  readonly partition: number;
  /** Threshold of the decision, of all rows or per row. */
  readonly alpha: number | Float64Array;
  readonly bundle: ModelBundle;
  readonly table: FeatureTable;
  readonly scores: Scores;
  readonly offsets: Float64Array;
  readonly eventIds: readonly string[];
  readonly eventTimesMs: Float64Array;
  /** The entity per row; null for a detector without a key. */
  readonly entities: readonly string[] | null;
}

/** Part of the packed form that is JSON; numbers follow it, column by column. */
interface Header extends Pick<
  PackedParts,
  'detector' | 'detectorVersion' | 'topic' | 'topicId' | 'partition' | 'eventIds' | 'entities'
> {
  /** Threshold of all anomalies, or one per anomaly. */
  readonly alpha: number | readonly number[];
  readonly model: Alert['model'];
  readonly features: readonly Pick<FeatureSpec, 'name' | 'type'>[];
  readonly reasons: readonly AnomalyReason[];
  readonly pMethods: readonly PValueMethod[];
  readonly levels: readonly (string | null)[];
}

/** Columns of one number per anomaly; the numeric features of all anomalies follow them. */
const COLUMNS = 4;

/**
 * Packs anomalies that are written out later, at a small part of the cost of their alerts. The form
 * is the length of a JSON header (uint32, little-endian), the header, and float64 columns: offsets,
 * event times, log-densities, p-values, and the numeric features row by row.
 */
export function packAnomalies(parts: PackedParts, rows: readonly number[]): Buffer {
  const { detector, detectorVersion, modelVersion, topic, topicId, partition, alpha, bundle, table, scores } = parts;
  const { eventIds, entities } = parts;
  const { numericWidth, levelWidth } = table;
  const header: Header = {
    ...{ detector, detectorVersion, topic, topicId, partition, model: modelOf(bundle, modelVersion) },
    alpha: typeof alpha === 'number' ? alpha : rows.map((row) => at(alpha, row)),
    features: bundle.schema.map(({ name, type }) => ({ name, type })),
    eventIds: rows.map((row) => at(eventIds, row)),
    entities: entities && rows.map((row) => at(entities, row)),
    reasons: rows.map((row) => anomalyReason(scores, row)),
    pMethods: rows.map((row) => at(scores.pMethods, row)),
    levels: rows.flatMap((row) => table.levels.slice(row * levelWidth, (row + 1) * levelWidth)),
  };
  const size = rows.length;
  const numbers = new Float64Array(size * (COLUMNS + numericWidth));
  rows.forEach((row, i) => {
    numbers[i] = at(parts.offsets, row);
    numbers[size + i] = at(parts.eventTimesMs, row);
    numbers[2 * size + i] = at(scores.logDensityNats, row);
    numbers[3 * size + i] = at(scores.pValues, row);
    const values = table.numeric.subarray(row * numericWidth, (row + 1) * numericWidth);
    numbers.set(values, COLUMNS * size + i * numericWidth);
  });
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, new Uint8Array(numbers.buffer)]);
}

/** Unpacks anomalies of {@link packAnomalies}, with the alerts that they would have had at once. */
export function unpackAnomalies(packed: Uint8Array): AnomalyBatch {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const end = 4 + bytes.readUInt32LE(0);
  const header = JSON.parse(bytes.toString('utf8', 4, end)) as Header;
  // Copied, because an array of float64 begins at a multiple of its bytes.
  const numbers = new Float64Array(Uint8Array.from(bytes.subarray(end)).buffer);
  const { detector, detectorVersion, topic, partition, alpha, model, features, reasons, eventIds, pMethods } = header;
  const size = eventIds.length;
  const column = (index: number): Float64Array => numbers.slice(index * size, (index + 1) * size);
  const [offsets, eventTimesMs, logDensityNats, pValues] = [column(0), column(1), column(2), column(3)];
  const levelWidth = features.filter(isLevelFeature).length;
  const numericWidth = features.length - levelWidth;
  const numeric = numbers.slice(COLUMNS * size);
  const table: FeatureTable = { size, numeric, numericWidth, levels: header.levels, levelWidth };
  return {
    ...{ detector, detectorVersion, modelVersion: model.version, topic, partition },
    ...{ size, offsets, eventIds, eventTimesMs, logDensityNats, pValues, pMethods },
    anomalies: reasons.map((reason, row) => ({
      row,
      reason,
      alert: alertOf({
        ...{ detector, reason, model, explanation: null },
        alpha: typeof alpha === 'number' ? alpha : at(alpha, row),
        ...{ pValue: at(pValues, row), pMethod: at(pMethods, row), logDensityNats: at(logDensityNats, row) },
        observed: rowValues(features, table, row),
        event: {
          ...{ topic, topicId: header.topicId, partition, offset: at(offsets, row), id: at(eventIds, row) },
          ...{ timeMs: at(eventTimesMs, row), entity: header.entities && at(header.entities, row) },
        },
      }),
    })),
  };
}
