import { readDefinition } from '@flowline/config';
import { type Database, getDetectorVersion, type StoredAnomaly } from '@flowline/db';
import { formatBits, formatExpected, readableValue } from '@flowline/detector';
import { at, type FeatureSpec, printable } from '@flowline/events';

import { formatNumber, formatTable, formatTime } from '../output.ts';
import { barsOf, hasTextCharts } from '../text-charts.ts';

/** Features of a detector version, by name. */
export type Features = ReadonlyMap<string, FeatureSpec>;

/** Features that each anomaly was scored by; empty if the version can no longer be read. */
export async function featuresOf(db: Database, anomalies: readonly StoredAnomaly[]): Promise<readonly Features[]> {
  const versions = new Map<string, Promise<Features>>();
  const read = async ({ detector, detectorVersion }: StoredAnomaly): Promise<Features> => {
    try {
      const { definition } = await getDetectorVersion(db, detector, detectorVersion);
      const { features } = readDefinition(definition, `${detector}, version ${detectorVersion}`);
      return new Map(features.map((spec) => [spec.name, spec]));
    } catch {
      return new Map();
    }
  };
  return Promise.all(
    anomalies.map((anomaly) => {
      const id = `${anomaly.detector} ${anomaly.detectorVersion}`;
      const found = versions.get(id) ?? read(anomaly);
      versions.set(id, found);
      return found;
    }),
  );
}

/**
 * Describes an anomaly with all its features, most surprising first: found, expected, and usual
 * nearby.
 */
export function explainAnomaly(anomaly: StoredAnomaly, features: Features): string {
  const { detector, eventId, eventTime, entity, surpriseBits, pValue, summary } = anomaly;
  const of = entity === null ? '' : `, of ${printable(entity)}`;
  return [
    `${formatTime(eventTime)}  ${detector}  event ${printable(eventId)}${of}: ${formatBits(surpriseBits)} bits, p-value ${formatNumber(pValue, 2)}`,
    `  ${summary}`,
    explanationTable(anomaly, features),
  ].join('\n');
}

/** Values of an event by feature, with what was expected of them. */
export type ExplainedValues = Pick<StoredAnomaly, 'observed' | 'expected' | 'contributions' | 'nearestNormal'>;

/** Formats the features of an event as an indented table, the most surprising first. */
export function explanationTable(
  { observed, expected, contributions, nearestNormal }: ExplainedValues,
  features: Features,
  hasBars: boolean = hasTextCharts(),
): string {
  const bits = new Map(contributions.map((each) => [each.feature, each.bits]));
  const names = [...new Set([...bits.keys(), ...Object.keys(observed)])];
  const bars = hasBars ? barsOf(names.map((name) => bits.get(name) ?? null)) : null;
  const rows = names.map((name, i) => {
    const spec = features.get(name);
    const range = own(expected, name);
    const surprise = bits.get(name);
    return [
      name,
      readableValue(spec, own(observed, name) ?? null),
      range === undefined ? '' : formatExpected(range),
      nearestNormal === null ? '' : readableValue(spec, own(nearestNormal, name) ?? null),
      surprise === undefined ? '' : formatBits(surprise),
      ...(bars === null ? [] : [at(bars, i)]),
    ];
  });
  const table = formatTable(
    ['feature', 'found', 'expected', 'closest usual', 'bits', ...(bars === null ? [] : [''])],
    rows,
  );
  return table.replace(/^/gm, '    ');
}

/** Value of a feature, which may have any name, `constructor` too. */
function own<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
