import { rankMethods } from '@flowline/evaluation';

import { mean } from '../support/statistics.ts';
import type { DetectionRow } from './measure.ts';

/** A method over all sets: means over the sets of the means over their seeds. */
export interface MethodSummary {
  readonly method: string;
  /** Sets that it could be fitted to. */
  readonly sets: number;
  readonly auroc: number;
  readonly averagePrecision: number;
  readonly recallAt1Percent: number;
  readonly seconds: number;
  /** Mean ranks over the sets that every method has, by AUROC and by average precision. */
  readonly rankByAuroc: number;
  readonly rankByPrecision: number;
}

/** Methods of one protocol, best mean rank first, and the difference of ranks that matters. */
export interface ProtocolSummary {
  readonly methods: readonly MethodSummary[];
  readonly rankedSets: number;
  readonly criticalDifference: number | null;
}

/** Measured values of a row. */
type Value = 'auroc' | 'averagePrecision' | 'recallAt1Percent' | 'seconds';

/** Sums up the rows of one protocol. */
export function summarise(rows: readonly DetectionRow[]): ProtocolSummary {
  const methods = [...new Set(rows.map(({ method }) => method))];
  const bySet = (value: Value) => new Map(methods.map((method) => [method, setMeans(rows, method, value)]));
  const [auroc, averagePrecision] = [bySet('auroc'), bySet('averagePrecision')];
  const [recall, seconds] = [bySet('recallAt1Percent'), bySet('seconds')];
  const byAuroc = rankMethods(auroc);
  const byPrecision = rankMethods(averagePrecision);
  const over = (sets: ReadonlyMap<string, ReadonlyMap<string, number>>, method: string): number =>
    mean([...(sets.get(method)?.values() ?? [])]);
  const summaries = methods.map((method) => ({
    ...{ method, sets: auroc.get(method)?.size ?? 0 },
    ...{ auroc: over(auroc, method), averagePrecision: over(averagePrecision, method) },
    ...{ recallAt1Percent: over(recall, method), seconds: over(seconds, method) },
    rankByAuroc: byAuroc.meanRanks.get(method) ?? NaN,
    rankByPrecision: byPrecision.meanRanks.get(method) ?? NaN,
  }));
  return {
    methods: summaries.sort((a, b) => a.rankByAuroc - b.rankByAuroc),
    rankedSets: byAuroc.data,
    criticalDifference: byAuroc.criticalDifference,
  };
}

/** Mean over the seeds, of each set. */
function setMeans(rows: readonly DetectionRow[], method: string, value: Value): ReadonlyMap<string, number> {
  const own = rows.filter((row) => row.method === method);
  const sets = [...new Set(own.map(({ data }) => data))];
  return new Map(sets.map((data) => [data, mean(own.filter((row) => row.data === data).map((row) => row[value]))]));
}
