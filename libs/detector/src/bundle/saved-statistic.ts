import { type TestComponent, testComponents } from '@flowline/events';
import type { SafeTensor } from '@flowline/flows';

import type { CombinedStatistic, Component, Statistic } from '../statistic/statistic.ts';
import { check, type ModelSizes, readFloat64, readList, readNumber, readObject, type Tensors } from './checked.ts';
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

/**
 * Statistic from its tensors and its part of the manifest, which may be anything.
 * @throws FlowlineError FLOWLINE_MODEL_CORRUPTED if it is none, FLOWLINE_MODEL_INCOMPATIBLE for one
 * of another version.
 */
export function loadedStatistic(tensors: Tensors, manifest: unknown, sizes: ModelSizes): Statistic {
  const parts = readObject(manifest, 'statistic');
  if (parts.test === 'outlying') return loadedOutlying(tensors, parts, sizes);
  check(parts.test === undefined || parts.test === 'combined', 'statistic.test', 'is unknown');
  return loadedCombined(tensors, parts, sizes);
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

function loadedCombined(
  tensors: Tensors,
  { version, nearEnough, components: list }: Readonly<Record<string, unknown>>,
  sizes: ModelSizes,
): CombinedStatistic {
  if (version !== VERSION) throw lacking(`version ${String(version)}`);
  const components = readList(list, 'statistic.components', (value, part) =>
    loadedComponent(tensors, value, part, sizes),
  );
  const names = new Set(components.map(({ name }) => name));
  const isWhole = names.size === components.length && names.has('low_density');
  check(isWhole, 'statistic.components', 'lacks low_density, or has a component twice');
  return {
    test: 'combined',
    components,
    linear: loadedLinear(tensors, sizes),
    nearEnough: readNumber(nearEnough, 'statistic.nearEnough', 0),
    history: names.has('distant') ? loadedHistory(tensors, sizes.width) : null,
  };
}

function loadedComponent(tensors: Tensors, value: unknown, part: string, { contexts }: ModelSizes): Component {
  const parts = readObject(value, part);
  const name = testComponents.find((component) => component === parts.name);
  if (name === undefined) throw lacking(`the component ${String(parts.name)}`);
  const share = readNumber(parts.share, `${part}.share`, Number.MIN_VALUE);
  check(share <= 1, `${part}.share`, 'is more than all');
  const { calibrations, patterns, ...more } = readObject(parts.calibration, `${part}.calibration`);
  const own = within(tensors, prefixOf(name));
  return { name, share, calibration: loadedCalibrations(own, { calibrations, patterns, ...more }, contexts) };
}

function loadedLinear(tensors: Tensors, { dimensions, width }: ModelSizes): CombinedStatistic['linear'] {
  const [means, weights] = [readFloat64(tensors, MEANS), readFloat64(tensors, WEIGHTS)];
  check(means.length === width && means.every(Number.isFinite), MEANS, 'is not one number per column');
  const isSquare = weights.length === dimensions * width && weights.every(Number.isFinite);
  check(isSquare, WEIGHTS, 'is not one number per dimension and column');
  return { means, weights };
}

/** Error of a statistic that this release does not have. */
const lacking = (found: string): Error =>
  unusable('FLOWLINE_MODEL_INCOMPATIBLE', `its combined statistic has ${found}, which this release lacks`);

const prefixOf = (name: TestComponent): string => `statistic/${name}/`;

/** Tensors under a prefix, without it. */
function within(tensors: Tensors, prefix: string): Tensors {
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}
