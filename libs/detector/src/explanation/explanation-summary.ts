import { type Contribution, type ExpectedRange, printable, type TestComponent } from '@flowline/events';
import type { PValue } from '../calibration/calibration.ts';
import { smallestPValue } from '../calibration/calibration.ts';
import { formatBits, formatExpected } from './format-number.ts';
import { readableValue } from './readable-value.ts';
import { surpriseBits } from '../scores.ts';

/** Parts of a summary. */
export interface SummaryParts {
  /** Most surprising feature; null if none stands out. */
  readonly contribution: Contribution | null;
  readonly observed: number | string | null;
  readonly expected: ExpectedRange | null;
  readonly outOfDomain: boolean;
  readonly pValue: PValue;
  /** Component of the test that raised it. */
  readonly raisedBy: TestComponent;
}

/** Components in words; a low density needs none. */
const componentWords: Readonly<Record<TestComponent, string | null>> = {
  low_density: null,
  high_density: 'all values are closer to those expected than in normal events',
  extreme_latent: 'the combination of its values is extreme',
  extreme_value: 'one value is extreme given the others',
  distant: 'few rows of the history are near',
};

/**
 * Summarises an explanation in one line: "latency_ms 9120, expected 95–420 given the rest (18.9
 * bits; the event 21.6)".
 */
export function summarise(parts: SummaryParts): string {
  const { contribution, observed, expected, outOfDomain, pValue, raisedBy } = parts;
  const bits = formatBits(surpriseBits(pValue.p));
  const words = outOfDomain ? null : componentWords[raisedBy];
  const surprise = pValue.method === 'floor' && pValue.p <= smallestPValue ? `at least ${bits}` : bits;
  // No value is to blame for values that are all too close to those expected.
  if (words !== null && raisedBy === 'high_density') return `${words} (the event ${surprise} bits)`;
  const event = words === null ? `the event ${surprise}` : `the event ${surprise}: ${words}`;
  if (contribution === null) return `no single feature stands out (${words === null ? `${event} bits` : event})`;
  const start = `${printable(contribution.feature)} ${readableValue(undefined, observed)}`;
  if (outOfDomain) return `${start}, outside its domain${range(', expected ')} (${event} bits)`;
  const own = `${formatBits(contribution.bits)} bits`;
  if (contribution.direction === 'unlikely' && expected === null) return `${start}, unlikely (${own}; ${event})`;
  return `${start}${range(', expected ')} given the rest (${own}; ${event})`;

  function range(before: string): string {
    if (expected === null) return '';
    return `${before}${formatExpected(expected)}`;
  }
}
