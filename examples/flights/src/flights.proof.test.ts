import { beforeAll, describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';

import { type Airport, type FlightColumns, rowAtShare, sampleFlights } from './flights.ts';
import { readAirports, readFlights } from './read-flights.ts';

describe('the flights of vega-datasets', () => {
  let airports: readonly Airport[];
  let flights: FlightColumns;
  beforeAll(async () => {
    airports = await readAirports();
    flights = await readFlights(airports, 1);
  });

  it('are in order of time, each between two airports that are known, none skipped', () => {
    expect(flights.size).toBe(272_727);
    expect(flights.skipped).toBe(0);
    let disorder = 0;
    for (let row = 1; row < flights.size; row++) if (flights.timeMs[row]! < flights.timeMs[row - 1]!) disorder++;
    expect(disorder).toBe(0);
    const known = new Set(airports.map((airport) => airport.iata));
    expect(flights.codes.filter((code) => !known.has(code))).toEqual([]);
    const [first] = sampleFlights(flights, 0, 1, 1, new Random(1));
    expect(first).toEqual({
      id: 'flight-0',
      timeMs: Date.UTC(2001, 0, 1, 0, 1),
      delay: 33,
      distance: 2176,
      origin: 'LAS',
      destination: 'PHL',
    });
  });

  it('are cut by time and sampled evenly, the same for the same seed', () => {
    const cut = rowAtShare(flights, 0.6);
    const cutMs = flights.timeMs[0]! + 0.6 * (flights.timeMs[flights.size - 1]! - flights.timeMs[0]!);
    expect(flights.timeMs[cut]).toBeGreaterThanOrEqual(cutMs);
    expect(flights.timeMs[cut - 1]).toBeLessThan(cutMs);
    const sample = sampleFlights(flights, cut, flights.size, 5000, new Random(3));
    expect(sample).toHaveLength(5000);
    expect(sample[0]!.timeMs).toBeGreaterThanOrEqual(cutMs);
    const times = sample.map((flight) => flight.timeMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(sample.map((flight) => flight.id)).size).toBe(5000);
    expect(sampleFlights(flights, cut, flights.size, 5000, new Random(3))).toEqual(sample);
    expect(sampleFlights(flights, cut, flights.size, 5000, new Random(4))).not.toEqual(sample);
  });
});
