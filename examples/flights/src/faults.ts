import type { Random } from '@flowline/flows';

import type { Flight } from './flights.ts';

/** Kinds of faults in the demo's events, with their names in reports. */
export const faultKinds = {
  delaySeconds: 'delay in seconds',
  distanceKm: 'distance in km',
  wrongDestination: 'wrong destination',
} as const;
export type FaultKind = keyof typeof faultKinds;

/** A flight as an event. Its label travels with it and is not a feature. */
export interface FlightEvent extends Flight {
  readonly injected: FaultKind | null;
}

const SECONDS_PER_MINUTE = 60;
const KM_PER_MILE = 1.609344;
const kinds: readonly FaultKind[] = ['delaySeconds', 'distanceKm', 'wrongDestination'];

/**
 * Turns flights into events and injects faults: exactly the given share, evenly over the kinds, at
 * random positions. A fault always changes its event. A flight that a kind would not change (a
 * delay of 0 is 0 in seconds, too) is passed over.
 * @param airports codes from which a wrong destination is drawn.
 */
export function injectFaults(
  flights: readonly Flight[],
  share: number,
  airports: readonly string[],
  random: Random,
): FlightEvent[] {
  const events: FlightEvent[] = flights.map((flight) => ({ ...flight, injected: null }));
  const wanted = Math.round(flights.length * share);
  let injected = 0;
  for (const row of random.permutation(flights.length)) {
    if (injected === wanted) break;
    const flight = flights[row];
    const kind = kinds[injected % kinds.length];
    if (flight === undefined || kind === undefined) continue;
    const faulty = withFault(flight, kind, airports, random);
    if (faulty === null) continue;
    events[row] = { ...faulty, injected: kind };
    injected++;
  }
  return events;
}

function withFault(flight: Flight, kind: FaultKind, airports: readonly string[], random: Random): Flight | null {
  switch (kind) {
    case 'delaySeconds':
      return flight.delay === 0 ? null : { ...flight, delay: flight.delay * SECONDS_PER_MINUTE };
    case 'distanceKm':
      return { ...flight, distance: Math.round(flight.distance * KM_PER_MILE) };
    case 'wrongDestination': {
      const destination = airports[random.integer(airports.length)];
      const changes = destination !== undefined && destination !== flight.destination && destination !== flight.origin;
      return changes ? { ...flight, destination } : null;
    }
  }
}
