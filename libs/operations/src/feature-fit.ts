import { at } from '@flowline/events';

/** Values of a feature; null is missing. */
export type Column = readonly (number | string | null)[];

/** Values of a feature in events, beside those that the model draws. */
export interface FeatureFit {
  readonly feature: string;
  /** Edges of the cells of a number; null of a level. */
  readonly edges: readonly number[] | null;
  /** Levels of a level feature, the most frequent first; empty for a number. */
  readonly levels: readonly string[];
  /** Shares of the events by cell or level, of those that have a value. */
  readonly events: readonly number[];
  readonly drawn: readonly number[];
  /** Shares of the events, and of those drawn, that have no value. */
  readonly missing: { readonly events: number; readonly drawn: number };
  /** Largest difference of the CDFs of a number; half the summed differences of a level. */
  readonly distance: number;
}

const CELLS = 24;
const MOST_LEVELS = 8;
/** Share of the values beyond each end of the cells, which count in the outermost. */
const BEYOND = 0.005;

/** Compares the values of a feature in events with those that a model draws. */
export function featureFit(feature: string, events: Column, drawn: Column): FeatureFit {
  const isNumber = [...events, ...drawn].some((value) => typeof value === 'number');
  const values = isNumber ? numberFit(events, drawn) : levelFit(events, drawn);
  return { feature, ...values, missing: { events: missingOf(events), drawn: missingOf(drawn) } };
}

type ValueFit = Omit<FeatureFit, 'feature' | 'missing'>;

const missingOf = (column: Column): number =>
  column.filter((value) => value === null).length / Math.max(1, column.length);

const numbersOf = (column: Column): number[] => column.filter((value) => typeof value === 'number');

function numberFit(events: Column, drawn: Column): ValueFit {
  const all = [...numbersOf(events), ...numbersOf(drawn)].sort((a, b) => a - b);
  const skipped = Math.floor(BEYOND * all.length);
  const [low, high] = [at(all, skipped), at(all, all.length - 1 - skipped)];
  const width = (high - low || 1) / CELLS;
  const shares = (column: Column): number[] => {
    const values = numbersOf(column);
    const counts = new Array<number>(CELLS).fill(0);
    for (const value of values) {
      const cell = Math.max(0, Math.min(CELLS - 1, Math.floor((value - low) / width)));
      counts[cell] = at(counts, cell) + 1;
    }
    return counts.map((count) => count / Math.max(1, values.length));
  };
  const [own, model] = [shares(events), shares(drawn)];
  let difference = 0;
  const distance = Math.max(...own.map((share, i) => Math.abs((difference += share - at(model, i)))));
  const edges = Array.from({ length: CELLS + 1 }, (_, i) => low + i * width);
  return { edges, levels: [], events: own, drawn: model, distance };
}

function levelFit(events: Column, drawn: Column): ValueFit {
  const textsOf = (column: Column): string[] => column.filter((value) => typeof value === 'string');
  const counts = new Map<string, number>();
  for (const level of [...textsOf(events), ...textsOf(drawn)]) counts.set(level, (counts.get(level) ?? 0) + 1);
  const levels = [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_LEVELS)
    .map(([level]) => level);
  const shares = (column: Column): number[] => {
    const texts = textsOf(column);
    return levels.map((level) => texts.filter((text) => text === level).length / Math.max(1, texts.length));
  };
  const [own, model] = [shares(events), shares(drawn)];
  const distance = own.reduce((sum, share, i) => sum + Math.abs(share - at(model, i)) / 2, 0);
  return { edges: null, levels, events: own, drawn: model, distance };
}
