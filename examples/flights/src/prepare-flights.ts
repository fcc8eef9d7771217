import { fileURLToPath } from 'node:url';

import { Random } from '@flowline/flows';

import { type FlightEvent, injectFaults } from './faults.ts';
import { type Airport, type Flight, rowAtShare, sampleFlights } from './flights.ts';
import { readAirports, readFlights } from './read-flights.ts';

/** Path of the demo's detector file. */
export const detectorFile = fileURLToPath(new URL('../detector.yaml', import.meta.url));

/** Share of the time range that is history; the rest is replayed. */
const HISTORY_SHARE = 0.6;
const FAULT_SHARE = 0.01;

/** Flights to learn from, and later ones, some with a fault. */
export interface PreparedFlights {
  readonly history: readonly Flight[];
  readonly events: readonly FlightEvent[];
  readonly airports: readonly Airport[];
}

/** Draws the flights of a demo, deterministically by seed. */
export async function prepareFlights({
  historyRows,
  events,
  seed,
  say,
}: {
  readonly historyRows: number;
  readonly events: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}): Promise<PreparedFlights> {
  const airports = await readAirports();
  const flights = await readFlights(airports);
  const cut = rowAtShare(flights, HISTORY_SHARE);
  const random = new Random(seed);
  const history = sampleFlights(flights, 0, cut, historyRows, random.fork('history'));
  const later = sampleFlights(flights, cut, flights.size, events, random.fork('later'));
  say(
    `${count(flights.size)} flights of 2001: ${count(history.length)} up to ${day(history.at(-1)?.timeMs)} are history, ` +
      `${count(later.length)} after it will be replayed, ${percent(FAULT_SHARE)} of them with a fault.`,
  );
  return { history, events: injectFaults(later, FAULT_SHARE, flights.codes, random.fork('faults')), airports };
}

/** An event as a producer writes it, including its label. */
export function eventLine({ timeMs, injected, ...fields }: FlightEvent): string {
  const label = injected === null ? {} : { injected };
  return `${JSON.stringify({ ...fields, date: new Date(timeMs).toISOString(), ...label })}\n`;
}

const count = (value: number): string => value.toLocaleString('en-US');
const percent = (share: number): string => `${share * 100} %`;
const day = (timeMs: number | undefined): string => new Date(timeMs ?? NaN).toISOString().slice(0, 10);
