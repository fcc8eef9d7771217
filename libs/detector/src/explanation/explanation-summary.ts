import { type Contribution, type ExpectedRange, printable } from '@flowline/events';
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
}

/**
 * Summarises an explanation in one line: "latency_ms 9120, expected 95–420 given the rest (18.9
 * bits; the event 21.6)".
 */
export function summarise({ contribution, observed, expected, outOfDomain, pValue }: SummaryParts): string {
  const bits = formatBits(surpriseBits(pValue.p));
  const event = `the event ${pValue.method === 'floor' && pValue.p <= smallestPValue ? `at least ${bits}` : bits}`;
  if (contribution === null) return `no single feature stands out (${event} bits)`;
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
