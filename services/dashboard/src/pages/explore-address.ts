import type { Item } from '../client/call.ts';

type Anomaly = Pick<Item<'GET /v1/anomalies'>, 'detector' | 'modelVersion' | 'observed' | 'contributions'>;

/** Address of the explorer at the values of an anomaly, over its two most surprising features. */
export function exploreAddress({ detector, modelVersion, observed, contributions }: Anomaly): string {
  const numbers = contributions.map(({ feature }) => feature).filter((name) => typeof observed[name] === 'number');
  const query = new URLSearchParams({ model: String(modelVersion), at: JSON.stringify(observed) });
  for (const [i, axis] of ['x', 'y'].entries()) {
    const feature = numbers.at(i);
    if (feature !== undefined) query.set(axis, feature);
  }
  return `/detectors/${detector}/explorer?${query.toString()}`;
}
