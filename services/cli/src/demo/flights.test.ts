import { beforeAll, describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';

import { type Airport, type FlightColumns, readAirports, readFlights, rowAtShare, sampleFlights } from './flights.ts';

describe('the flights of vega-datasets', () => {
  let airports: readonly Airport[];
  let flights: FlightColumns;
  beforeAll(async () => {
    airports = await readAirports();
    flights = await readFlights(airports);
  });

  it('are three million, in order of time, none skipped', () => {
    expect(flights.size).toBe(3_000_000);
    expect(flights.skipped).toBe(0);
    expect(flights.timeMs.every((time, row) => row === 0 || time >= flights.timeMs[row - 1]!)).toBe(true);
    expect(new Date(flights.timeMs[0]!).toISOString()).toBe('2001-01-01T00:01:00.000Z');
  });

  it('are sampled evenly over time, within their rows, the same for the same seed', () => {
    const cut = rowAtShare(flights, 0.6);
    expect(new Date(flights.timeMs[cut]!).toISOString()).toMatch(/^2001-04-19/);
    const sample = sampleFlights(flights, cut, flights.size, 5000, new Random(3));
    expect(sample).toHaveLength(5000);
    expect(sample[0]!.timeMs).toBeGreaterThanOrEqual(flights.timeMs[cut]!);
    for (let i = 1; i < sample.length; i++) expect(sample[i]!.timeMs).toBeGreaterThanOrEqual(sample[i - 1]!.timeMs);
    expect(new Set(sample.map((flight) => flight.id)).size).toBe(5000);
    expect(sampleFlights(flights, cut, flights.size, 5000, new Random(3))).toEqual(sample);
    const known = new Set(airports.map((airport) => airport.iata));
    expect(sample.every((flight) => known.has(flight.origin) && known.has(flight.destination))).toBe(true);
  });
});
