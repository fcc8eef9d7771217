import { at } from '@flowline/events';
import { Random } from '@flowline/flows';

/** Makes the JSON of event number `index`. */
export type EventMaker = (index: number, timeMs: number) => string;

/** A kind of detector and of stream. */
export interface Shape {
  readonly name: string;
  /** Features of the detector, one flow mapping of YAML each. */
  readonly features: readonly string[];
  /** Field that names the entity; null without windows. */
  readonly key: string | null;
  /** Entities that the events belong to in turn. */
  readonly entities: number;
  /** Events of a run at full size. */
  readonly events: number;
  /** Share of events that are anomalies. */
  readonly anomalies: number;
  /** `alerts.explainShare` of the detector; its default if absent. */
  readonly explainShare?: number;
  /** JSON members of an event besides its id, entity and time, each preceded by a comma. */
  readonly fields: (random: Random) => string;
}

/** Number of distinct events per run, which then repeat. */
const DIFFERENT_EVENTS = 16_384;
/** Distance of an anomaly from the mean, in standard deviations. */
const FAR = 12;

const numberFeatures = (d: number): string[] => Array.from({ length: d }, (_, j) => `{ name: x${j}, type: real }`);

const numberFields =
  (d: number) =>
  (random: Random): string => {
    const common = random.normal();
    return Array.from({ length: d }, (_, j) => `,"x${j}":${(0.6 * common + random.normal()).toFixed(6)}`).join('');
  };

const levelFeatures = (columns: number, levels: number): string[] => [
  ...numberFeatures(10 - columns),
  ...Array.from({ length: columns }, (_, j) => `{ name: l${j}, type: categorical, maxLevels: ${levels} }`),
];

const levelFields =
  (columns: number, levels: number) =>
  (random: Random): string =>
    numberFields(10 - columns)(random) +
    Array.from({ length: columns }, (_, j) => `,"l${j}":"level-${Math.floor(random.uniform() * levels)}"`).join('');

const unusedFields = (random: Random): string =>
  numberFields(10)(random) +
  Array.from({ length: 100 }, (_, j) => `,"unused${j}":${(random.normal() * 1e3).toFixed(4)}`).join('');

const lag = '{ name: x0_before, type: real, from: { lag: { of: x0, events: 1 } } }';
const rolling = (statistic: string): string =>
  `{ name: x0_${statistic}, type: real, from: { rolling: { of: x0, statistic: ${statistic}, over: 1h } } }`;

const plain = (d: number, events: number): Shape => ({
  name: `d${d}`,
  features: numberFeatures(d),
  key: null,
  entities: 1_000,
  events,
  anomalies: 0,
  fields: numberFields(d),
});
const windowed = (name: string, features: readonly string[], entities: number): Shape => ({
  ...plain(10, 300_000),
  name,
  features: [...numberFeatures(10), ...features],
  key: 'entity',
  entities,
});

/** Ten numbers and no windows: the shape that all others are compared with. */
export const tenNumbers: Shape = plain(10, 600_000);

/** Shapes of the benchmark. All rates are relative to the first one. */
export const shapes: readonly Shape[] = [
  tenNumbers,
  plain(64, 120_000),
  plain(256, 40_000),
  windowed('lag-90000-in-turn', [lag], 90_000),
  windowed('rolling-10000', [rolling('mean'), rolling('max')], 10_000),
  windowed('rolling-hot-entity', [rolling('mean'), rolling('max')], 1),
  { ...plain(10, 300_000), name: 'levels-5x3', features: levelFeatures(5, 3), fields: levelFields(5, 3) },
  { ...plain(10, 300_000), name: 'levels-5x200', features: levelFeatures(5, 200), fields: levelFields(5, 200) },
  { ...plain(10, 600_000), name: 'anomalies-1-percent', anomalies: 0.01 },
  { ...plain(10, 600_000), name: 'explained-1-percent', anomalies: 0.01, explainShare: 1 },
  { ...plain(10, 300_000), name: 'unused-100', fields: unusedFields },
];

/**
 * Creates a maker of a shape's events: an id, an entity, a time and its fields. Training rows come
 * from fewer events than a run has, and from fewer entities in proportion, so that each entity has
 * the same past. They hold no anomalies.
 */
export function eventsOf(
  shape: Shape,
  seed: number,
  entities = shape.entities,
  anomalies = shape.anomalies,
): EventMaker {
  const random = new Random(seed);
  const fields = Array.from({ length: DIFFERENT_EVENTS }, () => shape.fields(random));
  const every = anomalies === 0 ? Infinity : Math.round(1 / anomalies);
  return (index, timeMs) => {
    const own = at(fields, index % DIFFERENT_EVENTS);
    // A later member of the same name would be the one that counts: x1 is replaced, not repeated.
    const body = index % every === every - 1 ? own.replace(/,"x1":[^,]+/, `,"x1":${FAR + (index % 7)}`) : own;
    return `{"id":"event-${index}","entity":"shop-${index % entities}","ts":${timeMs}${body}}`;
  };
}
