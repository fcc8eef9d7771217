import { isDeepStrictEqual } from 'node:util';

import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';

import { injectFaults } from './faults.ts';
import type { Flight } from './flights.ts';

const airports = ['ATL', 'SAV', 'LAX', 'ORD', 'SEA'];
const flights: Flight[] = Array.from({ length: 6000 }, (_, i) => ({
  id: `flight-${i}`,
  timeMs: i * 60_000,
  delay: (i % 41) - 20,
  distance: 100 + (i % 900),
  origin: airports[i % 5]!,
  destination: airports[(i + 1) % 5]!,
}));

describe('injectFaults', () => {
  const events = injectFaults(flights, 0.01, airports, new Random(7));

  it('makes exactly the share faulty, as many of each kind, and leaves the rest and the order alone', () => {
    const counts: Record<string, number> = {};
    for (const { injected } of events) if (injected !== null) counts[injected] = (counts[injected] ?? 0) + 1;
    const isOther = (event: unknown, i: number) => !isDeepStrictEqual(event, { ...flights[i], injected: null });
    expect(events.filter((event, i) => event.injected === null && isOther(event, i))).toEqual([]);
    expect(counts).toEqual({ delaySeconds: 20, distanceKm: 20, wrongDestination: 20 });
  });

  it('changes one field, as the kind says, and never nothing', () => {
    for (const [i, event] of events.entries()) {
      const { delay, distance, destination } = flights[i]!;
      if (event.injected === null) continue;
      const { injected, ...changed } = event;
      if (injected === 'delaySeconds') {
        expect(changed).toEqual({ ...flights[i], delay: delay * 60 });
        expect(changed.delay).not.toBe(delay);
      } else if (injected === 'distanceKm') {
        expect(changed).toEqual({ ...flights[i], distance: Math.round(distance * 1.609344) });
      } else {
        expect(changed).toEqual({ ...flights[i], destination: changed.destination });
        expect(changed.destination).not.toBe(destination);
        expect(changed.destination).not.toBe(changed.origin);
      }
    }
  });

  it('is the same for the same seed and another for another', () => {
    const again = (seed: number) => isDeepStrictEqual(injectFaults(flights, 0.01, airports, new Random(seed)), events);
    expect([again(7), again(8)]).toEqual([true, false]);
  });
});
