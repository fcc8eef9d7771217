import { at } from '@flowline/events';
import type { SafeTensor } from '@flowline/flows';

import type { CalibratedTail, Calibration } from '../calibration/calibration.ts';
import type { CalibrationGroup, CalibrationSet, ContextSplit } from '../calibration/calibration-set.ts';
import { valueAt } from '../sorted.ts';
import {
  check,
  isAscending,
  isDescending,
  readFloat64,
  readList,
  readNumber,
  readNumbers,
  readObject,
  readPair,
  readText,
  readWhole,
  type Tensors,
} from './checked.ts';

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

/**
 * Calibrations of a model file, whose numbers and names may be anything.
 * @param contexts context features with levels, by which calibrations may be split.
 * @throws FlowlineError FLOWLINE_MODEL_CORRUPTED if a calibration is missing, or is none.
 */
export function loadedCalibrations(
  tensors: Tensors,
  { calibrations, patterns, splits = {}, missingNats = {} }: Unread<CalibrationManifest>,
  contexts: number,
): CalibrationSet {
  const all = new Map(Object.entries(readObject(calibrations, 'calibrations')));
  const parts = new Map(Object.entries(readObject(splits, 'splits')));
  const loaded = new Map<string, CalibrationGroup>();
  const named = (name: string, depth = 0): CalibrationGroup => {
    check(depth <= contexts, `splits.${name}`, 'has more parts than the model has contexts');
    const known = loaded.get(name);
    if (known !== undefined) return known;
    const group = { ...loadedCalibration(tensors, name, all.get(name)), split: splitOf(name, depth) };
    loaded.set(name, group);
    return group;
  };
  const splitOf = (name: string, depth: number): ContextSplit | null => {
    const split = parts.get(name);
    if (split === undefined) return null;
    const part = `splits.${name}`;
    const { context, levels } = readObject(split, part);
    const index = readWhole(context, `${part}.context`);
    check(index < contexts, `${part}.context`, 'is none of the model');
    const byLevel = readList(levels, `${part}.levels`, (pair, where) => {
      const [level, own] = readPair(pair, where);
      return [readText(level, where), named(readText(own, where), depth + 1)] as const;
    });
    return { context: index, byLevel: new Map(byLevel) };
  };
  const byPattern = readList(patterns, 'patterns', (pair, part) => {
    const [pattern, name] = readPair(pair, part);
    return [readWhole(pattern, part), named(readText(name, part))] as const;
  });
  return {
    pooled: named('pooled'),
    byPattern: new Map(byPattern),
    missingNats: readNumbers(missingNats, 'missingNats'),
  };
}

/** Part of a manifest as it is read: its values may be anything. */
type Unread<T> = { readonly [Key in keyof T]: unknown };

function loadedCalibration(tensors: Tensors, name: string, json: unknown): Calibration {
  const part = `calibrations.${name}`;
  const { rows: count, logUnit } = readObject(json, part);
  const rows = readWhole(count, `${part}.rows`, 1);
  const of = (numbers: string): Float64Array => readFloat64(tensors, `calibration/${name}/${numbers}`);
  const [scores, pValues] = [of('scores'), of('pValues')];
  check(scores.length > 0 && scores.every(Number.isFinite) && isAscending(scores), part, 'has no ascending scores');
  const isFalling = pValues.length === scores.length && isDescending(pValues);
  check(isFalling && at(pValues, 0) <= 1 && (pValues.at(-1) ?? 0) > 0, part, 'has no p-value per score');
  return { rows, scores, pValues, tail: logUnit === null ? null : loadedTail(part, of, logUnit) };
}

function loadedTail(part: string, of: (numbers: string) => Float64Array, logUnit: unknown): CalibratedTail {
  const [knots, logP, flat] = [of('knots'), of('logP'), of('laws')];
  // Far knots are infinite where the tail is very heavy.
  const isTail = knots.length >= 2 && Number.isFinite(knots[0]) && isAscending(knots);
  check(isTail && logP.length === knots.length, part, 'has a tail without ascending scores');
  check(isDescending(logP) && at(logP, 0) <= 0 && Number.isFinite(logP.at(-1)), part, 'has a tail without p-values');
  const laws = Array.from({ length: flat.length >> 1 }, (_, i) => ({
    shape: valueAt(flat, 2 * i),
    scale: valueAt(flat, 2 * i + 1),
  }));
  const areLaws = laws.every(({ shape, scale }) => Number.isFinite(shape) && scale > 0 && scale < Infinity);
  check(flat.length % 2 === 0 && areLaws, part, 'has a tail of no distribution');
  return { knots, logP, laws, logUnit: readNumber(logUnit, `${part}.logUnit`, 0) };
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
