import type { Random } from '@flowline/flows';

import type { Flight } from './flights.ts';

/** What goes wrong in the demo's events, with the words for it. */
export const faultKinds = {
  delaySeconds: 'delay in seconds',
  distanceKm: 'distance in km',
  wrongDestination: 'wrong destination',
} as const;
export type FaultKind = keyof typeof faultKinds;

/** A flight as an event; the label rides along and is no feature. */
export interface FlightEvent extends Flight {
  readonly injected: FaultKind | null;
}

const SECONDS_PER_MINUTE = 60;
const KM_PER_MILE = 1.609344;
const kinds: readonly FaultKind[] = ['delaySeconds', 'distanceKm', 'wrongDestination'];

/**
 * Turns flights into events, a share of them faulty: exactly that share, as many of each kind, at random places. A fault always
 * changes its event (a delay of 0 is the same in seconds: such a flight gets another kind's turn later).
 * @param airports the codes from which a wrong destination is drawn.
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
