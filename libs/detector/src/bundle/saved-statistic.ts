import { type TestComponent, testComponents } from '@flowline/events';
import type { SafeTensor } from '@flowline/flows';

import type { CombinedStatistic, Statistic } from '../statistic/statistic.ts';
import { type CalibrationManifest, loadedCalibrations, savedCalibrations } from './saved-calibrations.ts';
import { loadedHistory, savedHistory } from './saved-history.ts';
import { loadedOutlying, type OutlyingManifest, savedOutlying } from './saved-outlying.ts';
import { unusable } from './unusable.ts';

/** Version of the section that this release writes and reads. */
const VERSION = 2;

/** Part of a bundle's manifest that describes its combined statistic. */
interface CombinedManifest {
  /** Absent in what the first release wrote. */
  readonly test?: 'combined';
  readonly version: number;
  readonly nearEnough: number;
  readonly components: readonly {
    readonly name: TestComponent;
    readonly share: number;
    readonly calibration: CalibrationManifest;
  }[];
}

/** Part of a bundle's manifest that describes its statistic. */
export type StatisticManifest = CombinedManifest | OutlyingManifest;

const MEANS = 'statistic/linear/means';
const WEIGHTS = 'statistic/linear/weights';

/** A statistic as tensors, and its part of the manifest. */
export function savedStatistic(statistic: Statistic): {
  readonly tensors: Readonly<Record<string, SafeTensor>>;
  readonly manifest: StatisticManifest;
} {
  return statistic.test === 'combined' ? savedCombined(statistic) : savedOutlying(statistic);
}

/** Statistic from its tensors and its part of the manifest. */
export function loadedStatistic(tensors: ReadonlyMap<string, SafeTensor>, manifest: StatisticManifest): Statistic {
  return manifest.test === 'outlying' ? loadedOutlying(tensors, manifest) : loadedCombined(tensors, manifest);
}

function savedCombined({ components, linear, history, nearEnough }: CombinedStatistic): {
  readonly tensors: Readonly<Record<string, SafeTensor>>;
  readonly manifest: CombinedManifest;
} {
  const { means, weights } = linear;
  const width = means.length;
  const tensors: Record<string, SafeTensor> = {
    [MEANS]: { dtype: 'F64', shape: [width], data: means },
    [WEIGHTS]: { dtype: 'F64', shape: [weights.length / width, width], data: weights },
  };
  if (history !== null) Object.assign(tensors, savedHistory(history));
  const saved = components.map(({ name, share, calibration }) => {
    const own = savedCalibrations(calibration);
    for (const [tensor, data] of Object.entries(own.tensors)) tensors[`${prefixOf(name)}${tensor}`] = data;
    return { name, share, calibration: own.manifest };
  });
  return { tensors, manifest: { version: VERSION, nearEnough, components: saved } };
}

/**
 * @throws FlowlineError FLOWLINE_MODEL_INCOMPATIBLE for another version or an unknown component,
 * FLOWLINE_MODEL_CORRUPTED if a part is missing.
 */
function loadedCombined(
  tensors: ReadonlyMap<string, SafeTensor>,
  { version, nearEnough, components }: CombinedManifest,
): CombinedStatistic {
  const unknown = components.find(({ name }) => !testComponents.includes(name));
  if (version !== VERSION || unknown !== undefined) {
    const found = unknown === undefined ? `version ${version}` : `the component ${unknown.name}`;
    throw unusable('FLOWLINE_MODEL_INCOMPATIBLE', `its combined statistic has ${found}, which this release lacks`);
  }
  return {
    test: 'combined',
    components: components.map(({ name, share, calibration }) => ({
      ...{ name, share },
      calibration: loadedCalibrations(within(tensors, prefixOf(name)), calibration),
    })),
    linear: { means: loadedNumbers(tensors, MEANS), weights: loadedNumbers(tensors, WEIGHTS) },
    nearEnough,
    history: components.some(({ name }) => name === 'distant') ? loadedHistory(tensors) : null,
  };
}

function loadedNumbers(tensors: ReadonlyMap<string, SafeTensor>, name: string): Float64Array {
  const data = tensors.get(name)?.data;
  if (!(data instanceof Float64Array)) throw unusable('FLOWLINE_MODEL_CORRUPTED', `it lacks ${name}`);
  return data;
}

const prefixOf = (name: TestComponent): string => `statistic/${name}/`;

/** Tensors under a prefix, without it. */
function within(tensors: ReadonlyMap<string, SafeTensor>, prefix: string): ReadonlyMap<string, SafeTensor> {
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}
