import type { SafeTensor } from '@flowline/flows';

import type { CalibrationGroup, CalibrationSet } from '../calibration/calibration-set.ts';
import type { Calibration } from '../calibration/calibration.ts';
import { valueAt } from '../sorted.ts';
import { unusable } from './unusable.ts';

/** Part of a bundle's manifest that describes its calibrations. */
export interface CalibrationManifest {
  /** Rows and log unit of each calibration by the name of its tensors. */
  readonly calibrations: Readonly<Record<string, { readonly rows: number; readonly logUnit: number | null }>>;
  /** Missing patterns that have a calibration, each with its name. */
  readonly patterns: readonly (readonly [pattern: number, calibration: string])[];
  /**
   * Calibrations by the level of a context feature, by the name of that of all levels; absent in
   * format version 1.
   */
  readonly splits?: Readonly<Record<string, SavedSplit>>;
  /** Mean log density of each nullable feature; absent in format version 1. */
  readonly missingNats?: CalibrationSet['missingNats'];
}

interface SavedSplit {
  /** Index among the context features with levels. */
  readonly context: number;
  readonly levels: readonly (readonly [level: string, calibration: string])[];
}

/** Calibrations as tensors, and their part of the manifest. */
export function savedCalibrations({ pooled, byPattern, missingNats }: CalibrationSet): {
  readonly tensors: Readonly<Record<string, SafeTensor>>;
  readonly manifest: CalibrationManifest;
} {
  const tensors: Record<string, SafeTensor> = {};
  const calibrations: Record<string, { rows: number; logUnit: number | null }> = {};
  const splits: Record<string, SavedSplit> = {};
  keep('pooled', pooled);
  const patterns = [...byPattern].map(
    ([pattern, own]) => [pattern, own === pooled ? 'pooled' : keep(`pattern${pattern}`, own)] as const,
  );
  return { tensors, manifest: { calibrations, patterns, splits, missingNats } };

  function keep(name: string, group: CalibrationGroup): string {
    Object.assign(tensors, calibrationTensors(name, group));
    calibrations[name] = { rows: group.rows, logUnit: group.tail?.logUnit ?? null };
    if (group.split !== null) {
      const { context, byLevel } = group.split;
      const levels = [...byLevel].map(([level, own], i) => [level, keep(`${name}.${i}`, own)] as const);
      splits[name] = { context, levels };
    }
    return name;
  }
}

/** @throws FlowlineError FLOWLINE_MODEL_CORRUPTED if a calibration is missing. */
export function loadedCalibrations(
  tensors: ReadonlyMap<string, SafeTensor>,
  { calibrations, patterns, splits = {}, missingNats = {} }: CalibrationManifest,
): CalibrationSet {
  const loaded = new Map<string, CalibrationGroup>();
  const named = (name: string): CalibrationGroup => {
    const known = loaded.get(name);
    if (known !== undefined) return known;
    const split = splits[name] ?? null;
    const group: CalibrationGroup = {
      ...calibrationNamed(name),
      split: split && {
        context: split.context,
        byLevel: new Map(split.levels.map(([level, own]) => [level, named(own)])),
      },
    };
    loaded.set(name, group);
    return group;
  };
  return {
    pooled: named('pooled'),
    byPattern: new Map(patterns.map(([pattern, name]) => [pattern, named(name)])),
    missingNats,
  };

  function calibrationNamed(name: string): Calibration {
    const found = calibrations[name];
    if (found === undefined) throw unusable('FLOWLINE_MODEL_CORRUPTED', `it lacks the calibration ${name}`);
    const of = (part: string): Float64Array => float64(tensors, `calibration/${name}/${part}`);
    const { rows, logUnit } = found;
    if (logUnit === null) return { rows, scores: of('scores'), pValues: of('pValues'), tail: null };
    const flat = of('laws');
    const laws = Array.from({ length: flat.length / 2 }, (_, i) => ({
      shape: valueAt(flat, 2 * i),
      scale: valueAt(flat, 2 * i + 1),
    }));
    const tail = { knots: of('knots'), logP: of('logP'), laws, logUnit };
    return { rows, scores: of('scores'), pValues: of('pValues'), tail };
  }
}

function calibrationTensors(name: string, { scores, pValues, tail }: Calibration): Record<string, SafeTensor> {
  const vector = (data: Float64Array): SafeTensor => ({ dtype: 'F64', shape: [data.length], data });
  const own = {
    [`calibration/${name}/scores`]: vector(scores),
    [`calibration/${name}/pValues`]: vector(pValues),
  };
  if (tail === null) return own;
  const laws = Float64Array.from(tail.laws.flatMap(({ shape, scale }) => [shape, scale]));
  return {
    ...own,
    [`calibration/${name}/knots`]: vector(tail.knots),
    [`calibration/${name}/logP`]: vector(tail.logP),
    [`calibration/${name}/laws`]: { dtype: 'F64', shape: [tail.laws.length, 2], data: laws },
  };
}

function float64(tensors: ReadonlyMap<string, SafeTensor>, name: string): Float64Array {
  const data = tensors.get(name)?.data;
  if (data instanceof Float64Array) return data;
  throw unusable('FLOWLINE_MODEL_CORRUPTED', `it lacks the numbers ${name}`);
}
